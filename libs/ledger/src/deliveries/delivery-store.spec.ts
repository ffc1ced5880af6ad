import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deliveryQueueContract } from '../../../../test/contract/delivery-queue.contract.js';
import { eventually } from '../../../../test/support/eventually.js';
import { PostgresProcess } from '../../../../test/support/postgres-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import type { Ledger, LedgerSettings } from '../contract/ledger.js';
import { openLedger } from '../open/open-ledger.js';
import type { LedgerDatabase } from '../contract/ledger-database.js';
import { PostgresConnection } from '../postgres/postgres-connection.js';
import { DeliveryStore } from './delivery-store.js';
import { type DeliveryTables, migrationsFor } from './delivery-tables.js';
import type { OutgoingEvent } from './outgoing-event.js';
import { UnreadableSecretError } from './secret-box.js';

const AT = Date.UTC(2026, 10, 27, 12);
const URL = 'https://hooks.example.org/x';
let next = 0;
const event = (of: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  ...{ id: `e${++next}`, type: 'threshold', at: AT, subject: 'ocr?user=u1', resource: 'ocr', rule: 'r1' },
  ...{ data: { used: 8 }, ...of },
});

/** What both databases do alike. `open` opens another node of the same database, where there can be several. */
function aDeliveryStore(open: () => Promise<DeliveryStore>, databaseOf: () => LedgerDatabase) {
  let store: DeliveryStore;
  beforeEach(async () => {
    store = await open();
    for (const { id } of await store.webhooks.list()) await store.webhooks.remove(id);
  });
  const aWebhook = async (of = {}) => (await store.webhooks.create({ url: URL, ...of }, 'ops'))!.webhook.id;
  const claim = (id: string, { node = 'a', limit = 10, leaseMs = 60_000 } = {}) =>
    store.queue.claim(id, { node, limit, leaseMs });

  deliveryQueueContract(open, databaseOf);

  it('keeps an event once, whatever node makes it again', async () => {
    const id = await aWebhook();
    const [one, other] = [event(), event({ subject: 'ocr?user=u2' })];
    expect(await store.events.append([one, one, other])).toEqual([one.id, other.id]);
    expect(await store.events.append([other, one])).toEqual([]);
    expect(await store.queue.list({ webhookId: id, limit: 9 })).toHaveLength(2);
  });

  it('shows events in their order, as CloudEvents, after a cursor and by a filter', async () => {
    const start = await store.events.end();
    const all = [event(), event({ type: 'limit-reached' }), event({ resource: 'sms', rule: 'r2' })];
    await store.events.append(all);
    const { events, next: cursor } = await store.events.after(start, {}, 2);
    expect(events[0]).toEqual({
      ...{ specversion: '1.0', id: all[0]!.id, source: '/sundial', type: 'sundial.threshold' },
      ...{ subject: 'ocr?user=u1', time: '2026-11-27T12:00:00.000Z' },
      ...{ datacontenttype: 'application/json', data: { used: 8 } },
    });
    expect(events.map(({ id }) => id)).toEqual([all[0]!.id, all[1]!.id]);
    const rest = await store.events.after(Number(cursor), {}, 2);
    expect(rest.events.map(({ id }) => id)).toEqual([all[2]!.id]);
    expect(await store.events.after(Number(rest.next), {}, 2)).toEqual({ events: [], next: rest.next });
    const filtered = await store.events.after(start, { types: ['threshold'], resource: 'sms' }, 9);
    expect(filtered.events.map(({ id }) => id)).toEqual([all[2]!.id]);
  });

  it('shows a secret when it is made and when it is changed, and forgets a webhook with its deliveries', async () => {
    const made = (await store.webhooks.create({ url: URL, description: 'd' }, 'ops'))!;
    expect(made.secret).toMatch(/^[\w-]{43}$/);
    const { id } = made.webhook;
    expect(await store.webhooks.get(id)).toEqual(made.webhook);
    expect(JSON.stringify(await store.webhooks.list())).not.toContain(made.secret);
    expect(await store.webhooks.replace(id, { url: `${URL}/2` })).toMatchObject({ before: { url: URL } });
    expect(await store.webhooks.target(id)).toMatchObject({ secret: made.secret, url: `${URL}/2` });
    const rotated = await store.webhooks.replace(id, { url: URL, rotateSecret: true });
    expect(rotated!.secret).not.toBe(made.secret);
    await store.events.append([event()]);
    await store.webhooks.remove(id);
    expect(await store.webhooks.get(id)).toBeUndefined();
    expect(await store.queue.list({ webhookId: id, limit: 9 })).toEqual([]);
  });

  it('makes the event of a timer when it is due, unless that was cleared or set otherwise', async () => {
    const start = await store.events.end();
    const [kept, cleared] = [event({ type: 'override-expired' }), event()];
    await store.events.setTimers(new Map([['a', event({ at: AT - 5 })]]));
    await store.events.setTimers(new Map([['a', kept]]));
    await store.events.setTimers(new Map([['b', cleared]]));
    await store.events.clearTimers(['b']);
    expect(await store.events.appendDue(AT - 1)).toEqual([]);
    expect(await store.events.appendDue(AT)).toEqual([kept.id]);
    expect(await store.events.appendDue(AT)).toEqual([]);
    expect((await store.events.after(start, {}, 9)).events).toHaveLength(1);
  });

  it('shows and forgets all that names a subject, and makes none of it a second time', async () => {
    const id = await aWebhook();
    const its = (user: string, of: Partial<OutgoingEvent> = {}) =>
      event({
        subject: `ocr?user=${user}`,
        data: { subject: { user, grade: '3' } },
        rememberUntil: null,
        ...of,
      });
    const [dead, pending, other] = [its('private"one'), its('private"one'), its('other')];
    await store.events.append([dead, pending, other]);
    for (const { id: delivery, eventId } of await claim(id))
      if (eventId === dead.id) await store.queue.died(delivery, 'a', { error: 'timed-out' });
    const [timer, kept] = [its('private"one'), its('other')];
    await store.events.setTimers(new Map([['t1', timer]]));
    await store.events.setTimers(new Map([['t2', kept]]));

    const subject = { user: 'private"one' };
    const first = await store.subjects.list(subject, { limit: 1 });
    expect(first.rows).toMatchObject([{ event: { id: dead.id }, deliveries: [{ state: 'dead' }] }]);
    const rest = await store.subjects.list(subject, { limit: 9, cursor: first.next! });
    expect(rest.rows).toMatchObject([
      { event: { id: pending.id }, isDue: false, deliveries: [{ state: 'pending' }] },
      { event: { id: timer.id }, isDue: true, deliveries: [] },
    ]);
    expect(rest.next).toBeUndefined();
    await expect(store.subjects.list(subject, { limit: 1, cursor: '00000000001' })).rejects.toThrow();

    expect(await store.subjects.remove(subject)).toEqual({ outgoingEvents: 2, deliveries: 2 });
    expect(await store.subjects.list(subject, { limit: 9 })).toEqual({ rows: [] });
    expect(await store.queue.list({ webhookId: id, limit: 9 })).toMatchObject([{ eventId: other.id }]);
    expect((await store.events.after(0, {}, 999)).events.map((one) => one.id)).not.toContain(pending.id);
    expect(await store.events.append([dead, pending])).toEqual([]);
    expect(await store.events.appendDue(AT)).toEqual([kept.id]);
  });

  it('forgets old events, but never that it made one whose window lasts', async () => {
    const [short, long, endless] = [
      event(),
      event({ rememberUntil: AT + 1_000 }),
      event({ rememberUntil: null }),
    ];
    await store.events.append([short, long, endless]);
    await store.events.dropBefore(AT + 1, AT + 500);
    expect((await store.events.after(0, {}, 999)).events).toEqual([]);
    expect(await store.events.append([short, long, endless])).toEqual([short.id]);
    await store.events.dropBefore(AT + 1, AT + 2_000);
    expect(await store.events.append([long, endless])).toEqual([long.id]);
  });

  it('keeps secrets and headers sealed where there is a key, for nodes that have it and for one webhook alone', async () => {
    const [old, fresh, other] = ['old-key', 'new-key', 'other-key'] as const;
    const headers = { authorization: 'Bearer of-the-receiver' };
    const withKeys = (...keys: string[]) => new DeliveryStore(databaseOf(), keys).webhooks;
    const { webhook, secret } = (await withKeys(old).create({ url: URL, headers }, 'ops'))!;
    const target = expect.objectContaining({ secret, headers, headerNames: ['authorization'] });
    const { kind } = databaseOf();
    const db = await databaseOf().open<DeliveryTables>('deliveries', migrationsFor(kind));
    const row = () => db.selectFrom('webhooks').selectAll().where('id', '=', webhook.id).executeTakeFirst();
    expect(JSON.stringify(await row())).not.toMatch(new RegExp(`${secret}|of-the-receiver`));
    expect(await withKeys(fresh, old).target(webhook.id)).toEqual(target);
    for (const webhooks of [withKeys(other), withKeys()])
      await expect(webhooks.target(webhook.id)).rejects.toThrow(UnreadableSecretError);
    await withKeys(fresh, old).replace(webhook.id, { url: URL, secret, headers });
    expect(await withKeys(fresh).target(webhook.id)).toEqual(target);
    // What was kept without a key is read with one.
    const plain = (await withKeys().create({ url: URL, headers }, 'ops'))!;
    expect(await withKeys(fresh).target(plain.webhook.id)).toMatchObject({ secret: plain.secret, headers });
    const { secret: sealed } = (await row())!;
    await db.updateTable('webhooks').set({ secret: sealed }).where('id', '=', plain.webhook.id).execute();
    await expect(withKeys(fresh).target(plain.webhook.id)).rejects.toThrow(UnreadableSecretError);
  });
}

