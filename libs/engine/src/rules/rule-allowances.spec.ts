import { describe, expect, it } from '@jest/globals';
import { type InputError, MAX_DATES_A_SCHEDULE, MAX_SCHEDULES_A_LIMIT, QuotaError } from '@sundial/contract';
import { parseRule, patchRule } from './parse-rule.js';
import { parseRuleFile } from './rule-file.js';

const DAY = { window: 'day', max: 10 };
const RULE = { id: 'ocr', resource: 'ocr', per: ['user'], limits: [DAY, { window: 'hour', max: 3 }] };
const VIP = {
  by: 'plan',
  max: { vip: [{ window: 'day', max: null }], 'team-5': [{ window: 'hour', max: 9 }] },
};

function errorsOf(act: () => unknown): readonly InputError[] {
  try {
    act();
  } catch (error) {
    if (error instanceof QuotaError && error.code === 'invalid-rule') return error.errors;
    throw error;
  }
  return [];
}

const tierErrors = (tiers: unknown, rule: object = RULE) => errorsOf(() => parseRule({ ...rule, tiers }));
const limitErrors = (limit: object) => errorsOf(() => parseRule({ ...RULE, limits: [{ ...DAY, ...limit }] }));
const paths = (errors: readonly InputError[]) => errors.map(({ path }) => path);

describe('the tiers of a rule', () => {
  it('are kept as they were written, in a copy', () => {
    const input = structuredClone({ ...RULE, tiers: VIP });
    const rule = parseRule(input);
    input.tiers.max.vip.length = 0;
    expect(rule.tiers).toEqual(VIP);
  });

  it('may name a limit in any way in which its window can be written', () => {
    const tiers = {
      by: 'plan',
      max: { vip: [{ window: { unit: 'day', startsAt: '00:00' }, meter: 'units', max: 1 }] },
    };
    expect(parseRule({ ...RULE, tiers }).tiers).toEqual(tiers);
  });

  it.each<[string, unknown, string[]]>([
    ['a list', [], ['tiers']],
    ['nothing', {}, ['tiers.by', 'tiers.max']],
    ['an unknown field', { ...VIP, else: 1 }, ['tiers.else']],
    ['an attribute that is none', { ...VIP, by: 'Plan' }, ['tiers.by']],
    ['an attribute that the rule counts per', { ...VIP, by: 'user' }, ['tiers.by']],
    ['no tier', { by: 'plan', max: {} }, ['tiers.max']],
    ['a tier with a space', { by: 'plan', max: { 'v i p': [DAY] } }, ['tiers.max']],
    ['a tier of nothing', { by: 'plan', max: { vip: [] } }, ['tiers.max.vip']],
    ['a tier that is no list', { by: 'plan', max: { vip: 5 } }, ['tiers.max.vip']],
    ['a tier of 17 limits', { by: 'plan', max: { vip: Array(17).fill(DAY) } }, ['tiers.max.vip']],
    [
      'a window that the rule has not',
      { by: 'plan', max: { vip: [DAY, { window: 'week', max: 1 }] } },
      ['tiers.max.vip.1'],
    ],
    [
      'a meter that the rule has not',
      { by: 'plan', max: { vip: [{ ...DAY, meter: 'tokens' }] } },
      ['tiers.max.vip.0'],
    ],
    ['one limit twice', { by: 'plan', max: { vip: [DAY, { ...DAY, max: 5 }] } }, ['tiers.max.vip.1']],
    ['a max below 0', { by: 'plan', max: { vip: [{ ...DAY, max: -1 }] } }, ['tiers.max.vip.0.max']],
    ['a limit without max', { by: 'plan', max: { vip: [{ window: 'day' }] } }, ['tiers.max.vip.0.max']],
    [
      'an odd window',
      { by: 'plan', max: { vip: [{ window: { unit: 'day', every: 2 }, max: 1 }] } },
      ['tiers.max.vip.0.window.every'],
    ],
    ['a schedule in a tier', { by: 'plan', max: { vip: [{ ...DAY, when: [] }] } }, ['tiers.max.vip.0.when']],
    [
      '33 tiers',
      { by: 'plan', max: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`t${n}`, [DAY]])) },
      ['tiers.max'],
    ],
  ])('are refused with %s', (_what, tiers, wrong) => {
    expect(paths(tierErrors(tiers))).toEqual(wrong);
  });

  it('lists the errors of all tiers at once, beside those of the rule', () => {
    const tiers = { by: 'user', max: { vip: [{ window: 'week', max: 1 }], team: [{ ...DAY, max: 0.5 }] } };
    expect(paths(tierErrors(tiers, { ...RULE, mode: 'on' }))).toEqual([
      'mode',
      'tiers.by',
      'tiers.max.vip.0',
      'tiers.max.team.0.max',
    ]);
  });

  it('are changed by a patch one by one', () => {
    const rule = parseRule({ ...RULE, tiers: VIP });
    const patched = patchRule(rule, { tiers: { max: { vip: null, gold: [DAY] } } });
    expect(patched.tiers).toEqual({ by: 'plan', max: { 'team-5': VIP.max['team-5'], gold: [DAY] } });
    expect(patchRule(rule, { tiers: null })).toEqual(parseRule(RULE));
  });
});

