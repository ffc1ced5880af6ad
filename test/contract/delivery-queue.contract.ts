import { beforeEach, expect, it } from '@jest/globals';
import type { LedgerDatabase } from '@sundial/ledger';
import type { DeliveryStore } from '../../libs/ledger/src/deliveries/delivery-store.js';
import { type DeliveryTables, migrationsFor } from '../../libs/ledger/src/deliveries/delivery-tables.js';
import type { OutgoingEvent } from '../../libs/ledger/src/deliveries/outgoing-event.js';

const URL = 'https://hooks.example.org/x';
let next = 0;
const event = (of: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  ...{ id: `q${++next}`, type: 'threshold', at: Date.UTC(2026, 10, 27, 12), subject: 'ocr?user=u1' },
  ...{ resource: 'ocr', rule: 'r1', data: { used: 8 }, ...of },
});

/** What is to be delivered, on both databases alike: in order, by one node at a time, again, and for a day. */
export function deliveryQueueContract(
  open: () => Promise<DeliveryStore>,
  databaseOf: () => LedgerDatabase,
): void {
  let store: DeliveryStore;
  beforeEach(async () => void (store = await open()));
  const aWebhook = async (of = {}) => (await store.webhooks.create({ url: URL, ...of }, 'ops'))!.webhook.id;
  const claim = (id: string, { node = 'a', limit = 10, leaseMs = 60_000 } = {}) =>
    store.queue.claim(id, { node, limit, leaseMs });
  const names = (claimed: readonly { eventId: string }[]) => claimed.map(({ eventId }) => eventId);

  /** As if it had been queued, and finished where it is, 25 hours before. */
  const age = async (id: number) => {
    const db = await databaseOf().open<DeliveryTables>('deliveries', migrationsFor(databaseOf().kind));
    await db
      .updateTable('deliveries')
      .set(({ eb, ref }) => ({
        created_at: eb(ref('created_at'), '-', 90_000_000),
        finished_at: eb(ref('finished_at'), '-', 90_000_000),
      }))
      .where('id', '=', id)
      .execute();
  };

  it('queues an event for the webhooks that want it and are turned on', async () => {
    const [all, sms, limits, off, ofRule] = [
      await aWebhook(),
      await aWebhook({ filter: { resource: 'sms' } }),
      await aWebhook({ filter: { types: ['limit-reached'], rule: 'r1' } }),
      await aWebhook({ enabled: false }),
      await aWebhook({ filter: { rule: 'r2' } }),
    ];
    const [one, other] = [event(), event({ type: 'limit-reached' })];
    await store.events.append([one, other]);
    expect(await store.queue.due()).toEqual(expect.arrayContaining([all, limits]));
    expect(names(await claim(all!))).toEqual([one.id]);
    expect(names(await claim(limits!))).toEqual([other.id]);
    expect([...(await claim(sms!)), ...(await claim(off!)), ...(await claim(ofRule!))]).toEqual([]);
    await store.events.append([event({ subject: 'ocr?user=u2' })]);
    expect(await store.queue.due()).toContain(all);
    await store.webhooks.replace(all!, { url: URL, enabled: false });
    expect(await store.queue.due()).not.toContain(all);
  });

  it('gives the next event of a subject when the one before is delivered, and other subjects at once', async () => {
    const id = await aWebhook();
    const [first, second, elsewhere] = [event(), event(), event({ subject: 'ocr?user=u2' })];
    await store.events.append([first, second, elsewhere]);
    const claimed = await claim(id);
    expect(names(claimed)).toEqual([first.id, elsewhere.id]);
    expect(JSON.parse(claimed[0]!.body)).toMatchObject({ id: first.id });
    expect(await claim(id)).toEqual([]);
    await store.queue.delivered(claimed[0]!.id, 'a', 204);
    expect(names(await claim(id))).toEqual([second.id]);
  });

  it('tries a failed one again after its delay, before those behind it', async () => {
    const id = await aWebhook();
    const [first, second] = [event(), event()];
    await store.events.append([first, second]);
    const [claimed] = await claim(id);
    await store.queue.failed(claimed!.id, 'a', { status: 500, error: 'answered 500' }, 60_000);
    expect(await claim(id)).toEqual([]);
    await store.queue.hurry(id);
    const again = await claim(id);
    expect(again).toMatchObject([{ eventId: first.id, attempts: 2 }]);
    const [shown] = (await store.queue.list({ webhookId: id, limit: 9 })).slice(-1);
    expect(shown).toMatchObject({
      state: 'pending',
      attempts: 2,
      lastStatus: 500,
      lastError: 'answered 500',
    });
  });

  it('lets another node take what a killed one had claimed, and ignores what that says later', async () => {
    const id = await aWebhook();
    const one = event();
    await store.events.append([one]);
    const [lost] = await claim(id, { node: 'killed', leaseMs: 0 });
    const [taken] = await claim(id, { node: 'b' });
    expect(taken!.id).toBe(lost!.id);
    await store.queue.died(lost!.id, 'killed', { error: 'too late' });
    await store.queue.failed(lost!.id, 'killed', { error: 'too late' }, 0);
    expect(await claim(id, { node: 'c' })).toEqual([]);
    expect(await store.queue.list({ webhookId: id, limit: 9 })).toMatchObject([{ state: 'pending' }]);
  });

  it('lists dead letters, lets those behind go on, and sends one again', async () => {
    const id = await aWebhook();
    const [first, second] = [event(), event()];
    await store.events.append([first, second]);
    const [claimed] = await claim(id);
    await store.queue.died(claimed!.id, 'a', { error: 'timed-out' });
    expect(names(await claim(id))).toEqual([second.id]);
    const [letter] = await store.queue.list({ state: 'dead', webhookId: id, limit: 9 });
    expect(letter).toMatchObject({ eventId: first.id, state: 'dead', lastError: 'timed-out' });
    await age(Number(letter!.id));
    expect(await store.queue.resend(Number(letter!.id))).toBe(true);
    expect(await store.queue.resend(Number(letter!.id))).toBe(false);
    const [again] = await claim(id);
    expect(again).toMatchObject({ eventId: first.id, attempts: 1 });
    // It is tried for a day once more.
    expect(again!.ageMs).toBeLessThan(60_000);
  });

  it('gives up what waits for a webhook that is turned off, and forgets what is finished, when they are old', async () => {
    const [on, off] = [await aWebhook(), await aWebhook()];
    await store.events.append([event()]);
    const [first] = await claim(on);
    await store.queue.delivered(first!.id, 'a', 204);
    await store.events.append([event()]);
    await store.webhooks.replace(off, { url: URL, enabled: false });
    const states = async (webhookId: string) =>
      (await store.queue.list({ webhookId, limit: 9 })).map(({ state }) => state);
    const DAY_MS = 86_400_000;
    await store.queue.expire({ triedMs: DAY_MS, keptMs: DAY_MS });
    expect([await states(on), await states(off)]).toEqual([
      ['pending', 'delivered'],
      ['pending', 'pending'],
    ]);
    await age(first!.id);
    for (const { id } of await store.queue.list({ webhookId: off, limit: 9 })) await age(Number(id));
    await store.queue.expire({ triedMs: DAY_MS, keptMs: DAY_MS });
    expect([await states(on), await states(off)]).toEqual([['pending'], ['dead', 'dead']]);
  });
}