const opened: Ledger[] = [];
let [postgres, directory] = [
  undefined as PostgresProcess | undefined,
  undefined as TemporaryDirectory | undefined,
];
const storeOn = async (settings: Partial<LedgerSettings>) => {
  const ledger = await openLedger({ node: `n${opened.length}`, ...settings });
  opened.push(ledger);
  return new DeliveryStore(ledger.database);
};
beforeAll(async () => {
  directory = await temporaryDirectory();
  postgres = await PostgresProcess.start();
});
afterAll(async () => {
  for (const ledger of opened) await ledger.close();
  await postgres?.stop();
  await directory?.remove();
});

describe('deliveries on SQLite', () => {
  let store: DeliveryStore | undefined;
  aDeliveryStore(
    async () => (store ??= await storeOn({ directory: directory!.path })),
    () => opened[0]!.database,
  );
});

describe('deliveries on PostgreSQL', () => {
  let store: DeliveryStore | undefined;
  let ledger: Ledger | undefined;
  aDeliveryStore(
    async () => {
      store ??= await storeOn({ url: postgres!.url });
      ledger ??= opened.at(-1)!;
      return store;
    },
    () => ledger!.database,
  );

  it('of many nodes at once keep each event once, in one order, and give each delivery to one node', async () => {
    const url = await postgres!.database();
    const nodes = await Promise.all([1, 2, 3].map(() => storeOn({ url })));
    const { webhook } = (await nodes[0]!.webhooks.create({ url: URL }, 'ops'))!;
    const events = Array.from({ length: 60 }, (_, index) => event({ subject: `s${index % 20}` }));
    const kept = await Promise.all(
      nodes.flatMap(({ events: log }) =>
        [0, 1, 2].map((part) => log.append(events.slice(part * 20, part * 20 + 20))),
      ),
    );
    expect(kept.flat().toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    const claims = await Promise.all(
      nodes.map(({ queue }, index) =>
        queue.claim(webhook.id, { node: `n${index}`, limit: 9, leaseMs: 60_000 }),
      ),
    );
    const ids = claims.flat().map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(18);
  });

  it('show no event before one that another node has begun to keep', async () => {
    const url = await postgres!.database();
    const [first, second, reader] = await Promise.all([1, 2, 3].map(() => storeOn({ url })));
    await first!.webhooks.create({ url: URL, filter: { types: ['threshold'] } }, 'ops');
    const [begun, later] = [event(), event({ type: 'limit-reached' })];
    const other = new PostgresConnection(url, 'test');
    const waiting = async () => (await other.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length;
    // The first has its place in the order, and cannot queue its delivery; of the second none is wanted.
    await other.query('BEGIN');
    await other.query('LOCK TABLE deliveries IN EXCLUSIVE MODE');
    const kept = [first!.events.append([begun])];
    await eventually(async () => (await waiting()) === 1);
    kept.push(second!.events.append([later]));
    await Promise.race([kept[1], eventually(async () => (await waiting()) === 2)]);
    const seen = await reader!.events.after(undefined, {}, 9);
    await other.query('COMMIT');
    expect(await Promise.all(kept)).toEqual([[begun.id], [later.id]]);
    const rest = await reader!.events.after(Number(seen.next), {}, 9);
    expect([...seen.events, ...rest.events].map(({ id }) => id)).toEqual([begun.id, later.id]);
    await other.close();
  });
});
