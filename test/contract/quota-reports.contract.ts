import { describe, expect, it } from '@jest/globals';
import type { LimitState, Report } from '@sundial/contract';
import { type BeginScene, TWENTY_PAST_NOON } from './quota.contract.js';
import { aRule } from './rules.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const usedOf = (limits: readonly LimitState[]) => limits.map(({ used }) => used);

/** What clients may expect of the reports of what they decided, from every implementation. */
export function reportsContract(scene: BeginScene): void {
  const chat = aRule({
    id: 'chat-per-user',
    resource: 'chat',
    limits: [
      { window: 'day', max: 3 },
      { window: 'day', meter: 'tokens', max: 1_000 },
    ],
  });
  const begin = async () => {
    const { quota, user, report } = await scene(aRule(), chat);
    const subject = { user };
    const of = (more: Partial<Report> = {}, agoMs = MINUTE_MS): Report => ({
      ...{ operationId: 'o1', resource: 'ocr', subject, allowed: true, policy: 'allow', attempted: false },
      decidedAt: new Date(TWENTY_PAST_NOON - agoMs).toISOString(),
      ...more,
    });
    const outcomesOf = async (...reports: Report[]) => (await report(reports)).map(({ outcome }) => outcome);
    const used = async (resource = 'ocr') => usedOf((await quota.usage({ resource, subject })).limits);
    return { quota, subject, report, of, outcomesOf, used };
  };

  describe('the report of an allowed operation', () => {
    it('counts it once, however often it is reported', async () => {
      const { report, of, outcomesOf, used } = await begin();
      expect(await report([of({ amount: 2 })])).toEqual([{ operationId: 'o1', outcome: 'counted' }]);
      expect(await outcomesOf(of({ amount: 2 }))).toEqual(['already-counted']);
      expect(await outcomesOf(of({ operationId: 'o2' }), of({ operationId: 'o2' }))).toEqual([
        'counted',
        'already-counted',
      ]);
      expect(await used()).toEqual([3, 3]);
    });

    it('counts it above the max', async () => {
      const { of, outcomesOf, used } = await begin();
      const reports = Array.from({ length: 12 }, (_, index) => of({ operationId: `o${index}` }));
      expect(await outcomesOf(...reports)).toEqual(Array(12).fill('counted'));
      expect(await used()).toEqual([12, 12]);
    });

    it('counts nothing that a check has counted, and conflicts with another one', async () => {
      const { quota, subject, of, outcomesOf, used } = await begin();
      await quota.check({ resource: 'ocr', subject, operationId: 'o1' });
      expect(await outcomesOf(of({ attempted: true }))).toEqual(['already-counted']);
      expect(await outcomesOf(of({ amount: 2, attempted: true }))).toEqual(['conflict']);
      expect(await used()).toEqual([1, 1]);
    });

    it('is there before its request arrives, which then counts nothing', async () => {
      const { quota, subject, of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({ attempted: true }))).toEqual(['counted']);
      const late = await quota.check({ resource: 'ocr', subject, operationId: 'o1' });
      expect(late).toMatchObject({ allowed: true, replayed: true });
      expect(await used()).toEqual([1, 1]);
    });

    it('counts in the windows that it was decided in, as far as they are not over', async () => {
      const { of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({}, HOUR_MS))).toEqual(['counted']);
      expect(await used()).toEqual([1, 0]);
      expect(await outcomesOf(of({ operationId: 'o2' }, 23 * HOUR_MS))).toEqual(['counted']);
      expect(await used()).toEqual([1, 0]);
    });

    it('counts every meter', async () => {
      const { of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({ resource: 'chat', amounts: { tokens: 1_200 } }))).toEqual(['counted']);
      expect(await used('chat')).toEqual([1, 1_200]);
    });

    it('is late when a service may have counted and forgotten it, or a day is over', async () => {
      const { of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({ attempted: true }, 9 * MINUTE_MS))).toEqual(['counted']);
      expect(
        await outcomesOf(
          of({ operationId: 'o2', attempted: true }, 10 * MINUTE_MS),
          of({ operationId: 'o3' }, 24 * HOUR_MS),
          of({ operationId: 'o4', allowed: false, policy: 'deny', attempted: true }, HOUR_MS),
        ),
      ).toEqual(['late', 'late', 'late']);
      expect(await used()).toEqual([1, 1]);
    });

    it('may come from a clock that is a few minutes fast, and then counts now', async () => {
      const { report, of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({}, -4 * MINUTE_MS))).toEqual(['counted']);
      await expect(report([of(), of({ operationId: 'o2' }, -20 * MINUTE_MS)])).rejects.toMatchObject({
        code: 'invalid-request',
        errors: [{ path: 'reports.1.decidedAt', message: expect.stringContaining('set the clock') }],
      });
      expect(await used()).toEqual([1, 1]);
    });
  });

  describe('the report of an operation that its client had refused', () => {
    it('reverses what its request has counted', async () => {
      const { quota, subject, of, outcomesOf, used } = await begin();
      await quota.check({ resource: 'ocr', subject, operationId: 'o1', amount: 2 });
      const refused = of({ amount: 2, allowed: false, policy: 'deny', attempted: true });
      expect(await outcomesOf(refused, refused)).toEqual(['voided', 'voided']);
      expect(await used()).toEqual([0, 0]);
    });

    it('keeps its request from counting when that arrives late', async () => {
      const { quota, subject, of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({ allowed: false, policy: 'deny', attempted: true }))).toEqual(['voided']);
      const late = quota.check({ resource: 'ocr', subject, operationId: 'o1' });
      await expect(late).rejects.toMatchObject({ code: 'operation-refunded' });
      expect(await used()).toEqual([0, 0]);
    });

    it('leaves the id free where no request was sent', async () => {
      const { quota, subject, of, outcomesOf, used } = await begin();
      expect(await outcomesOf(of({ allowed: false, policy: 'deny' }))).toEqual(['voided']);
      const next = await quota.check({ resource: 'ocr', subject, operationId: 'o1' });
      expect(next).toMatchObject({ allowed: true, replayed: false });
      expect(await used()).toEqual([1, 1]);
    });
  });

  describe('the report of a reservation that a client made itself', () => {
    it('commits what a service holds for its request, to what was used', async () => {
      const { quota, subject, of, outcomesOf } = await begin();
      const reserve = { resource: 'chat', subject, operationId: 'o1', amounts: { tokens: 400 } };
      await quota.reserve(reserve);
      const used = of({ resource: 'chat', amounts: { tokens: 700 }, attempted: true });
      expect(await outcomesOf(used, used)).toEqual(['counted', 'already-counted']);
      const { limits } = await quota.usage({ resource: 'chat', subject });
      expect(limits.map((limit) => [limit.used, limit.reserved])).toEqual([
        [1, 0],
        [700, 0],
      ]);
    });

    it('gives back a meter of which nothing was used', async () => {
      const { quota, subject, of, outcomesOf, used } = await begin();
      await quota.reserve({ resource: 'chat', subject, operationId: 'o1', amounts: { tokens: 400 } });
      const nothing = of({ resource: 'chat', amount: 0, amounts: { tokens: 0 }, attempted: true });
      expect(await outcomesOf(nothing)).toEqual(['counted']);
      expect(await used('chat')).toEqual([0, 0]);
    });

    it('releases it where the client had refused', async () => {
      const { quota, subject, of, outcomesOf } = await begin();
      const { reservation } = await quota.reserve({
        ...{ resource: 'chat', subject, operationId: 'o1', amounts: { tokens: 400 } },
        onExpiry: 'commit',
      });
      const refused = { allowed: false, policy: 'deny', attempted: true } as const;
      expect(await outcomesOf(of({ ...refused, resource: 'chat' }))).toEqual(['voided']);
      const { limits } = await quota.usage({ resource: 'chat', subject });
      expect(limits.map((limit) => limit.used + limit.reserved)).toEqual([0, 0]);
      expect((await quota.reservation(reservation!.id)).reservation.state).toBe('released');
    });
  });

  describe('a request with many reports', () => {
    it('settles each by itself', async () => {
      const { subject, of, outcomesOf, used } = await begin();
      expect(
        await outcomesOf(
          of(),
          of({ resource: 'video' }),
          of({ operationId: 'o2', subject: { account: 'a' } }),
          of({ operationId: 'o3', subject: { ...subject, grade: '3' } }),
        ),
      ).toEqual(['counted', 'voided', 'conflict', 'counted']);
      expect(await used()).toEqual([2, 2]);
    });

    it('counts none of them where one is bad input', async () => {
      const { report, of, used } = await begin();
      const bad = [
        { decidedAt: 'yesterday' },
        { decidedAt: '2026-11-22T12:20:30' },
        { policy: 'local' },
        { attempted: undefined },
        { amount: -1 },
        { operationId: '' },
        { cause: 'unreachable' },
      ];
      const reports = [of(), ...bad.map((more) => of(more as unknown as Partial<Report>))];
      await expect(report(reports)).rejects.toMatchObject({
        code: 'invalid-request',
        errors: [
          { path: 'reports.1.decidedAt' },
          { path: 'reports.2.decidedAt' },
          { path: 'reports.3.policy' },
          { path: 'reports.4.attempted' },
          { path: 'reports.5.amount' },
          { path: 'reports.6.operationId' },
          { path: 'reports.7.cause' },
        ],
      });
      expect(await used()).toEqual([0, 0]);
    });
  });
}
