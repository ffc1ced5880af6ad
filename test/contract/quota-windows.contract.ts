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

  describe('a window by the subject’s own zone and billing day', () => {
    const own = (rule: Partial<Rule> = {}): Rule =>
      aRule({
        timeZone: { by: 'tz', default: 'Asia/Shanghai' },
        limits: [
          { window: 'day', max: 3 },
          { window: { unit: 'month', startsOn: { by: 'bill', default: 1 } }, max: 9 },
        ],
        ...rule,
      });

    it('begins there, and at the default where the subject gives none', async () => {
      const { quota, user } = await scene(own());
      const { limits } = await quota.check({
        resource: 'ocr',
        subject: { user, tz: 'Asia/Kathmandu', bill: '25' },
      });
      expect(limits).toMatchObject([
        {
          timeZone: 'Asia/Kathmandu',
          startsAt: '2026-11-22T00:00:00+05:45',
          resetsAt: '2026-11-23T00:00:00+05:45',
        },
        {
          window: { unit: 'month', startsOn: { by: 'bill', default: 1 } },
          startsAt: '2026-10-25T00:00:00+05:45',
          resetsAt: '2026-11-25T00:00:00+05:45',
        },
      ]);
      const other = await quota.check({ resource: 'ocr', subject: { user: `${user}-2` } });
      expect(other).not.toHaveProperty('warnings');
      expect(other.limits).toMatchObject([
        { timeZone: 'Asia/Shanghai', startsAt: '2026-11-22T00:00:00+08:00' },
        { startsAt: '2026-11-01T00:00:00+08:00' },
      ]);
    });

    it('stays where it is when the subject moves, up to the first boundary there after its end', async () => {
      const { quota, user } = await scene(own());
      const of = (tz: string) => ({ resource: 'ocr', subject: { user, tz } });
      await quota.check({ ...of('Asia/Shanghai'), amount: 3 });
      const moved = await quota.check(of('Pacific/Kiritimati'));
      const kept = { timeZone: 'Asia/Shanghai', used: 3, startsAt: '2026-11-22T00:00:00+08:00' };
      expect(moved).toMatchObject({ allowed: false, reason: 'limit-reached' });
      // Monday ends in Kiritimati 18 hours after Sunday does in Shanghai.
      expect(moved.limits[0]).toMatchObject({ ...kept, resetsAt: '2026-11-23T18:00:00+08:00' });
      expect((await quota.usage(of('Pacific/Kiritimati'))).limits[0]).toMatchObject(kept);
      expect((await quota.usage(of('Asia/Shanghai'))).limits[0]).toMatchObject({
        ...kept,
        resetsAt: '2026-11-23T00:00:00+08:00',
      });
    });

    it('is that of the default zone, with a warning, where the subject gives one that does not exist', async () => {
      const { quota, user } = await scene(own());
      const decision = await quota.check({ resource: 'ocr', subject: { user, tz: 'Asia/Beijing' } });
      expect(decision).toMatchObject({
        allowed: true,
        limits: [{ timeZone: 'Asia/Shanghai' }, {}],
        warnings: [{ code: 'unknown-zone', message: expect.stringContaining('"Asia/Beijing"') }],
      });
    });

    it.each([
      ['a zone that does not exist, under strictZone', { tz: 'Asia/Beijing' }, 'subject.tz'],
      ['a billing day that no month has', { bill: '32' }, 'subject.bill'],
      ['a billing day that is no number', { bill: '1st' }, 'subject.bill'],
    ])('refuses %s', async (_what, subject, path) => {
      const { quota, user } = await scene(own({ strictZone: true }));
      await expect(quota.check({ resource: 'ocr', subject: { user, ...subject } })).rejects.toMatchObject({
        code: 'invalid-request',
        errors: [{ path }],
      });
    });
  });
}
