import { describe, expect, it } from '@jest/globals';
import type { CheckRequest, LimitState } from '@sundial/contract';
import type { BeginScene } from './quota.contract.js';
import { aRule } from './rules.js';

/** What callers may expect of checks that take of several meters. */
export function metersContract(scene: BeginScene): void {
  const chat = aRule({
    id: 'chat-per-user',
    resource: 'chat',
    limits: [
      { window: 'day', max: 10 },
      { window: 'day', meter: 'tokens', max: 20_000 },
      { window: 'hour', meter: 'tokens', max: 5_000 },
      { window: 'day', meter: 'cny_micros', max: 5_000_000 },
    ],
  });
  const usedOf = (limits: readonly LimitState[]) => limits.map(({ used }) => used);
  const exceededOf = (limits: readonly LimitState[]) =>
    limits.filter(({ exceeded }) => exceeded).map(({ window, meter }) => `${String(window)} ${meter}`);

  describe('a check of several meters', () => {
    it('counts calls, tokens and money at once', async () => {
      const { quota, user } = await scene(chat);
      const check = { resource: 'chat', subject: { user }, amounts: { tokens: 1_200, cny_micros: 3_600 } };
      const decision = await quota.check(check);
      expect(decision).toMatchObject({
        ...{ allowed: true, reason: 'ok', wouldDeny: false },
        limits: [
          { window: 'day', meter: 'units', used: 1, remaining: 9 },
          { window: 'day', meter: 'tokens', used: 1_200, remaining: 18_800 },
          { window: 'hour', meter: 'tokens', used: 1_200, remaining: 3_800 },
          { window: 'day', meter: 'cny_micros', used: 3_600, remaining: 4_996_400 },
        ],
      });
      expect(decision).not.toHaveProperty('uncounted');
      expect(usedOf((await quota.usage({ resource: 'chat', subject: { user } })).limits)).toEqual(
        usedOf(decision.limits),
      );
    });

    // A gateway answered 429 by two budgets and one header: nothing said which of them was meant.
    it('is refused by the meter that has no room, which it names, and then counts of none', async () => {
      const { quota, user } = await scene(chat);
      const ask = (amounts: Record<string, number>, amount = 1) =>
        quota.check({ resource: 'chat', subject: { user }, amount, amounts });
      await ask({ tokens: 4_000, cny_micros: 12_000 });
      const refused = await ask({ tokens: 1_001, cny_micros: 3_000 });
      expect(refused).toMatchObject({ allowed: false, reason: 'limit-reached', replayed: false });
      expect(exceededOf(refused.limits)).toEqual(['hour tokens']);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(40 * 60_000);
      expect(usedOf(refused.limits)).toEqual([1, 4_000, 4_000, 12_000]);
      expect(await ask({ tokens: 1_000 }, 9)).toMatchObject({ allowed: true });
      const both = await ask({ tokens: 1 });
      expect(exceededOf(both.limits)).toEqual(['day units', 'hour tokens']);
      expect(both.retryAfterMs).toBeGreaterThan(10 * 3_600_000);
    });

    it('can never fit where it takes more of one meter than that ever has', async () => {
      const { quota, user } = await scene(chat);
      const decision = await quota.check({ resource: 'chat', subject: { user }, amounts: { tokens: 5_001 } });
      expect(decision).toMatchObject({ allowed: false, reason: 'amount-exceeds-limit' });
      expect(decision).not.toHaveProperty('retryAfterMs');
      expect(exceededOf(decision.limits)).toEqual(['hour tokens']);
    });

    // 0 was unlimited in one product, none in another and the default in a third.
    it('is refused by a max of 0 only where it takes of that meter, and never by one of null', async () => {
      const limits = [
        { window: 'day', max: null },
        { window: 'day', meter: 'tokens', max: 0 },
      ] as const;
      const { quota, user } = await scene(aRule({ limits }));
      const ask = (request: Partial<CheckRequest>) =>
        quota.check({ resource: 'ocr', subject: { user }, ...request });
      expect(await ask({})).toMatchObject({
        allowed: true,
        limits: [{ max: null }, { max: 0, exceeded: false }],
      });
      expect(await ask({ amounts: { tokens: 0 } })).toMatchObject({ allowed: true });
      expect(await ask({ amounts: { tokens: 1 } })).toMatchObject({
        ...{ allowed: false, reason: 'amount-exceeds-limit' },
        limits: [
          { used: 2, exceeded: false },
          { used: 0, exceeded: true },
        ],
      });
      // In usage the question is one more unit of the limit's own meter.
      const { limits: states } = await quota.usage({ resource: 'ocr', subject: { user } });
      expect(states).toMatchObject([{ exceeded: false }, { exceeded: true }]);
    });

    it('would be denied by a rule that only observes, if that has no room for what it takes', async () => {
      const { quota, user } = await scene({ ...chat, mode: 'observe' });
      const ask = (amounts: Record<string, number>) =>
        quota.check({ resource: 'chat', subject: { user }, amounts });
      expect(await ask({ tokens: 5_001 })).toMatchObject({ allowed: true, wouldDeny: true });
      expect(await ask({ cny_micros: 1 })).toMatchObject({ allowed: true, wouldDeny: false });
      expect(await ask({ tokens: 1 })).toMatchObject({ allowed: true, wouldDeny: true });
    });

    it('lists the meters that no rule counts, so that a misspelt one is seen', async () => {
      const { quota, user } = await scene(chat);
      const ask = (amounts: Record<string, number>, resource = 'chat') =>
        quota.check({ resource, subject: { user }, amounts });
      expect(await ask({ tokns: 5, tokens: 1, pages: 0 })).toMatchObject({
        ...{ allowed: true, uncounted: ['pages', 'tokns'] },
        limits: [{ used: 1 }, { used: 1 }, { used: 1 }, { used: 0 }],
      });
      expect(await ask({ tokns: 5, tokens: 5_000 })).toMatchObject({ allowed: false, uncounted: ['tokns'] });
      expect(await ask({ tokens: 5 }, 'unknown')).toMatchObject({ reason: 'no-rule', uncounted: ['tokens'] });
      expect(await ask({})).not.toHaveProperty('uncounted');
    });

    it('asks all rules of the resource, each by its own meters', async () => {
      const perSchool = aRule({
        ...{ id: 'chat-per-school', resource: 'chat', per: ['school'] },
        limits: [{ window: 'month', meter: 'tokens', max: 6_000 }],
      });
      const { quota, user } = await scene(chat, perSchool);
      const ask = (who: string, tokens: number) =>
        quota.check({
          ...{ resource: 'chat', amounts: { tokens } },
          subject: { user: who, school: `school of ${user}` },
        });
      expect(await ask(user, 4_000)).toMatchObject({ allowed: true });
      const other = await ask(`${user}-other`, 2_001);
      expect(exceededOf(other.limits)).toEqual(['month tokens']);
      expect(usedOf(other.limits)).toEqual([4_000, 0, 0, 0, 0]);
    });

    // A budget that was added to a key counted what the key had spent before.
    it('begins at 0 with a meter that its rule gets later, and keeps what was counted of the others', async () => {
      const { quota, user, applyRules } = await scene(aRule());
      const check = { resource: 'ocr', subject: { user }, amounts: { pages: 7 } };
      expect(await quota.check(check)).toMatchObject({ uncounted: ['pages'] });
      await applyRules([aRule({ limits: [...aRule().limits, { window: 'day', meter: 'pages', max: 10 }] })]);
      expect(usedOf((await quota.check(check)).limits)).toEqual([2, 2, 7]);
      expect(await quota.check(check)).toMatchObject({ allowed: false });
    });

    it('only looks where it takes nothing of any meter, and is then never refused', async () => {
      const { quota, user, applyRules } = await scene(chat);
      await quota.check({ resource: 'chat', subject: { user }, amount: 2, amounts: { tokens: 5_000 } });
      await applyRules([{ ...chat, limits: chat.limits.map((limit) => ({ ...limit, max: 1 })) }]);
      const nothing: Record<string, number>[] = [{}, { tokens: 0 }];
      for (const amounts of nothing)
        expect(await quota.check({ resource: 'chat', subject: { user }, amount: 0, amounts })).toMatchObject({
          ...{ allowed: true, replayed: false },
          limits: chat.limits.map(() => ({ exceeded: false })),
        });
    });

    // "A quota of 1 admitted 8 of 8": the budget was read, compared and only then written.
    it('takes no more of any meter than there is, however many are asked at once', async () => {
      const { quota, user } = await scene(chat);
      const check = { resource: 'chat', subject: { user }, amounts: { tokens: 1_100, cny_micros: 1 } };
      const decisions = await Promise.all(Array.from({ length: 8 }, () => quota.check(check)));
      expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(4);
      expect(usedOf((await quota.usage({ resource: 'chat', subject: { user } })).limits)).toEqual([
        ...[4, 4_400, 4_400, 4],
      ]);
    });
  });

  describe('an operation of several meters', () => {
    // A retry was billed twice.
    it('counts once, whatever the order in which its amounts are written', async () => {
      const { quota, user } = await scene(chat);
      const ask = (amounts: Record<string, number>) =>
        quota.check({ resource: 'chat', subject: { user }, amounts, operationId: `${user}-o1` });
      expect(await ask({ tokens: 5, cny_micros: 7 })).toMatchObject({ replayed: false });
      expect(await ask({ cny_micros: 7, tokens: 5 })).toMatchObject({
        ...{ allowed: true, replayed: true },
        limits: [{ used: 1 }, { used: 5 }, { used: 5 }, { used: 7 }],
      });
      expect(await ask({ cny_micros: 7, tokens: 5, pages: 0 })).toMatchObject({ replayed: true });
    });

    // A key that was used again with another payload was not billed.
    it.each<[string, Partial<CheckRequest>]>([
      ['more of a meter', { amounts: { tokens: 6 } }],
      ['nothing of the meter', { amounts: {} }],
      ['another meter', { amounts: { cny_micros: 5 } }],
      ['a meter more, though no rule counts it', { amounts: { tokens: 5, pages: 1 } }],
      ['another amount of units', { amount: 0 }],
    ])('conflicts with %s under its id, and counts nothing', async (_what, other) => {
      const { quota, user } = await scene(chat);
      const request = { resource: 'chat', subject: { user }, operationId: `${user}-o1` };
      await quota.check({ ...request, amounts: { tokens: 5 } });
      const conflict = expect.objectContaining({ code: 'operation-conflict' });
      await expect(quota.check({ ...request, amounts: { tokens: 5 }, ...other })).rejects.toEqual(conflict);
      const { limits } = await quota.usage({ resource: 'chat', subject: { user } });
      expect(usedOf(limits)).toEqual([1, 5, 5, 0]);
    });

    it('is known again under the id that its server made, with what it took', async () => {
      const { quota, user } = await scene(chat);
      const request = { resource: 'chat', subject: { user }, amounts: { tokens: 5 } };
      const { operationId } = await quota.check(request);
      expect(await quota.check({ ...request, operationId })).toMatchObject({ replayed: true });
      await expect(quota.check({ ...request, operationId, amounts: { tokens: 6 } })).rejects.toMatchObject({
        code: 'operation-conflict',
      });
      const withMore = { ...request, subject: { user, grade: '3' } };
      const other = await quota.check(withMore);
      expect(await quota.check({ ...withMore, operationId: other.operationId })).toMatchObject({
        replayed: true,
      });
    });
  });
}