describe('the schedules of a limit', () => {
  const when = [
    { days: ['sat', 'sun'], from: '08:00', to: '24:00', max: 100 },
    { from: '22:00', to: '06:00', days: ['mon'], max: 5 },
    { dates: ['2027-02-06/2027-02-12', '2028-02-29'], max: null },
  ];

  it('are kept as they were written, in a copy', () => {
    const input = structuredClone({ ...RULE, limits: [{ ...DAY, when }] });
    const rule = parseRule(input);
    input.limits[0]!.when.length = 0;
    expect(rule.limits[0]).toEqual({ ...DAY, when });
  });

  const one = (entry: unknown) => [entry];
  const A = { days: ['sat'], max: 1 };
  it.each<[string, unknown, string[]]>([
    ['no list', {}, ['limits.0.when']],
    ['no entry', [], ['limits.0.when']],
    ['17 entries', Array(MAX_SCHEDULES_A_LIMIT + 1).fill(A), ['limits.0.when']],
    ['an entry that is none', one(5), ['limits.0.when.0']],
    ['an unknown field', one({ ...A, day: 'sat' }), ['limits.0.when.0.day']],
    ['no max', one({ days: ['sat'] }), ['limits.0.when.0.max']],
    ['no time at all', one({ max: 1 }), ['limits.0.when.0']],
    ['a long weekday', one({ days: ['saturday'], max: 1 }), ['limits.0.when.0.days']],
    ['a weekday twice', one({ days: ['sat', 'sat'], max: 1 }), ['limits.0.when.0.days']],
    ['no weekday', one({ days: [], max: 1 }), ['limits.0.when.0.days']],
    ['days and dates', one({ ...A, dates: ['2027-02-06'] }), ['limits.0.when.0.days']],
    ['a date that there is not', one({ dates: ['2027-02-29'], max: 1 }), ['limits.0.when.0.dates']],
    ['a month that there is not', one({ dates: ['2027-13-01'], max: 1 }), ['limits.0.when.0.dates']],
    ['a range backwards', one({ dates: ['2027-02-06/2027-02-05'], max: 1 }), ['limits.0.when.0.dates']],
    [
      '65 dates',
      one({ dates: Array(MAX_DATES_A_SCHEDULE + 1).fill('2027-02-06'), max: 1 }),
      ['limits.0.when.0.dates'],
    ],
    ['a time that clocks do not show', one({ ...A, from: '24:00' }), ['limits.0.when.0.from']],
    ['a time of one digit', one({ ...A, to: '9:00' }), ['limits.0.when.0.to']],
    ['an end that is its beginning', one({ ...A, from: '09:00', to: '09:00' }), ['limits.0.when.0.to']],
    ['midnight to midnight', one({ ...A, to: '00:00' }), ['limits.0.when.0.to']],
    ['two on one day', [A, { days: ['sat', 'sun'], from: '23:00', max: 2 }], ['limits.0.when.1']],
    ['every day and one day', [{ from: '22:00', to: '06:00', max: 1 }, A], ['limits.0.when.1']],
    [
      'one that reaches into the next',
      [
        { ...A, from: '20:00', to: '06:00' },
        { days: ['sun'], to: '07:00', max: 2 },
      ],
      ['limits.0.when.1'],
    ],
    [
      'one that reaches from Sunday into Monday',
      [
        { days: ['mon'], to: '01:00', max: 1 },
        { days: ['sun'], from: '23:00', to: '00:01', max: 2 },
      ],
      ['limits.0.when.1'],
    ],
    [
      'dates twice',
      [
        { dates: ['2027-02-06'], max: 1 },
        { dates: ['2027-02-01/2027-02-28'], max: 2 },
      ],
      ['limits.0.when.1'],
    ],
    [
      'dates that reach into the next',
      [{ dates: ['2027-02-06'], from: '12:00', to: '12:00', max: 1 }],
      ['limits.0.when.0.to'],
    ],
  ])('are refused with %s', (_what, given, wrong) => {
    expect(paths(limitErrors({ when: given }))).toEqual(wrong);
  });

  it.each<[string, unknown[]]>([
    ['dates over days', [A, { dates: ['2027-02-06'], max: 2 }]],
    [
      'a night and the day after it',
      [
        { ...A, from: '20:00', to: '06:00' },
        { days: ['sun'], from: '06:00', max: 2 },
      ],
    ],
    [
      'dates one behind the other',
      [
        { dates: ['2027-02-06'], max: 1 },
        { dates: ['2027-02-07/2027-02-08'], max: 2 },
      ],
    ],
    [
      'one date at two times',
      [
        { dates: ['2027-02-06'], to: '12:00', max: 1 },
        { dates: ['2027-02-06'], from: '12:00', max: 2 },
      ],
    ],
    [
      'an end at midnight',
      [
        { ...A, from: '22:00', to: '00:00' },
        { days: ['sun'], max: 2 },
      ],
    ],
  ])('may be %s', (_what, given) => {
    expect(limitErrors({ when: given })).toEqual([]);
  });

  it('are named in the error of a conflict', () => {
    expect(limitErrors({ when: [{ from: '22:00', max: 1 }, A] })).toMatchObject([
      {
        path: 'limits.0.when.1',
        message: 'holds at the same time as entry 0: two entries without dates must share no instant',
      },
    ]);
  });
});

