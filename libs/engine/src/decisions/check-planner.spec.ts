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
