import { describe, expect, it } from '@jest/globals';
import type { Limit, Rule } from '@sundial/contract';
import type { BeginScene } from './quota.contract.js';
import { aRule } from './rules.js';

/** Each with the window that holds 12:20:30 on Sunday, 2026-11-22, in Shanghai. */
const WINDOWS: readonly (readonly [Limit['window'], string, string])[] = [
  ['quarter', '2026-10-01T00:00:00+08:00', '2027-01-01T00:00:00+08:00'],
  [{ unit: 'day' }, '2026-11-22T00:00:00+08:00', '2026-11-23T00:00:00+08:00'],
  [{ unit: 'day', startsAt: '13:00' }, '2026-11-21T13:00:00+08:00', '2026-11-22T13:00:00+08:00'],
  [{ unit: 'hour', every: 5 }, '2026-11-22T10:00:00+08:00', '2026-11-22T15:00:00+08:00'],
  [{ unit: 'hour', every: 5, startsAt: '04:00' }, '2026-11-22T09:00:00+08:00', '2026-11-22T14:00:00+08:00'],
  [{ unit: 'minute', every: 45 }, '2026-11-22T12:00:00+08:00', '2026-11-22T12:45:00+08:00'],
  [{ unit: 'week', startsOn: 'sunday' }, '2026-11-22T00:00:00+08:00', '2026-11-29T00:00:00+08:00'],
  [{ unit: 'month', startsOn: 31 }, '2026-10-31T00:00:00+08:00', '2026-11-30T00:00:00+08:00'],
  [{ unit: 'year', startsOn: '02-29' }, '2026-02-28T00:00:00+08:00', '2027-02-28T00:00:00+08:00'],
];

export function windowsContract(scene: BeginScene): void {
  const limited = (...windows: readonly Limit['window'][]): Rule =>
    aRule({ limits: windows.map((window) => ({ window, max: 3 })) });

  describe('a window that begins elsewhere, lasts several units, or never ends', () => {
    it('is counted between its own ends, and shown as the rule wrote it', async () => {
      const { quota, user } = await scene(limited(...WINDOWS.map(([window]) => window), 'total'));
      const states = [
        ...WINDOWS.map(([window, startsAt, resetsAt]) => ({ window, used: 2, startsAt, resetsAt })),
        { window: 'total', used: 2, startsAt: null, resetsAt: null },
      ];
      const decision = await quota.check({ resource: 'ocr', subject: { user }, amount: 2 });
      expect(decision).toMatchObject({ allowed: true, degraded: null, limits: states });
      expect((await quota.usage({ resource: 'ocr', subject: { user } })).limits).toEqual(decision.limits);
    });

    it('is the same window however it is written: what was counted stays', async () => {
      const { quota, applyRules, user } = await scene(limited('day', { unit: 'week', startsOn: 'monday' }));
      await quota.check({ resource: 'ocr', subject: { user } });
      await applyRules([
        limited({ unit: 'day', startsAt: '00:00' }, 'week', { unit: 'week', startsOn: 'sunday' }),
      ]);
      expect((await quota.usage({ resource: 'ocr', subject: { user } })).limits).toMatchObject([
        { window: { unit: 'day', startsAt: '00:00' }, used: 1 },
        { window: 'week', used: 1 },
        { window: { unit: 'week', startsOn: 'sunday' }, used: 0 },
      ]);
    });

    it('says when a slot ends to callers that it refuses, and nothing of what never ends', async () => {
      const { quota, applyRules, user } = await scene(limited({ unit: 'hour', every: 5 }));
      const check = () => quota.check({ resource: 'ocr', subject: { user }, amount: 2 });
      await check();
      const refused = await check();
      expect(refused).toMatchObject({ allowed: false, reason: 'limit-reached' });
      const untilThree = (2 * 60 + 39.5) * 60_000;
      expect(refused.retryAfterMs).toBeGreaterThan(untilThree - 10 * 60_000);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(untilThree);

      await applyRules([limited({ unit: 'hour', every: 5 }, 'total')]);
      await quota.check({ resource: 'ocr', subject: { user }, amount: 1 });
      await applyRules([limited('total', { unit: 'hour', every: 6 })]);
      await check();
      const never = await check();
      expect(never).toMatchObject({ allowed: false, reason: 'limit-reached' });
      expect(never).not.toHaveProperty('retryAfterMs');
    });
  });
}
