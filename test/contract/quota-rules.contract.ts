import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Rule } from '@sundial/contract';
import { TWENTY_PAST_NOON, type BeginScene, type OpenQuota } from './quota.contract.js';
import { aRule } from './rules.js';

export function ruleContract(scene: BeginScene, open: OpenQuota): void {
  const day = (max: number): Rule['limits'] => [{ window: 'day', max }];

  describe('a rule that only observes', () => {
    const observing = aRule({ id: 'observing', mode: 'observe', limits: day(1) });

    it('counts, and says that it would have denied, but never does', async () => {
      const { quota, user } = await scene(observing);
      const ask = () => quota.check({ resource: 'ocr', subject: { user } });
      expect(await ask()).toMatchObject({
        allowed: true,
        wouldDeny: false,
        limits: [{ mode: 'observe', used: 1 }],
      });
      expect(await ask()).toMatchObject({
        ...{ allowed: true, reason: 'ok', wouldDeny: true },
        limits: [{ used: 2, remaining: 0, exceeded: true }],
      });
    });

    it('makes no caller wait when another rule refuses', async () => {
      const hourly = aRule({ limits: [{ window: 'hour', max: 2 }] });
      const { quota, user } = await scene(hourly, { ...observing, onDeny: { code: 'NEVER' } });
      const subject = { user };
      await quota.check({ resource: 'ocr', subject, amount: 2 });
      const decision = await quota.check({ resource: 'ocr', subject });
      expect(decision).toMatchObject({ allowed: false, reason: 'limit-reached', wouldDeny: true });
      expect(decision.retryAfterMs).toBeLessThan(3_600_000);
      expect(decision).not.toHaveProperty('onDeny');
    });
  });

  describe('a rule that is off', () => {
    it('is not there', async () => {
      const { quota, user } = await scene(aRule({ mode: 'off', limits: day(0) }));
      expect(await quota.check({ resource: 'ocr', subject: { user } })).toMatchObject({
        reason: 'no-rule',
        limits: [],
      });
      expect(await quota.check({ resource: 'ocr', subject: { other: 'x' } })).toMatchObject({
        reason: 'no-rule',
      });
    });

    // Who lifts a limit in an emergency must not close the resource.
    it('makes its resource no unknown one, where those are denied', async () => {
      const strict = await open({ at: TWENTY_PAST_NOON, unknownResource: 'deny' });
      await strict.applyRules([aRule({ mode: 'off' })]);
      const ask = (resource: string) => strict.quota.check({ resource, subject: { user: 'u1' } });
      expect(await ask('ocr')).toMatchObject({ allowed: true, reason: 'no-rule' });
      expect(await ask('asr')).toMatchObject({ allowed: false, reason: 'no-rule' });
      await strict.close();
    });

    it('leaves the other rules of its resource alone', async () => {
      const { quota, user } = await scene(
        aRule({ id: 'a', mode: 'off', per: ['grade'] }),
        aRule({ id: 'b' }),
      );
      const { limits } = await quota.check({ resource: 'ocr', subject: { user } });
      expect(limits.map(({ rule }) => rule)).toEqual(['b', 'b']);
    });
  });

  describe('what a rule wants to happen', () => {
    const onDeny = {
      code: 'OCR_LIMIT',
      message: 'Come back tomorrow',
      action: 'recharge-vip',
      params: { plan: ['a'] },
    };

    it('is handed out untouched with a refusal, and never with an allowance', async () => {
      const { quota, user } = await scene(aRule({ limits: day(1), onDeny }));
      const ask = () => quota.check({ resource: 'ocr', subject: { user } });
      expect(await ask()).not.toHaveProperty('onDeny');
      expect((await ask()).onDeny).toEqual(onDeny);
    });

    it('is that of the first rule that refuses', async () => {
      const rules = [
        aRule({ id: 'a', limits: day(5), onDeny: { code: 'A' } }),
        aRule({ id: 'b', limits: day(1), onDeny: { code: 'B' } }),
        aRule({ id: 'c', limits: day(1), onDeny: { code: 'C' } }),
      ];
      const { quota, user } = await scene(...rules);
      expect(await quota.check({ resource: 'ocr', subject: { user }, amount: 2 })).toMatchObject({
        onDeny: { code: 'B' },
      });
    });
  });

  describe('changing a rule', () => {
    it('shows in the version of the rules, of which an answer has one', async () => {
      const { quota, user, applyRules } = await scene(aRule());
      const version = await applyRules([aRule(), aRule({ id: 'z' })]);
      const decision = await quota.check({ resource: 'ocr', subject: { user } });
      expect(decision.rulesVersion).toBe(version);
      expect(decision.limits.map(({ rule }) => rule)).toEqual(['ocr-per-user', 'ocr-per-user', 'z', 'z']);
      expect((await quota.usage({ resource: 'ocr', subject: { user } })).rulesVersion).toBe(version);
      expect((await quota.check({ resource: 'none', subject: { user } })).rulesVersion).toBe(version);
      expect(await applyRules([aRule()])).toBeGreaterThan(version);
    });

    it('keeps what was counted when only the limit is edited', async () => {
      const { quota, user, applyRules } = await scene(aRule({ limits: day(3) }));
      const ask = () => quota.check({ resource: 'ocr', subject: { user } });
      for (let i = 0; i < 3; i++) await ask();
      expect(await ask()).toMatchObject({ allowed: false });
      await applyRules([aRule({ limits: day(4) })]);
      expect(await ask()).toMatchObject({ allowed: true, limits: [{ max: 4, used: 4, remaining: 0 }] });
      await applyRules([aRule({ limits: day(2) })]);
      expect(await ask()).toMatchObject({
        allowed: false,
        limits: [{ max: 2, used: 4, remaining: 0, exceeded: true }],
      });
    });

    it('keeps what was counted when its mode, its texts or its other limits are edited', async () => {
      const { quota, user, applyRules } = await scene(aRule({ limits: day(3) }));
      await quota.check({ resource: 'ocr', subject: { user }, amount: 2 });
      const edited = aRule({ mode: 'observe', degrade: 'deny', description: 'New', onDeny: { code: 'N' } });
      await applyRules([edited]);
      const { limits } = await quota.check({ resource: 'ocr', subject: { user } });
      expect(limits).toMatchObject([
        { window: 'day', used: 3 },
        { window: 'hour', used: 1 },
      ]);
    });

    it.each([
      ['the window', { limits: [{ window: 'week', max: 3 }] }],
      ['the time zone', { timeZone: 'Asia/Tokyo' }],
      ['what it counts per', { per: ['user', 'grade'] }],
    ] satisfies [string, Partial<Rule>][])('starts new counters when %s is edited', async (_what, edit) => {
      const { quota, user, applyRules } = await scene(aRule({ limits: day(3) }));
      const ask = () => quota.check({ resource: 'ocr', subject: { user, grade: '3' }, amount: 3 });
      await ask();
      await applyRules([aRule({ limits: day(3), ...edit })]);
      expect(await ask()).toMatchObject({ allowed: true, limits: [{ used: 3 }] });
    });
  });

  describe('a limit without a max', () => {
    const unlimited = aRule({
      limits: [
        { window: 'day', max: null },
        { window: 'hour', max: 3 },
      ],
    });
    const state = { window: 'day', max: null, remaining: null, exceeded: false };

    it('counts and never refuses', async () => {
      const { quota, user } = await scene({ ...unlimited, limits: unlimited.limits.slice(0, 1) });
      const ask = (amount: number) => quota.check({ resource: 'ocr', subject: { user }, amount });
      expect(await ask(1_000)).toMatchObject({
        allowed: true,
        reason: 'ok',
        limits: [{ ...state, used: 1_000 }],
      });
      const most = await ask(Number.MAX_SAFE_INTEGER);
      expect(most).toMatchObject({ allowed: true, limits: [{ ...state, used: Number.MAX_SAFE_INTEGER }] });
      expect(await ask(1)).toMatchObject({ allowed: true, reason: 'ok' });
      const usage = await quota.usage({ resource: 'ocr', subject: { user } });
      expect(usage.limits).toMatchObject([{ ...state, used: Number.MAX_SAFE_INTEGER, reserved: 0 }]);
    });

    it('has no part in a refusal of another limit, and counts nothing then', async () => {
      const { quota, user } = await scene(unlimited);
      const ask = (amount: number) => quota.check({ resource: 'ocr', subject: { user }, amount });
      await ask(2);
      const refused = await ask(2);
      expect(refused).toMatchObject({
        ...{ allowed: false, reason: 'limit-reached' },
        limits: [
          { ...state, used: 2 },
          { window: 'hour', max: 3, used: 2, remaining: 1, exceeded: true },
        ],
      });
      expect(refused.retryAfterMs).toBeLessThanOrEqual(3_600_000);
      expect(await ask(4)).toMatchObject({ reason: 'amount-exceeds-limit' });
    });

    it('never would deny where its rule only observes', async () => {
      const { quota, user } = await scene({
        ...unlimited,
        mode: 'observe',
        limits: unlimited.limits.slice(0, 1),
      });
      const decision = await quota.check({ resource: 'ocr', subject: { user }, amount: 1_000 });
      expect(decision).toMatchObject({
        allowed: true,
        wouldDeny: false,
        limits: [{ ...state, used: 1_000 }],
      });
    });

    it('keeps what was counted when it gets a max, and when it loses it', async () => {
      const { quota, user, applyRules } = await scene(aRule({ limits: day(3) }));
      const ask = () => quota.check({ resource: 'ocr', subject: { user }, amount: 3 });
      await ask();
      await applyRules([aRule({ limits: [{ window: 'day', max: null }] })]);
      expect(await ask()).toMatchObject({ allowed: true, limits: [{ ...state, used: 6 }] });
      await applyRules([aRule({ limits: day(3) })]);
      expect(await ask()).toMatchObject({ allowed: false, limits: [{ max: 3, used: 6, remaining: 0 }] });
    });
  });

  describe('a rule per nothing', () => {
    it('has one counter that all subjects share', async () => {
      const { quota, user, applyRules } = await scene();
      await applyRules([aRule({ id: `all-of-${user}`, per: [], limits: day(2) })]);
      const allowed = [];
      for (const name of ['a', 'b', 'c']) {
        allowed.push((await quota.check({ resource: 'ocr', subject: { user: `${user}-${name}` } })).allowed);
      }
      expect(allowed).toEqual([true, true, false]);
    });

    it('counts a subject without attributes', async () => {
      const { quota, applyRules } = await scene();
      await applyRules([aRule({ id: `nothing-${randomUUID()}`, per: [], limits: day(1) })]);
      const ask = async () => (await quota.check({ resource: 'ocr', subject: {} })).allowed;
      expect([await ask(), await ask()]).toEqual([true, false]);
      expect(await quota.usage({ resource: 'ocr', subject: {} })).toMatchObject({ limits: [{ used: 1 }] });
    });

    it('counts a subject without attributes in a batch, under an operation id, and beside one with attributes', async () => {
      const { quota, user, applyRules } = await scene();
      await applyRules([aRule({ id: `nothing-${randomUUID()}`, per: [], limits: day(2) })]);
      const batch = [{}, {}, { user }, {}].map((subject) => ({ resource: 'ocr', subject }));
      expect(await quota.checkBatch(batch)).toMatchObject(
        [true, true, false, false].map((allowed) => ({ allowed })),
      );
      await applyRules([aRule({ id: `nothing-${randomUUID()}`, per: [], limits: day(2) })]);
      const named = { resource: 'ocr', subject: {}, operationId: `${user}-job` };
      expect(await quota.check(named)).toMatchObject({ allowed: true, replayed: false });
      expect(await quota.check(named)).toMatchObject({
        allowed: true,
        replayed: true,
        limits: [{ used: 1 }],
      });
    });
  });
}
