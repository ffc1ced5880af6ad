import { describe, expect, it } from '@jest/globals';
import type { Limit, Rule, Tiers } from '@sundial/contract';
import type { BeginScene, OpenQuota } from './quota.contract.js';
import { aRule } from './rules.js';

const VIP: Tiers = {
  by: 'plan',
  max: { vip: [{ window: 'day', max: 5 }], boundless: [{ window: { unit: 'day' }, max: null }] },
};
const onWarn = { code: 'NEARLY', message: 'Soon no more', params: { left: 0 } };

/** What callers may expect of limits that are not the same for all, or not at all times. */
export function allowancesContract(scene: BeginScene, open: OpenQuota): void {
  describe('a rule with tiers', () => {
    const rule = aRule({ limits: [{ window: 'day', max: 2 }], tiers: VIP });

    it('allows a subject what its tier says, and says so', async () => {
      const { quota, user } = await scene(rule);
      const ask = (plan: Record<string, string>, amount = 1) =>
        quota.check({ resource: 'ocr', subject: { user, ...plan }, amount });
      expect(await ask({}, 2)).toMatchObject({
        allowed: true,
        limits: [{ max: 2, source: 'rule', used: 2 }],
      });
      expect(await ask({})).toMatchObject({ allowed: false, limits: [{ max: 2, source: 'rule' }] });
      expect(await ask({ plan: 'none-such' })).toMatchObject({
        allowed: false,
        limits: [{ source: 'rule' }],
      });
      expect(await ask({ plan: 'vip' }, 3)).toMatchObject({
        allowed: true,
        limits: [{ max: 5, source: 'tier', used: 5, remaining: 0 }],
      });
      expect(await ask({ plan: 'vip' })).toMatchObject({ allowed: false, reason: 'limit-reached' });
      expect(await ask({ plan: 'boundless' }, 10)).toMatchObject({
        allowed: true,
        limits: [{ max: null, source: 'tier', used: 15, remaining: null }],
      });
      expect(await ask({ plan: 'constructor' })).toMatchObject({ limits: [{ max: 2, source: 'rule' }] });
    });

    it('shows in usage and in a reservation what the tier says', async () => {
      const { quota, user } = await scene(rule);
      const subject = { user, plan: 'vip' };
      const { reservation } = await quota.reserve({ resource: 'ocr', subject, amount: 4 });
      expect(await quota.usage({ resource: 'ocr', subject })).toMatchObject({
        limits: [{ max: 5, source: 'tier', reserved: 4, remaining: 1 }],
      });
      expect(await quota.usage({ resource: 'ocr', subject: { user } })).toMatchObject({
        limits: [{ max: 2, source: 'rule', reserved: 4, remaining: 0, exceeded: true }],
      });
      expect(await quota.extend(reservation!.id, { amount: 6 })).toMatchObject({ allowed: false });
      expect(await quota.extend(reservation!.id, { amount: 5 })).toMatchObject({
        allowed: true,
        limits: [{ max: 5, source: 'tier', reserved: 5 }],
      });
      expect(await quota.commit(reservation!.id, { amount: 3 })).toMatchObject({
        limits: [{ max: 5, source: 'tier', used: 3, reserved: 0 }],
      });
    });

    // The attribute is content of the operation, as any that no rule counts by.
    it('counts an operation once, in its tier', async () => {
      const { quota, user } = await scene(rule);
      const named = { resource: 'ocr', subject: { user, plan: 'vip' }, operationId: `${user}-job` };
      await quota.check(named);
      expect(await quota.check(named)).toMatchObject({
        replayed: true,
        limits: [{ used: 1, source: 'tier' }],
      });
      const other = quota.check({ ...named, subject: { user, plan: 'boundless' } });
      await expect(other).rejects.toMatchObject({ code: 'operation-conflict' });
    });

    it('keeps what was counted when its tiers are changed', async () => {
      const { quota, user, applyRules } = await scene(rule);
      const ask = () => quota.check({ resource: 'ocr', subject: { user, plan: 'vip' } });
      await ask();
      await applyRules([{ ...rule, tiers: { by: 'plan', max: { vip: [{ window: 'day', max: 1 }] } } }]);
      expect(await ask()).toMatchObject({ allowed: false, limits: [{ max: 1, used: 1, source: 'tier' }] });
      const { tiers: _, ...plain } = rule;
      await applyRules([plain]);
      expect(await ask()).toMatchObject({ allowed: true, limits: [{ max: 2, used: 2, source: 'rule' }] });
    });
  });

  describe('a limit with a schedule', () => {
    // It is 12:20:30 on Sunday, 2026-11-22.
    const scheduled = (when: Limit['when'], max = 1, window: Limit['window'] = 'day') =>
      aRule({ limits: [{ window, max, ...(when && { when }) }] });
    const WEEKEND = { days: ['sat', 'sun'], max: 3 } as const;

    it('has the max of the entry that holds, which it names with its end', async () => {
      const { quota, user } = await scene(
        scheduled([{ from: '22:00', to: '06:00', days: ['mon'], max: 9 }, WEEKEND]),
      );
      const ask = (amount: number) => quota.check({ resource: 'ocr', subject: { user }, amount });
      const state = {
        ...{ max: 3, source: 'schedule' },
        schedule: { index: 1, days: ['sat', 'sun'], max: 3, until: '2026-11-23T00:00:00+08:00' },
      };
      expect(await ask(3)).toMatchObject({ allowed: true, limits: [{ ...state, used: 3 }] });
      expect(await ask(1)).toMatchObject({ allowed: false, limits: [state] });
      expect(await quota.usage({ resource: 'ocr', subject: { user } })).toMatchObject({ limits: [state] });
    });

    it('is the rule’s own, or the tier’s, where no entry holds', async () => {
      const rule = { ...scheduled([{ days: ['mon'], max: 9 }]), tiers: VIP };
      const { quota, user } = await scene(rule);
      const look = async (plan?: string) =>
        (await quota.usage({ resource: 'ocr', subject: { user, ...(plan && { plan }) } })).limits[0];
      expect(await look()).toMatchObject({ max: 1, source: 'rule' });
      expect(await look()).not.toHaveProperty('schedule');
      expect(await look('vip')).toMatchObject({ max: 5, source: 'tier' });
    });

    it('beats a tier', async () => {
      const { quota, user } = await scene({ ...scheduled([WEEKEND]), tiers: VIP });
      expect(await quota.usage({ resource: 'ocr', subject: { user, plan: 'vip' } })).toMatchObject({
        limits: [{ max: 3, source: 'schedule' }],
      });
    });

    it('can be none, or no limit', async () => {
      const closed = await scene(scheduled([{ days: ['sun'], from: '12:00', to: '13:00', max: 0 }]));
      const refused = await closed.quota.check({ resource: 'ocr', subject: { user: closed.user } });
      expect(refused).toMatchObject({ allowed: false, reason: 'limit-reached', limits: [{ max: 0 }] });
      // Until one o’clock, when the entry ends, and not until the day does.
      expect(refused.retryAfterMs).toBeGreaterThan(39 * 60_000 - 60_000);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(39.5 * 60_000);
      const free = await scene(scheduled([{ dates: ['2026-11-22'], max: null }]));
      expect(
        await free.quota.check({ resource: 'ocr', subject: { user: free.user }, amount: 99 }),
      ).toMatchObject({
        allowed: true,
        limits: [{ max: null, remaining: null, source: 'schedule' }],
      });
    });

    it('can never fit what is above every max that it has', async () => {
      const { quota, user } = await scene(scheduled([WEEKEND, { days: ['mon'], max: 7 }]));
      const ask = (amount: number) => quota.check({ resource: 'ocr', subject: { user }, amount });
      expect(await ask(8)).toMatchObject({ reason: 'amount-exceeds-limit' });
      expect(await ask(7)).toMatchObject({ reason: 'limit-reached' });
    });

    // The clock of the store passes the end of an entry, with the same node and the same counter.
    it('changes at the instant at which its clock says so, and keeps what was counted', async () => {
      const tested = await open({ at: Date.parse('2026-11-22T21:59:58.500+08:00') });
      await tested.applyRules([scheduled([{ from: '22:00', to: '06:00', max: 4 }])]);
      const subject = { user: 'night' };
      const look = async () => (await tested.quota.usage({ resource: 'ocr', subject })).limits[0]!;
      const deadline = Date.now() + 10_000;
      await tested.quota.check({ resource: 'ocr', subject });
      expect(await look()).toMatchObject({ max: 1, source: 'rule', used: 1 });
      while ((await look()).source === 'rule' && Date.now() < deadline) await new Promise(setImmediate);
      expect(await look()).toMatchObject({
        ...{ max: 4, source: 'schedule', used: 1, remaining: 3 },
        schedule: { index: 0, until: '2026-11-23T06:00:00+08:00' },
      });
      expect(await tested.quota.check({ resource: 'ocr', subject, amount: 3 })).toMatchObject({
        allowed: true,
      });
      await tested.close();
    });
  });

  describe('a soft limit', () => {
    const soft = (limit: Partial<Limit> = {}, rule: Partial<Rule> = {}) =>
      aRule({
        limits: [
          { window: 'day', max: 3 },
          { window: 'hour', max: 1, soft: true, onWarn, ...limit },
        ],
        ...rule,
      });

    it('passes and counts what it has no room for, and warns', async () => {
      const { quota, user } = await scene(soft());
      const ask = () => quota.check({ resource: 'ocr', subject: { user } });
      const first = await ask();
      expect(first).toMatchObject({ allowed: true, limits: [{}, { used: 1, soft: true, exceeded: false }] });
      expect(first).not.toHaveProperty('warnings');
      expect(first.limits[0]).not.toHaveProperty('soft');
      expect(await ask()).toMatchObject({
        ...{ allowed: true, reason: 'ok', wouldDeny: false },
        limits: [{ used: 2 }, { used: 2, max: 1, remaining: 0, exceeded: true }],
        warnings: [{ rule: 'ocr-per-user', window: 'hour', meter: 'units', onWarn }],
      });
      await ask();
      const refused = await ask();
      expect(refused).toMatchObject({ allowed: false, reason: 'limit-reached' });
      expect(refused).not.toHaveProperty('warnings');
      expect(refused.retryAfterMs).toBeGreaterThan(11 * 3_600_000);
    });

    it('warns a reserve, and no repetition and no look', async () => {
      const { quota, user } = await scene(soft());
      const request = { resource: 'ocr', subject: { user }, amount: 2, operationId: `${user}-job` };
      const warned = await quota.reserve(request);
      expect(warned).toMatchObject({
        allowed: true,
        warnings: [{ window: 'hour' }],
        limits: [{}, { reserved: 2 }],
      });
      expect(await quota.reserve(request)).not.toHaveProperty('warnings');
      const look = await quota.check({ resource: 'ocr', subject: { user }, amount: 0 });
      expect(look).toMatchObject({ allowed: true });
      expect(look).not.toHaveProperty('warnings');
    });

    it('is no reason to say what a rule would deny, and of one that only observes no warning', async () => {
      const { quota, user } = await scene(soft({}, { mode: 'observe' }));
      const ask = () => quota.check({ resource: 'ocr', subject: { user }, amount: 2 });
      const soon = await ask();
      expect(soon).toMatchObject({ wouldDeny: false, limits: [{}, { exceeded: true }] });
      expect(soon).not.toHaveProperty('warnings');
      expect(await ask()).toMatchObject({ allowed: true, wouldDeny: true });
    });

    it('warns of its tier’s max', async () => {
      const tiers = { by: 'plan', max: { vip: [{ window: 'hour', max: 2 }] } } as const;
      const { quota, user } = await scene(soft({}, { tiers }));
      const ask = (subject: Record<string, string>) =>
        quota.check({ resource: 'ocr', subject: { user, ...subject }, amount: 1 });
      await ask({});
      expect(await ask({ plan: 'vip' })).not.toHaveProperty('warnings');
      expect(await ask({ plan: 'vip' })).toMatchObject({ warnings: [{ window: 'hour' }] });
    });
  });
}
