import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RuleIndex } from '../rules/rule-index.js';
import type { Rule } from '@sundial/contract';
import { CheckPlanner } from './check-planner.js';

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-11-22T04:20:00Z');
const rule = (id: string, per: readonly string[]): Rule => ({
  ...{ id, resource: 'ocr', per, timeZone: 'UTC', mode: 'enforce', degrade: 'local' },
  limits: [{ window: 'hour', max: 3 }],
});

describe('Questions', () => {
  const keysOf = (...[rules, subject, now = NOW]: Parameters<CheckPlanner['at']> | [Rule[], object]) =>
    new CheckPlanner().at(rules, subject as never, now as number).counters.map(({ key }) => key);

  /** Asks twice: from then on the counters of a subject are kept. */
  const kept = (planner: CheckPlanner, ...asked: Parameters<CheckPlanner['at']>) => {
    planner.at(...asked);
    return planner.at(...asked);
  };

  it('returns the counters of an earlier window, and keeps those of now', () => {
    const [planner, rules] = [new CheckPlanner(), [rule('r', ['user'])]];
    const now = kept(planner, rules, { user: 'u1' }, NOW);
    const [before] = planner.countersAt(rules, { user: 'u1' }, NOW - HOUR_MS);
    expect(before!.key).toBe(now.counters[0]!.key);
    expect(before!.limits[0]!.bounds[1]).toBe(now.counters[0]!.limits[0]!.bounds[0]);
    expect(planner.at(rules, { user: 'u1' }, NOW).counters).toBe(now.counters);
  });

  it('are of the same counters while their windows last, and of others after', () => {
    const [planner, rules] = [new CheckPlanner(), [rule('r', ['user'])]];
    const first = kept(planner, rules, { user: 'u1' }, NOW);
    const again = planner.at(rules, { user: 'u1', city: 'c' }, NOW + 60_000);
    expect(again.rules).toBe(first.rules);
    expect(again.counters).toBe(first.counters);
    const next = planner.at(rules, { user: 'u1' }, NOW + HOUR_MS);
    expect(next.rules).not.toBe(first.rules);
    expect(next.counters).not.toBe(first.counters);
    expect(next.counters.map(({ key }) => key)).toEqual(first.counters.map(({ key }) => key));
    expect(next.counters[0]!.limits[0]!.bounds[0]).toBe(first.counters[0]!.limits[0]!.bounds[1]);
  });

  it('are of one subject and one set of rules, whatever was asked before', () => {
    const planner = new CheckPlanner();
    const anyValue = fc.string({ unit: fc.constantFrom('a', '1', ' '), minLength: 1, maxLength: 4 });
    const [perUser, perBoth, perAll] = [
      [rule('r', ['user'])],
      [rule('r', ['user', 'grade'])],
      [rule('r', [])],
    ];
    fc.assert(
      fc.property(fc.constantFrom(perUser, perBoth, perAll), anyValue, anyValue, (rules, user, grade) => {
        const { counters } = planner.at(rules, { user, grade }, NOW);
        expect(counters.map(({ key }) => key)).toEqual(keysOf(rules, { user, grade }));
      }),
      { numRuns: 500 },
    );
  });

  /** A write made every node plan the checks of every resource again. */
  it('stay as they are when a rule of another resource is written', () => {
    const [planner, subject] = [new CheckPlanner(), { user: 'u1' }];
    const others = Array.from({ length: 300 }, (_, n) => ({ ...rule(`o${n}`, ['user']), resource: `r${n}` }));
    const before = RuleIndex.of([rule('r', ['user']), ...others], 1);
    const first = kept(planner, before.counting('ocr'), subject, NOW);
    const other = kept(planner, before.counting('r7'), subject, NOW);
    const edited = { ...others[7]!, limits: [{ window: 'hour', max: 4 }] } as Rule;
    const after = before.changed({ set: [{ rule: edited, revision: 2 }], removed: ['o9'] });
    const again = planner.at(after.counting('ocr'), subject, NOW);
    expect(again.rules).toBe(first.rules);
    expect(again.counters).toBe(first.counters);
    const changed = planner.at(after.counting('r7'), subject, NOW);
    expect(changed.counters).not.toBe(other.counters);
    expect(changed.rules[0]!.limits[0]!.max).toBe(4);
  });

  it('keep the windows of the rules of a resource that are not written', () => {
    const [planner, subject] = [new CheckPlanner(), { user: 'u1' }];
    const before = RuleIndex.of([rule('a', ['user']), rule('b', ['user'])], 1);
    const first = planner.at(before.counting('ocr'), subject, NOW);
    const edited = { ...rule('b', ['user']), description: 'edited' };
    const after = before.changed({ set: [{ rule: edited, revision: 2 }], removed: [] });
    const again = planner.at(after.counting('ocr'), subject, NOW);
    expect(again.rules[0]).toBe(first.rules[0]);
    expect(again.rules[1]).not.toBe(first.rules[1]);
  });

  it('are forgotten when there are many, and right all the same', () => {
    const [planner, rules] = [new CheckPlanner(), [rule('r', ['user'])]];
    const first = kept(planner, rules, { user: 'u0' }, NOW);
    for (let i = 1; i <= 50_000; i++) kept(planner, rules, { user: `u${i}` }, NOW);
    const again = planner.at(rules, { user: 'u0' }, NOW);
    expect(again.counters).not.toBe(first.counters);
    expect(again).toEqual(first);
  });

  // A million subjects that each came once cost 630 bytes of old heap each, and throughput while the heap was marked.
  it('are kept from the second time on, however many others come only once', () => {
    const [planner, rules] = [new CheckPlanner(), [rule('r', ['user'])]];
    const at = (user: string) => planner.at(rules, { user }, NOW).counters;
    const first = at('regular');
    const second = at('regular');
    expect(second).not.toBe(first);
    expect(second).toEqual(first);
    for (let i = 0; i < 200_000; i++) at(`once-${i}`);
    expect(at('regular')).toBe(second);
    // One place in twenty of the doorkeeper's table still has the name of one that came first.
    const isKept = (user: string) => at(user) === at(user);
    expect(Array.from({ length: 100 }, (_, i) => isKept(`once-${i}`)).filter(Boolean).length).toBeLessThan(
      50,
    );
  });

  describe('of rules with tiers', () => {
    const VIP = { vip: [{ window: 'hour', max: 9 }] } as const;
    const tiered: Rule = { ...rule('r', ['user']), tiers: { by: 'plan', max: VIP } };
    const maxOf = (planner: CheckPlanner, subject: object, now = NOW) =>
      planner.at([tiered], subject as never, now).counters[0]!.limits[0]!.max;

    it('have the max of the subject’s tier, in one counter and one scope', () => {
      const [planner, rules] = [new CheckPlanner(), [tiered]];
      const plain = kept(planner, rules, { user: 'u1' }, NOW);
      const vip = kept(planner, rules, { user: 'u1', plan: 'vip' }, NOW);
      expect([plain, vip].map(({ counters }) => counters[0]!.limits[0]!.max)).toEqual([3, 9]);
      expect(vip.counters[0]!.key).toBe(plain.counters[0]!.key);
      expect(vip.counters[0]!.limits[0]!.field).toBe(plain.counters[0]!.limits[0]!.field);
      expect(vip.scope.name).toBe(plain.scope.name);
      const [past] = planner.countersAt(rules, { user: 'u1', plan: 'vip' }, NOW - HOUR_MS);
      expect(past!.limits[0]!.max).toBe(9);
    });

    it('are kept tier by tier, and give all subjects of a tier the same limit set', () => {
      const [planner, rules] = [new CheckPlanner(), [tiered]];
      const [plain, vip] = [{ user: 'u1' }, { user: 'u1', plan: 'vip' }];
      const first = kept(planner, rules, plain, NOW);
      const second = kept(planner, rules, vip, NOW);
      expect(planner.at(rules, plain, NOW)).toBe(first);
      expect(planner.at(rules, vip, NOW)).toBe(second);
      expect(planner.at(rules, { user: 'u1', plan: 'gold' }, NOW)).toBe(first);
      const other = planner.at(rules, { user: 'u2', plan: 'vip' }, NOW);
      expect(other.counters[0]!.limits).toBe(second.counters[0]!.limits);
      const later = planner.at(rules, vip, NOW + HOUR_MS);
      expect(later.counters[0]!.limits[0]!.bounds[0]).toBe(second.counters[0]!.limits[0]!.bounds[1]);
    });

    it('are forgotten with the others when there are many, and right all the same', () => {
      const planner = new CheckPlanner();
      for (let i = 0; i < 51_000; i++) {
        const subject = { user: `u${i}`, plan: i % 2 === 0 ? 'vip' : 'none' };
        if (maxOf(planner, subject) !== (i % 2 === 0 ? 9 : 3)) throw new Error(`The max of u${i} is wrong.`);
      }
      expect(maxOf(planner, { user: 'u0', plan: 'vip' })).toBe(9);
    });

    it('are those of each rule’s own attribute', () => {
      const byCity: Rule = {
        ...rule('s', ['user']),
        tiers: { by: 'city', max: { bj: [{ window: 'hour', max: 5 }] } },
      };
      const rules = [tiered, byCity, rule('t', ['user'])] as const;
      const planner = new CheckPlanner();
      const maxes = (subject: Record<string, string>) =>
        planner.at(rules, subject, NOW).counters.map(({ limits }) => limits[0]!.max);
      expect(maxes({ user: 'u', plan: 'vip' })).toEqual([9, 3, 3]);
      expect(maxes({ user: 'u', city: 'bj' })).toEqual([3, 5, 3]);
      expect(maxes({ user: 'u', city: 'bj', plan: 'vip' })).toEqual([9, 5, 3]);
      expect(maxes({ user: 'u', city: 'vip', plan: 'bj' })).toEqual([3, 3, 3]);
    });
  });

  it('are of one scope of operation ids for subjects that differ in what no rule counts by, and of others else', () => {
    const scopeOf = (per: readonly string[][], subject: object) => {
      const rules = per.map((each, index) => rule(`r${index}`, each));
      return new CheckPlanner().at(rules, subject as never, NOW).scope.name;
    };
    const perUser = scopeOf([['user']], { user: 'u1', grade: '3' });
    expect(scopeOf([['user']], { grade: '4', user: 'u1' })).toBe(perUser);
    const others = [
      scopeOf([['user']], { user: 'u2' }),
      scopeOf([['user'], ['grade']], { user: 'u1', grade: '3' }),
      scopeOf([[]], { user: 'u1' }),
    ];
    expect(new Set([perUser, ...others]).size).toBe(4);
    const both = { grade: '3', user: 'u1' };
    expect(scopeOf([['user', 'grade']], both)).toBe(scopeOf([['grade'], ['user']], both));
  });
});
