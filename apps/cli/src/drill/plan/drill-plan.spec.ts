import { describe, expect, it } from '@jest/globals';
import type { LimitState, Rule } from '@sundial/contract';
import { planOf, tooSmall } from './drill-plan.js';

const rule = (rule: Partial<Rule> & { readonly id: string }): Rule => ({
  resource: 'ocr',
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'day', max: 10 }],
  mode: 'enforce',
  degrade: 'local',
  ...rule,
});
const ASK = { resource: 'ocr', subject: {}, calls: 20, other: undefined };

describe('the plan of a drill', () => {
  it('gives every attribute that rules count by a value of its own, and takes one unit of every meter', () => {
    const rules = [
      rule({ id: 'a', limits: [{ window: 'day', meter: 'tokens', max: 9 }] }),
      rule({ id: 'b', per: ['user', 'grade'] }),
      rule({ id: 'c', resource: 'speech', per: ['pupil'] }),
    ];
    expect(planOf(rules, ASK)).toMatchObject({
      ownAttributes: ['user', 'grade'],
      amounts: { tokens: 1 },
      comparedRules: new Set(['a', 'b']),
      other: 'speech',
      otherAttributes: ['pupil'],
    });
  });

  it('leaves given attributes as they are, and compares what no other program counts in', () => {
    const rules = [rule({ id: 'a' }), rule({ id: 'b', per: ['grade'] }), rule({ id: 'c', per: [] })];
    const plan = planOf(rules, { ...ASK, subject: { user: 'u1' } });
    expect([plan.ownAttributes, plan.comparedRules]).toEqual([['grade'], new Set(['b'])]);
  });

  it('compares all rules where every attribute is given', () => {
    const rules = [rule({ id: 'a' }), rule({ id: 'c', per: [] })];
    expect(planOf(rules, { ...ASK, subject: { user: 'u1' } }).comparedRules).toEqual(new Set(['a', 'c']));
  });

  it('watches a resource without rules where there is no other one', () => {
    expect(planOf([rule({ id: 'a' })], ASK)).toMatchObject({
      other: 'sundial-drill-other',
      otherAttributes: [],
    });
  });

  it.each<[string, readonly Rule[], object, RegExp]>([
    ['no rule of it', [rule({ id: 'a', resource: 'llm' })], {}, /No rule names .*"ocr".*rules of: llm\./],
    ['no rules', [], {}, /no rules at all/],
    ['rules that are off', [rule({ id: 'a', mode: 'off' })], {}, /Every rule of "ocr" is off/],
    [
      'a rule that denies',
      [rule({ id: 'a', degrade: 'deny' })],
      {},
      /Rule a has degrade: deny.*local or allow/,
    ],
    ['itself as the other one', [rule({ id: 'a' })], { other: 'ocr' }, /--other must name another/],
  ])('refuses a resource with %s', (_, rules, more, message) => {
    expect(() => planOf(rules, { ...ASK, ...more })).toThrow(message);
  });

  it('has nothing against a rule that only observes and would deny', () => {
    expect(planOf([rule({ id: 'a', mode: 'observe', degrade: 'deny' })], ASK).rules).toHaveLength(1);
  });
});

describe('limits that are too small for a drill', () => {
  const state = (more: Partial<LimitState>): LimitState => ({
    rule: 'a',
    mode: 'enforce',
    window: 'day',
    meter: 'units',
    timeZone: 'UTC',
    max: 10,
    source: 'rule',
    used: 0,
    reserved: 0,
    remaining: 10,
    startsAt: null,
    resetsAt: null,
    exceeded: false,
    ...more,
  });
  const small = (of: Partial<Rule>, limit: Partial<LimitState>, nodes = 1) =>
    tooSmall(planOf([rule({ id: 'a', ...of })], ASK), [state(limit)], nodes, 400);

  it('of an own counter are those without room for one call on each node', () => {
    expect(small({}, { remaining: 1 })).toEqual([]);
    expect(small({}, { remaining: 0 })).toHaveLength(1);
    expect(small({}, { remaining: 2 }, 3)).toEqual([
      'Rule a has 2 units left in its window day, and each of 3 nodes a share of that; a drill takes up to 1 and gives them back.',
    ]);
    expect(small({ degrade: 'allow' }, { remaining: 2 }, 3)).toEqual([]);
  });

  it('of a shared counter are those without room for all calls', () => {
    expect(small({ per: [] }, { max: 500, remaining: 399 })).toHaveLength(1);
    expect(small({ per: [] }, { max: 500, remaining: 400 })).toEqual([]);
  });

  it.each<[string, Partial<LimitState>]>([
    ['is unlimited', { max: null, remaining: null }],
    ['only observes', { mode: 'observe', remaining: 0 }],
    ['counts what is held at once', { window: 'concurrent', remaining: 0 }],
    ['counts a meter that the calls take nothing of', { meter: 'seconds', remaining: 0 }],
  ])('are none where a limit %s', (_, limit) => expect(small({}, limit)).toEqual([]));
});