describe('thresholds', () => {
  it('are kept as they are written, also where max is null, and in a copy', () => {
    const input = { ...RULE, limits: [{ ...DAY, max: null, thresholds: [0.8, 1, 1.5] }] };
    const rule = parseRule(input);
    input.limits[0]!.thresholds.pop();
    expect(rule.limits).toEqual([{ ...DAY, max: null, thresholds: [0.8, 1, 1.5] }]);
  });

  it.each([
    [0.8, /must be a list of 1 to 8 shares of max such as \[0.8, 1\]/],
    [[], /not 0/],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9], /not 9/],
    [[0], /0 is none/],
    [[-1], /-1 is none/],
    [[10.5], /10.5 is none/],
    [['0.8'], /"0.8" is none/],
    [[NaN], /is none/],
    [[1, 0.8], /in ascending order/],
    [[0.8, 0.8], /each share once/],
  ])('are not %j', (thresholds, message) => {
    const input = { ...RULE, limits: [{ ...DAY, thresholds }] };
    expect(errorsOf(() => parseRule(input))).toMatchObject([
      { path: 'limits.0.thresholds', message: expect.stringMatching(message) },
    ]);
  });

  it('are none of a concurrent limit, of which nothing is used', () => {
    const limits = [{ window: 'concurrent', max: 2, thresholds: [1] }];
    expect(errorsOf(() => parseRule({ ...RULE, limits }))).toMatchObject([
      { path: 'limits.0.thresholds', message: expect.stringMatching('concurrent') },
    ]);
  });
});

describe('a soft limit', () => {
  const onWarn = { code: 'NEARLY', action: 'recharge-vip', params: { a: [1] } };

  it('is kept with what it warns', () => {
    expect(parseRule({ ...RULE, limits: [{ ...DAY, soft: true, onWarn }] }).limits).toEqual([
      { ...DAY, soft: true, onWarn },
    ]);
    expect(parseRule({ ...RULE, limits: [{ ...DAY, soft: false }] }).limits).toEqual([DAY]);
  });

  it.each<[object, string[]]>([
    [{ soft: 'yes' }, ['limits.0.soft']],
    [{ onWarn }, ['limits.0.onWarn']],
    [{ soft: false, onWarn }, ['limits.0.onWarn']],
    [{ soft: true, onWarn: { message: 'x' } }, ['limits.0.onWarn.code']],
    [{ soft: true, onWarn: { code: 'x', params: { a: 'x'.repeat(5_000) } } }, ['limits.0.onWarn']],
  ])('is refused as %j', (limit, wrong) => {
    expect(paths(limitErrors(limit))).toEqual(wrong);
  });
});

describe('a rules file', () => {
  it('takes no max that was forgotten for a lifted one, in tiers and schedules neither', () => {
    const text = `
rules:
  - id: ocr
    resource: ocr
    per: [user]
    limits:
      - { window: day, max: 10, when: [{ days: [sat], max: }, { days: [sun], max: null }] }
    tiers: { by: plan, max: { vip: [{ window: day, max: }], gold: [{ window: day, max: null }] } }
`;
    expect(paths(errorsOf(() => parseRuleFile(text, 'rules.yaml')))).toEqual([
      'rules.0.limits.0.when.0.max',
      'rules.0.tiers.max.vip.0.max',
    ]);
  });
});
