import type { Limit, Rule } from '@sundial/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import type { RedisTarget } from '@sundial/redis';
import fc from 'fast-check';
import { openRedisStore } from '../contract/store-under-test.js';
import { aRule } from '../contract/rules.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { engineOn } from '../support/engine-on.js';

/** Far from the ends of all windows. */
const AT = Date.parse('2026-11-22T12:20:30+08:00');
const ENGINES = 3;

const anyMax = fc.integer({ min: 0, max: 60 });
const anyLimits: fc.Arbitrary<Limit[]> = fc.record({ day: anyMax, hour: anyMax }).map(({ day, hour }) => [
  { window: 'day', max: day },
  { window: 'hour', max: hour },
]);
function unitsAndTokens(units: number, tokens: number): readonly Limit[] {
  return [
    { window: 'day', max: units },
    { window: 'day', meter: 'tokens', max: 4 * tokens },
    { window: 'hour', meter: 'tokens', max: 3 * tokens },
  ];
}

const anyAmounts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 50, maxLength: 150 });

describe.each([
  ['one Redis', () => RedisProcess.start(), 25],
  ['a Cluster of three', () => RedisCluster.start(), 15],
] as const)('engines that share %s, asked all at once', (_where, start, numRuns) => {
  let server: RedisProcess | RedisCluster;
  const rules = Array.from({ length: ENGINES }, () => new LiveRules());
  let engines: QuotaEngine[];
  beforeAll(async () => {
    server = await start();
    engines = await Promise.all(
      rules.map(async (live) => {
        const store = await openRedisStore(targetOf(server), AT - Date.now());
        return engineOn({ store, rules: live, deadlineMs: 10_000 });
      }),
    );
  }, 30_000);
  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await server.stop();
  });

  /** A round of its own: no other round asks for its subjects, and every engine has its rules. */
  let rounds = 0;
  function begin(...next: readonly Partial<Rule>[]): string {
    const round = `round-${rounds++}`;
    const book = next.map((rule, i) => aRule({ id: `${round}-${i}`, resource: round, ...rule }));
    for (const live of rules) live.apply(new RuleBook(live.current.version + 1, book));
    return round;
  }

  it('never allow more than any limit, and count exactly what they allowed in every window', async () => {
    await fc.assert(
      fc.asyncProperty(anyLimits, anyAmounts, async (limits, amounts) => {
        const resource = begin({ limits });
        const subject = { user: 'u1' };
        const decisions = await Promise.all(
          amounts.map((amount, i) => engines[i % ENGINES]!.check({ resource, subject, amount })),
        );
        const allowed = amounts
          .filter((_, i) => decisions[i]!.allowed)
          .reduce((sum, amount) => sum + amount, 0);
        expect(decisions.filter(({ degraded }) => degraded !== null)).toEqual([]);
        for (const { max } of limits) expect(allowed).toBeLessThanOrEqual(max!);
        for (const engine of engines) {
          const usage = await engine.usage({ resource, subject });
          expect(usage.limits.map(({ used }) => used)).toEqual([allowed, allowed]);
        }
      }),
      { numRuns },
    );
  }, 60_000);

  it('hold that for each meter, and count all that a check takes or nothing', async () => {
    const anyTaken = fc.array(
      fc.record({ amount: fc.nat({ max: 2 }), tokens: fc.nat({ max: 9 }), money: fc.nat({ max: 5 }) }),
      { minLength: 50, maxLength: 120 },
    );
    await fc.assert(
      fc.asyncProperty(anyMax, anyMax, anyMax, anyTaken, async (units, tokens, money, taken) => {
        const resource = begin(
          { per: ['user'], limits: unitsAndTokens(units, tokens) },
          { per: ['school'], limits: [{ window: 'day', meter: 'money', max: money }] },
        );
        const subject = { user: 'u1', school: 's1' };
        const decisions = await Promise.all(
          taken.map(({ amount, ...amounts }, i) =>
            engines[i % ENGINES]!.check({ resource, subject, amount, amounts }),
          ),
        );
        expect(decisions.filter(({ degraded }) => degraded !== null)).toEqual([]);
        const allowed = { amount: 0, tokens: 0, money: 0 };
        taken.forEach((each, i) => {
          if (!decisions[i]!.allowed) return;
          for (const meter of ['amount', 'tokens', 'money'] as const) allowed[meter] += each[meter];
        });
        const { limits } = await engines[0]!.usage({ resource, subject });
        expect(limits.map(({ used }) => used)).toEqual([
          ...[allowed.amount, allowed.tokens, allowed.tokens, allowed.money],
        ]);
        for (const { used, max } of limits) expect(used).toBeLessThanOrEqual(max!);
      }),
      { numRuns },
    );
  }, 60_000);

  it('hold that for every rule when subjects meet in some of them', async () => {
    await fc.assert(
      fc.asyncProperty(anyLimits, anyLimits, anyAmounts, async (perUser, perGrade, amounts) => {
        const resource = begin({ per: ['user'], limits: perUser }, { per: ['grade'], limits: perGrade });
        const subjects = amounts.map((_, i) => ({ user: `u${i % 3}`, grade: `g${i % 2}` }));
        const decisions = await Promise.all(
          amounts.map((amount, i) =>
            engines[i % ENGINES]!.check({ resource, subject: subjects[i]!, amount }),
          ),
        );
        const allowedOf = (is: (subject: { user: string; grade: string }) => boolean) =>
          amounts.reduce(
            (sum, amount, i) => sum + (decisions[i]!.allowed && is(subjects[i]!) ? amount : 0),
            0,
          );
        expect(decisions.filter(({ degraded }) => degraded !== null)).toEqual([]);
        for (const { user, grade } of subjects.slice(0, 6)) {
          const [ofUser, ofGrade] = [allowedOf((s) => s.user === user), allowedOf((s) => s.grade === grade)];
          for (const { max } of perUser) expect(ofUser).toBeLessThanOrEqual(max!);
          for (const { max } of perGrade) expect(ofGrade).toBeLessThanOrEqual(max!);
          const { limits } = await engines[0]!.usage({ resource, subject: { user, grade } });
          expect(limits.map(({ used }) => used)).toEqual([ofUser, ofUser, ofGrade, ofGrade]);
        }
      }),
      { numRuns },
    );
  }, 60_000);

  it('count an operation once that all of them are asked for at once', async () => {
    const resource = begin({ limits: [{ window: 'day', max: 40 }] });
    const subject = { user: 'u1' };
    const asked = Array.from({ length: 120 }, (_, i) =>
      engines[i % ENGINES]!.check({ resource, subject, operationId: `${resource}-${i % 30}` }),
    );
    const decisions = await Promise.all(asked);
    expect(decisions.every(({ allowed }) => allowed)).toBe(true);
    expect(decisions.filter(({ replayed }) => !replayed)).toHaveLength(30);
    const { limits } = await engines[0]!.usage({ resource, subject });
    expect(limits).toMatchObject([{ used: 30 }]);
  });
});

function targetOf(server: RedisProcess | RedisCluster): RedisTarget {
  if (server instanceof RedisProcess) return { kind: 'single', url: server.url };
  return { kind: 'cluster', nodes: server.nodes.map(({ port }) => ({ host: '127.0.0.1', port })) };
}
