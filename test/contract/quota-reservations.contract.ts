import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LimitState, Reservation, ReserveRequest } from '@sundial/contract';
import type { BeginScene, OpenQuota, QuotaUnderTest } from './quota.contract.js';
import { aRule } from './rules.js';
import { eventually } from '../support/eventually.js';

const NOT_FOUND = expect.objectContaining({ code: 'reservation-not-found' });
const ended = (state: string) => expect.objectContaining({ code: 'reservation-ended', members: { state } });

const chat = aRule({
  id: 'chat-per-user',
  resource: 'chat',
  limits: [
    { window: 'day', max: 3 },
    { window: 'day', meter: 'tokens', max: 1_000 },
    { window: 'concurrent', max: 2 },
  ],
});
const NIGHT = { resource: 'night', subject: { user: 'owl' } };
/** Used and reserved of each limit. */
const standOf = (limits: readonly LimitState[]) => limits.map(({ used, reserved }) => [used, reserved]);

/** What callers may expect of reservations, from every implementation. */
export function reservationsContract(scene: BeginScene, open: OpenQuota): void {
  const begin = async () => {
    const { quota, user, applyRules } = await scene(chat);
    const subject = { user };
    const reserve = (request: Partial<ReserveRequest> = {}) =>
      quota.reserve({ resource: 'chat', subject, amounts: { tokens: 400 }, ...request });
    const held = async (request: Partial<ReserveRequest> = {}) => (await reserve(request)).reservation!;
    const stand = async () => standOf((await quota.usage({ resource: 'chat', subject })).limits);
    return { quota, subject, reserve, held, stand, applyRules };
  };

  // At the very beginning: the other tests take the seconds to midnight.
  let night: QuotaUnderTest;
  let atNight: Reservation;
  beforeAll(async () => {
    night = await open({ at: Date.parse('2026-11-22T23:59:56+08:00') });
    await night.applyRules([aRule({ id: 'night', resource: 'night', limits: [{ window: 'day', max: 2 }] })]);
    atNight = (await night.quota.reserve({ ...NIGHT, amount: 2, ttlMs: 600_000 })).reservation!;
  });
  afterAll(() => night.close());

  describe('a reservation', () => {
    it('holds what it takes of every meter, and says what', async () => {
      const { quota, reserve, subject } = await begin();
      const decision = await reserve({ operationId: 'job-1', ttlMs: 30_000 });
      expect(decision).toMatchObject({
        ...{ allowed: true, reason: 'ok', operationId: 'job-1', replayed: false, degraded: null },
        limits: [
          { used: 0, reserved: 1, remaining: 2, exceeded: false },
          { used: 0, reserved: 400, remaining: 600, exceeded: false },
          { window: 'concurrent', used: 0, reserved: 1, remaining: 1, startsAt: null, resetsAt: null },
        ],
        reservation: {
          ...{ operationId: 'job-1', resource: 'chat', subject, state: 'held' },
          amounts: { units: 1, tokens: 400 },
        },
      });
      const { reservation } = decision;
      expect(reservation).not.toHaveProperty('committed');
      expect(reservation).not.toHaveProperty('late');
      expect(reservation!.expiresAt).toMatch(/^2026-11-22T12:2\d:\d\d.*\+08:00$/);
      const seen = await quota.reservation(reservation!.id);
      expect(seen).toMatchObject({ reservation: { id: reservation!.id, state: 'held' }, degraded: null });
      expect(standOf(seen.limits).sort()).toEqual(
        [
          [0, 1],
          [0, 1],
          [0, 400],
        ].sort(),
      );
    });

    it('is refused where what is held and used leaves no room, and nothing is held', async () => {
      const { reserve, stand } = await begin();
      await reserve();
      const refused = await reserve({ amounts: { tokens: 601 } });
      expect(refused).toMatchObject({ allowed: false, reason: 'limit-reached', reservation: null });
      expect(refused.limits.map(({ exceeded }) => exceeded)).toEqual([false, true, false]);
      await reserve();
      const third = await reserve({ amounts: {} });
      expect(third).toMatchObject({ allowed: false, reservation: null });
      expect(third.limits.map(({ exceeded }) => exceeded)).toEqual([false, false, true]);
      // Whatever is held comes back whenever its operation ends.
      expect(third).not.toHaveProperty('retryAfterMs');
      expect(await stand()).toEqual([
        [0, 2],
        [0, 800],
        [0, 2],
      ]);
    });

    it('is committed as held where nothing else is said, and gives its place back', async () => {
      const { quota, held, stand } = await begin();
      const { id } = await held();
      const committed = await quota.commit(id);
      expect(committed.reservation).toMatchObject({
        id,
        state: 'committed',
        committed: { units: 1, tokens: 400 },
      });
      expect(committed.reservation).not.toHaveProperty('overage');
      expect(committed).toMatchObject({ degraded: null });
      expect(await stand()).toEqual([
        [1, 0],
        [400, 0],
        [0, 0],
      ]);
    });

    it('gives back what it did not use, and is charged in full for more', async () => {
      const { quota, held, stand } = await begin();
      const less = await quota.commit((await held()).id, { amounts: { tokens: 150 } });
      expect(less.reservation.committed).toEqual({ units: 1, tokens: 150 });
      const more = await quota.commit((await held()).id, { amount: 0, amounts: { tokens: 1_400 } });
      expect(more.reservation).toMatchObject({
        committed: { units: 0, tokens: 1_400 },
        overage: { tokens: 1_000 },
      });
      expect(await stand()).toEqual([
        [1, 0],
        [1_550, 0],
        [0, 0],
      ]);
    });

    it('gives everything back when it is released', async () => {
      const { quota, held, stand } = await begin();
      const released = await quota.release((await held()).id, { reason: 'the model was away' });
      expect(released.reservation).toMatchObject({ state: 'released' });
      expect(released.reservation).not.toHaveProperty('committed');
      expect(await stand()).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ]);
    });

    it('ends once: the same ending is answered again, the opposite one is an error that says the state', async () => {
      const { quota, held, stand } = await begin();
      const [one, other] = [await held(), await held()];
      const first = await quota.commit(one.id, { amounts: { tokens: 100 } });
      expect((await quota.commit(one.id, { amounts: { tokens: 300 } })).reservation).toEqual(
        first.reservation,
      );
      await expect(quota.release(one.id)).rejects.toEqual(ended('committed'));
      await quota.release(other.id);
      expect((await quota.release(other.id)).reservation.state).toBe('released');
      await expect(quota.commit(other.id)).rejects.toEqual(ended('released'));
      await expect(quota.extend(other.id, { ttlMs: 5_000 })).rejects.toEqual(ended('released'));
      expect(await stand()).toEqual([
        [1, 0],
        [100, 0],
        [0, 0],
      ]);
    });

    it('is answered as it stands when its reserve is repeated, and frees its id when it was released', async () => {
      const { quota, reserve, stand } = await begin();
      const once = await reserve({ operationId: 'job-2' });
      const again = await reserve({ operationId: 'job-2' });
      expect(again).toMatchObject({ allowed: true, replayed: true, reservation: { state: 'held' } });
      expect(again.reservation!.id).toBe(once.reservation!.id);
      expect(await stand()).toEqual([
        [0, 1],
        [0, 400],
        [0, 1],
      ]);
      await quota.release(once.reservation!.id);
      const renewed = await reserve({ operationId: 'job-2' });
      expect(renewed).toMatchObject({ allowed: true, replayed: false, reservation: { state: 'held' } });
      await quota.commit(renewed.reservation!.id);
      const committed = await reserve({ operationId: 'job-2' });
      expect(committed).toMatchObject({ replayed: true, reservation: { state: 'committed' } });
      expect(await stand()).toEqual([
        [1, 0],
        [400, 0],
        [0, 0],
      ]);
    });

    it('is another operation than a check of its id', async () => {
      const { quota, subject, reserve } = await begin();
      await reserve({ operationId: 'job-3' });
      const check = { resource: 'chat', subject, amounts: { tokens: 400 } };
      const conflict = expect.objectContaining({ code: 'operation-conflict' });
      await expect(quota.check({ ...check, operationId: 'job-3' })).rejects.toEqual(conflict);
      await quota.check({ ...check, operationId: 'job-4' });
      await expect(reserve({ operationId: 'job-4' })).rejects.toEqual(conflict);
    });

    it('grows while it runs, like a stream of tokens, as far as there is room', async () => {
      const { quota, held, stand } = await begin();
      const { id } = await held();
      const more = await quota.extend(id, { ttlMs: 90_000, amounts: { tokens: 900 } });
      expect(more).toMatchObject({
        ...{ allowed: true, reason: 'ok' },
        reservation: { id, state: 'held', amounts: { units: 1, tokens: 900 } },
      });
      expect(await stand()).toEqual([
        [0, 1],
        [0, 900],
        [0, 1],
      ]);
      const refused = await quota.extend(id, { amounts: { tokens: 1_001 } });
      expect(refused).toMatchObject({ allowed: false, reservation: { amounts: { units: 1, tokens: 900 } } });
      expect(refused.limits.find(({ meter }) => meter === 'tokens')).toMatchObject({ exceeded: true });
      expect(await stand()).toEqual([
        [0, 1],
        [0, 900],
        [0, 1],
      ]);
      const { expiresAt } = (await quota.extend(id, { ttlMs: 1_000 })).reservation!;
      expect(expiresAt).toBe(more.reservation!.expiresAt);
    });

    it('holds nothing, and is none the less ended, where no rule counts its resource', async () => {
      const { quota, subject } = await begin();
      const decision = await quota.reserve({ resource: 'free', subject, amounts: { tokens: 7 } });
      expect(decision).toMatchObject({ allowed: true, reason: 'no-rule', reservation: { state: 'held' } });
      const { reservation } = await quota.commit(decision.reservation!.id);
      expect(reservation).toMatchObject({ state: 'committed', committed: { units: 1, tokens: 7 } });
    });

    it('ends also when its rule is gone, and shows the limits that still count', async () => {
      const { quota, held, applyRules } = await begin();
      const { id } = await held();
      await applyRules([{ ...chat, limits: chat.limits.slice(0, 1) }]);
      const { reservation, limits } = await quota.commit(id);
      expect(reservation.state).toBe('committed');
      expect(standOf(limits)).toEqual([[1, 0]]);
      await applyRules([]);
      expect(await quota.reservation(id)).toMatchObject({ reservation: { state: 'committed' }, limits: [] });
    });

    it('is not found under an id that no reserve has answered', async () => {
      const { quota, held } = await begin();
      const { id } = await held();
      for (const other of ['x', id.slice(1), `${id}A`])
        await expect(quota.commit(other)).rejects.toEqual(NOT_FOUND);
    });
  });

  describe('a reservation that no caller ends', () => {
    it('gives its units back at its instant, or is committed by it; and a commit after that is late', async () => {
      const { quota, held, stand } = await begin();
      const released = await held({ ttlMs: 1_000 });
      const committed = await held({ ttlMs: 1_000, onExpiry: 'commit', amounts: { tokens: 10 } });
      await sleep(1_050);
      expect(await stand()).toEqual([
        [1, 0],
        [10, 0],
        [0, 0],
      ]);
      expect((await quota.reservation(released.id)).reservation.state).toBe('expired');
      expect((await quota.release(released.id)).reservation.state).toBe('expired');
      await expect(quota.release(committed.id)).rejects.toEqual(ended('expired'));
      const late = await quota.commit(released.id, { amounts: { tokens: 300 } });
      expect(late.reservation).toMatchObject({
        state: 'committed',
        late: true,
        committed: { units: 1, tokens: 300 },
      });
      await quota.commit(committed.id, { amounts: { tokens: 25 } });
      expect(await stand()).toEqual([
        [2, 0],
        [325, 0],
        [0, 0],
      ]);
    });

    it('frees its operation id where its expiry has released it', async () => {
      const { reserve } = await begin();
      await reserve({ operationId: 'job-5', ttlMs: 1_000 });
      await sleep(1_050);
      expect(await reserve({ operationId: 'job-5' })).toMatchObject({
        replayed: false,
        reservation: { state: 'held' },
      });
    });
  });

  describe('a reservation over midnight', () => {
    // A hold of 23:59 was given back to the new day's counter, which then allowed one too many.
    it('gives back to the day that its units came from, and leaves the new one alone', async () => {
      const { quota } = night;
      const startOf = async () => (await quota.usage(NIGHT)).limits[0]!.startsAt;
      const tomorrow = '2026-11-23T00:00:00+08:00';
      await eventually(async () => (await startOf()) === tomorrow, { withinMs: 8_000 });
      expect((await quota.release(atNight.id)).limits).toMatchObject([
        { used: 0, reserved: 0, startsAt: '2026-11-22T00:00:00+08:00' },
      ]);
      const today = await quota.check(NIGHT);
      expect(today.limits).toMatchObject([{ used: 1, startsAt: tomorrow }]);
    }, 20_000);
  });
}
