import { describe, expect, it } from '@jest/globals';
import type { CheckRequest } from '@sundial/contract';
import type { BeginScene } from './quota.contract.js';
import { aRule } from './rules.js';

export function operationContract(scene: BeginScene): void {
  const perUser = aRule();
  const conflict = expect.objectContaining({ code: 'operation-conflict', retryable: false });

  describe('an operation', () => {
    it('counts once, and its answer is repeated with the limits as they are now', async () => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      expect(await quota.check(request)).toMatchObject({
        allowed: true,
        replayed: false,
        operationId: `${user}-o1`,
      });
      await quota.check({ resource: 'ocr', subject: { user } });
      expect(await quota.check(request)).toMatchObject({
        ...{ allowed: true, reason: 'ok', replayed: true, operationId: `${user}-o1` },
        limits: [
          { used: 2, exceeded: false },
          { used: 2, exceeded: false },
        ],
      });
    });

    it('counts once when it is asked many times at once', async () => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      const decisions = await Promise.all(Array.from({ length: 20 }, () => quota.check(request)));
      expect(decisions.every(({ allowed }) => allowed)).toBe(true);
      expect(decisions.filter(({ replayed }) => !replayed)).toHaveLength(1);
      const { limits } = await quota.usage({ resource: 'ocr', subject: { user } });
      expect(limits.map(({ used }) => used)).toEqual([1, 1]);
    });

    it('is allowed again where no room is left for another', async () => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1`, amount: 3 };
      await quota.check(request);
      expect(await quota.check(request)).toMatchObject({ allowed: true, replayed: true });
      expect(await quota.check({ ...request, operationId: `${user}-o2` })).toMatchObject({ allowed: false });
    });

    it('is allowed again when its rule has become stricter', async () => {
      const { quota, user, applyRules } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1`, amount: 3 };
      await quota.check(request);
      await applyRules([aRule({ limits: [{ window: 'day', max: 1 }] })]);
      expect(await quota.check(request)).toMatchObject({ allowed: true, replayed: true });
    });

    it.each<[string, (user: string) => Partial<CheckRequest>]>([
      ['another amount', () => ({ amount: 2 })],
      ['another amount that looks alike', () => ({ amount: 36 })],
      ['an attribute more', (user) => ({ subject: { user, grade: '3' } })],
    ])('conflicts with %s under its id, and counts nothing', async (_what, otherFor) => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      await quota.check(request);
      const other = { ...request, ...otherFor(user) };
      await expect(quota.check(other)).rejects.toEqual(conflict);
      for (const subject of [other.subject, request.subject]) {
        const { limits } = await quota.usage({ resource: 'ocr', subject });
        expect(limits.map((limit) => limit.used)).toEqual([1, 1]);
      }
    });

    it.each<[string, Partial<CheckRequest>]>([
      ['user', { subject: { user: 'another-user' } }],
      ['resource', { resource: 'asr' }],
    ])('is another one for another %s, under the same id', async (_what, elsewhere) => {
      const { quota, user } = await scene(perUser, aRule({ id: 'asr-per-user', resource: 'asr' }));
      const first = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      const other = { ...first, ...elsewhere, amount: 2 };
      for (const replayed of [false, true]) {
        expect(await quota.check(first)).toMatchObject({
          allowed: true,
          replayed,
          limits: [{ used: 1 }, {}],
        });
        expect(await quota.check(other)).toMatchObject({
          allowed: true,
          replayed,
          limits: [{ used: 2 }, {}],
        });
      }
    });

    // README: `operationId: job.id`, for a job that recognises a page and then asks a model about it.
    it('is one for each step of a job that uses its own id for all of them', async () => {
      const llm = aRule({ id: 'llm-per-user', resource: 'llm', limits: [{ window: 'day', max: 1_000 }] });
      const budget = aRule({
        id: 'llm-budget',
        resource: 'llm',
        per: ['team'],
        limits: [{ window: 'day', max: 900 }],
      });
      const { quota, user } = await scene(perUser, llm, budget);
      const subject = { user, team: `${user}-team` };
      const ocr = { resource: 'ocr', subject, operationId: `${user}-job` };
      const steps = [ocr, { ...ocr, resource: 'llm', amount: 700 }];
      for (const replayed of [false, true]) {
        const inTurn = [await quota.check(steps[0]!), await quota.check(steps[1]!)];
        expect(inTurn).toMatchObject([
          { allowed: true, replayed },
          { allowed: true, replayed },
        ]);
        expect(inTurn.map(({ limits }) => limits.map(({ used }) => used))).toEqual([
          [1, 1],
          [700, 700],
        ]);
      }
      const again = await quota.checkBatch(steps);
      expect(again).toMatchObject([{ replayed: true }, { replayed: true }]);
    });

    it('is the same one for each value of what its rules do not count by, and another for each that they do', async () => {
      const perGrade = aRule({ id: 'ocr-per-grade', per: ['grade'] });
      const { quota, user } = await scene(perUser, perGrade);
      const ask = (grade: string) =>
        quota.check({
          resource: 'ocr',
          subject: { user, grade: `${user}-${grade}` },
          operationId: `${user}-o1`,
        });
      for (const replayed of [false, true])
        for (const grade of ['3', '4']) expect(await ask(grade)).toMatchObject({ allowed: true, replayed });
    });

    it('is not remembered when it was refused: the id may be used again', async () => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      expect(await quota.check({ ...request, amount: 4 })).toMatchObject({ allowed: false });
      expect(await quota.check(request)).toMatchObject({ allowed: true, replayed: false });
    });

    it('is not remembered when it only looked', async () => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      await quota.check({ ...request, amount: 0 });
      expect(await quota.check(request)).toMatchObject({ allowed: true, replayed: false });
    });

    it('has an id of its own where the caller gives none, which the caller may repeat', async () => {
      const { quota, user } = await scene(perUser);
      const ask = (operationId?: string) =>
        quota.check({ resource: 'ocr', subject: { user }, ...(operationId && { operationId }) });
      const [first, second] = [await ask(), await ask()];
      expect(first.operationId).not.toBe(second.operationId);
      expect(await ask(first.operationId)).toMatchObject({
        replayed: true,
        limits: [{ used: 2 }, { used: 2 }],
      });
    });

    it('is only what its server gave to this subject: the same id is another operation for another one', async () => {
      const { quota, user } = await scene(perUser);
      const { operationId } = await quota.check({ resource: 'ocr', subject: { user } });
      const other = { resource: 'ocr', subject: { user: `${user}-other` }, operationId };
      expect(await quota.check(other)).toMatchObject({ allowed: true, replayed: false, operationId });
      expect(await quota.check(other)).toMatchObject({ allowed: true, replayed: true });
      const mine = { resource: 'ocr', subject: { user }, operationId };
      expect(await quota.check(mine)).toMatchObject({ replayed: true, limits: [{ used: 1 }, { used: 1 }] });
    });

    // A caller looked at one id, claimed the next 200, and 30 of 30 checks of others were refused, and 30 of his were free.
    it('can not be claimed before it is made: no id that looks like a server’s meets one', async () => {
      const { quota, user } = await scene(aRule({ limits: [{ window: 'day', max: 1_000 }] }));
      const { operationId } = await quota.check({ resource: 'ocr', subject: { user } });
      const [process, number, tag] = operationId.split('.') as [string, string, string];
      const next = (by: number) => (parseInt(number, 36) + by).toString(36);
      const claims = Array.from({ length: 200 }, (_, i) => [
        `${process}.${next(i + 1)}.${tag}`,
        `${process}.${next(i + 1)}`,
      ]).flat();
      const claimed = await quota.checkBatch(
        claims.map((id) => ({ resource: 'ocr', subject: { user }, amount: 2, operationId: id })),
      );
      expect(claimed).toMatchObject(claims.map(() => ({ allowed: true, replayed: false })));
      for (const who of [user, `${user}-other`]) {
        const [before] = (await quota.usage({ resource: 'ocr', subject: { user: who } })).limits;
        const asked = Array.from({ length: 30 }, () =>
          quota.check({ resource: 'ocr', subject: { user: who } }),
        );
        for (const decision of await Promise.all(asked))
          expect(decision).toMatchObject({ allowed: true, replayed: false });
        const [after] = (await quota.usage({ resource: 'ocr', subject: { user: who } })).limits;
        expect(after!.used).toBe(before!.used + 30);
      }
    });

    it('may have any id of 1 to 128 printable characters', async () => {
      const { quota, user } = await scene(aRule({ limits: [{ window: 'day', max: 100 }] }));
      for (const id of [
        '{}',
        ' ',
        '~',
        '"\\',
        '%00',
        '../..',
        'é'.normalize('NFKD').slice(0, 1),
        'x'.repeat(100),
      ]) {
        const request = { resource: 'ocr', subject: { user }, operationId: `${id}${user}` };
        expect(await quota.check(request)).toMatchObject({ allowed: true, replayed: false });
        expect(await quota.check(request)).toMatchObject({ allowed: true, replayed: true });
      }
    });
  });

  describe('a batch', () => {
    it('decides each check by itself, in order', async () => {
      const { quota, user } = await scene(perUser);
      const check = (amount: number) => ({ resource: 'ocr', subject: { user }, amount });
      const decisions = await quota.checkBatch([check(2), check(2), check(1), check(1)]);
      expect(decisions).toMatchObject([true, false, true, false].map((allowed) => ({ allowed })));
    });

    it('has an operation’s conflict in its place, and decides the others', async () => {
      const { quota, user } = await scene(perUser);
      const request = { resource: 'ocr', subject: { user }, operationId: `${user}-o1` };
      const [first, second, third] = await quota.checkBatch([request, { ...request, amount: 2 }, request]);
      expect(first).toMatchObject({ allowed: true, replayed: false });
      expect(second).toEqual(conflict);
      expect(third).toMatchObject({ allowed: true, replayed: true });
    });

    it.each([undefined, null, 'ocr', 7, {}, { length: 1 }])(
      'is refused when it is no list: %j',
      async (input) => {
        const { quota } = await scene(perUser);
        await expect(quota.checkBatch(input as never)).rejects.toMatchObject({
          code: 'invalid-request',
          errors: [{ path: 'checks', message: 'must be a list of checks' }],
        });
      },
    );

    it('counts nothing when one of its checks is bad, and says which and why', async () => {
      const { quota, user } = await scene(perUser);
      const good = { resource: 'ocr', subject: { user } };
      const batch = [good, { ...good, amount: -1 }, { resource: 'ocr', subject: { grade: '3' } }];
      await expect(quota.checkBatch(batch)).rejects.toMatchObject({
        code: 'invalid-request',
        errors: [{ path: 'checks.1.amount' }, { path: 'checks.2.subject.user' }],
      });
      const { limits } = await quota.usage(good);
      expect(limits.map(({ used }) => used)).toEqual([0, 0]);
    });
  });
}
