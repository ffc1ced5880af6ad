import { describe, expect, it } from '@jest/globals';
import { TWENTY_PAST_NOON, type BeginScene, type OpenQuota } from './quota.contract.js';
import { aRule } from './rules.js';

const UNTIL_HOUR_MS = 39.5 * 60_000;
const UNTIL_DAY_MS = 11 * 3_600_000 + UNTIL_HOUR_MS;

/** The clock goes on while these tests run. */
function expectWait(actual: number | undefined, ms: number): void {
  expect(actual).toBeLessThanOrEqual(ms);
  expect(actual).toBeGreaterThan(ms - 120_000);
}

export function checkContract(scene: BeginScene, open: OpenQuota): void {
  const perUser = aRule();
  const perGrade = aRule({ id: 'ocr-per-grade', per: ['grade'], limits: [{ window: 'week', max: 4 }] });

  describe('check', () => {
    it('allows what has room, counts it, and says how every limit stands', async () => {
      const { quota, user } = await scene(perUser);
      expect(await quota.check({ resource: 'ocr', subject: { user }, amount: 2 })).toEqual({
        ...{ allowed: true, reason: 'ok', replayed: false, wouldDeny: false, degraded: null },
        operationId: expect.any(String),
        rulesVersion: expect.any(Number),
        limits: [
          {
            ...{ rule: 'ocr-per-user', mode: 'enforce', window: 'day', timeZone: 'Asia/Shanghai' },
            ...{
              meter: 'units',
              source: 'rule',
              max: 10,
              used: 2,
              reserved: 0,
              remaining: 8,
              exceeded: false,
            },
            ...{ startsAt: '2026-11-22T00:00:00+08:00', resetsAt: '2026-11-23T00:00:00+08:00' },
          },
          {
            ...{ rule: 'ocr-per-user', mode: 'enforce', window: 'hour', timeZone: 'Asia/Shanghai' },
            ...{
              meter: 'units',
              source: 'rule',
              max: 3,
              used: 2,
              reserved: 0,
              remaining: 1,
              exceeded: false,
            },
            ...{ startsAt: '2026-11-22T12:00:00+08:00', resetsAt: '2026-11-22T13:00:00+08:00' },
          },
        ],
      });
    });

    it('takes one unit unless the request names an amount', async () => {
      const { quota, user } = await scene(perUser);
      const { limits } = await quota.check({ resource: 'ocr', subject: { user } });
      expect(limits.map(({ used }) => used)).toEqual([1, 1]);
    });

    it('refuses what has no room, counts nothing, and says when to come back', async () => {
      const { quota, user } = await scene(perUser);
      await quota.check({ resource: 'ocr', subject: { user }, amount: 3 });
      const decision = await quota.check({ resource: 'ocr', subject: { user } });
      expectWait(decision.retryAfterMs, UNTIL_HOUR_MS);
      expect(decision).toMatchObject({
        ...{ allowed: false, reason: 'limit-reached', replayed: false },
        limits: [
          { used: 3, remaining: 7, exceeded: false },
          { used: 3, remaining: 0, exceeded: true },
        ],
      });
      const { limits } = await quota.usage({ resource: 'ocr', subject: { user } });
      expect(limits.map(({ used }) => used)).toEqual([3, 3]);
    });

    it('says to come back when the last of the limits that refuse has reset', async () => {
      const tight = aRule({
        limits: [
          { window: 'hour', max: 1 },
          { window: 'day', max: 1 },
          { window: 'month', max: 9 },
        ],
      });
      const { quota, user } = await scene(tight);
      await quota.check({ resource: 'ocr', subject: { user } });
      const { retryAfterMs } = await quota.check({ resource: 'ocr', subject: { user } });
      expectWait(retryAfterMs, UNTIL_DAY_MS);
    });

    it('says not to come back for an amount above a limit', async () => {
      const { quota, user } = await scene(perUser);
      const decision = await quota.check({ resource: 'ocr', subject: { user }, amount: 4 });
      expect(decision).toMatchObject({ allowed: false, reason: 'amount-exceeds-limit' });
      expect(decision).not.toHaveProperty('retryAfterMs');
    });

    it('only looks with amount 0', async () => {
      const { quota, user } = await scene(perUser);
      await quota.check({ resource: 'ocr', subject: { user }, amount: 3 });
      expect(await quota.check({ resource: 'ocr', subject: { user }, amount: 0 })).toMatchObject({
        ...{ allowed: true, reason: 'ok', replayed: false },
        limits: [{ used: 3 }, { used: 3, remaining: 0, exceeded: false }],
      });
    });

    it('takes amounts up to 2^53−1', async () => {
      const huge = aRule({ limits: [{ window: 'year', max: Number.MAX_SAFE_INTEGER }] });
      const { quota, user } = await scene(huge);
      const subject = { user };
      expect(await quota.check({ resource: 'ocr', subject, amount: Number.MAX_SAFE_INTEGER })).toMatchObject({
        allowed: true,
        limits: [{ used: Number.MAX_SAFE_INTEGER, remaining: 0 }],
      });
      expect(await quota.check({ resource: 'ocr', subject })).toMatchObject({ allowed: false });
    });

    it('decides all rules of the resource together: one that refuses keeps all from counting', async () => {
      const { quota, user } = await scene(perGrade, perUser);
      const subject = { user, grade: user };
      await quota.check({ resource: 'ocr', subject, amount: 3 });
      const other = { user: `${user}-other`, grade: user };
      expect(await quota.check({ resource: 'ocr', subject: other, amount: 2 })).toMatchObject({
        allowed: false,
        limits: [
          { rule: 'ocr-per-grade', window: 'week', used: 3, exceeded: true },
          { rule: 'ocr-per-user', window: 'day', used: 0, exceeded: false },
          { rule: 'ocr-per-user', window: 'hour', used: 0, exceeded: false },
        ],
      });
      expect(await quota.check({ resource: 'ocr', subject: other })).toMatchObject({
        allowed: true,
        limits: [{ used: 4 }, { used: 1 }, { used: 1 }],
      });
    });

    it('counts each subject by itself, whatever its values are', async () => {
      const { quota, user } = await scene(perUser);
      const values = [
        '{}',
        '}',
        '{',
        'a}b',
        '\u0000',
        '\n',
        'ü',
        'u\u0308',
        ':',
        '=',
        ' ',
        '🦊',
        'x'.repeat(256),
      ];
      for (const value of [
        ...values,
        ...values.map((each) => `${user}${each}`).filter((each) => each.length <= 256),
      ]) {
        const decision = await quota.check({
          resource: 'ocr',
          subject: { user: value, run: user },
          amount: 3,
        });
        expect(decision).toMatchObject({ allowed: true, limits: [{ used: 3 }, { used: 3 }] });
      }
    });

    it('never allows more than the limit, however many ask at once', async () => {
      const { quota, user } = await scene(perGrade, perUser);
      const subject = { user, grade: user };
      const asked = Array.from({ length: 60 }, () => quota.check({ resource: 'ocr', subject }));
      const decisions = await Promise.all(asked);
      expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(3);
      const { limits } = await quota.usage({ resource: 'ocr', subject });
      expect(limits.map(({ used }) => used)).toEqual([3, 3, 3]);
    });
  });

  describe('a resource without rules', () => {
    it('is allowed, and its usage has no limits', async () => {
      const { quota, user } = await scene(perUser);
      expect(await quota.check({ resource: 'asr', subject: { user }, operationId: 'o1' })).toEqual({
        ...{ allowed: true, reason: 'no-rule', operationId: 'o1', replayed: false, wouldDeny: false },
        ...{ limits: [], degraded: null, rulesVersion: expect.any(Number) },
      });
      expect(await quota.usage({ resource: 'asr', subject: { user } })).toMatchObject({ limits: [] });
    });

    it('is allowed with a hint at the resource that was probably meant', async () => {
      const { quota, user } = await scene(perUser);
      for (const resource of ['OCR', 'ocr.', 'orc']) {
        const decision = await quota.check({ resource, subject: { user } });
        expect(decision).toMatchObject({ allowed: true, reason: 'no-rule', hint: 'ocr' });
      }
      for (const resource of ['asr', 'ocr'])
        expect(await quota.check({ resource, subject: { user } })).not.toHaveProperty('hint');
    });

    it('is denied where the setting says so', async () => {
      const strict = await open({ at: TWENTY_PAST_NOON, unknownResource: 'deny' });
      await strict.applyRules([perUser]);
      const decision = await strict.quota.check({ resource: 'asr', subject: { user: 'u1' } });
      expect(decision).toMatchObject({ allowed: false, reason: 'no-rule', limits: [] });
      expect(decision).not.toHaveProperty('retryAfterMs');
      await strict.close();
    });
  });

  describe('usage', () => {
    it('says of every limit what a check says', async () => {
      const { quota, user } = await scene(perGrade, perUser);
      const subject = { user, grade: user };
      const { limits, rulesVersion } = await quota.check({ resource: 'ocr', subject, amount: 2 });
      expect(await quota.usage({ resource: 'ocr', subject })).toEqual({
        ...{ resource: 'ocr', subject, limits, degraded: null, rulesVersion },
      });
    });

    it('calls a limit exceeded that has no room for one more', async () => {
      const { quota, user } = await scene(perUser);
      await quota.check({ resource: 'ocr', subject: { user }, amount: 3 });
      const { limits } = await quota.usage({ resource: 'ocr', subject: { user } });
      expect(limits.map(({ exceeded }) => exceeded)).toEqual([false, true]);
    });

    it('counts nothing, however often it is asked', async () => {
      const { quota, user } = await scene(perUser);
      const ask = () => quota.usage({ resource: 'ocr', subject: { user } });
      const first = await ask();
      for (let i = 0; i < 5; i++) expect(await ask()).toEqual(first);
      expect(first.limits.map(({ used }) => used)).toEqual([0, 0]);
    });
  });
}
