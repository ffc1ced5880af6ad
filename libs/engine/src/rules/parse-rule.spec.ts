import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type InputError, QuotaError, WINDOW_UNITS } from '@sundial/contract';
import { parseRule, patchRule } from './parse-rule.js';

const SHORTEST = { id: 'ocr', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 10 }] };
const DEEP: unknown = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000));

function validationErrorsOf(act: () => unknown): readonly InputError[] {
  try {
    act();
  } catch (error) {
    if (error instanceof QuotaError && error.code === 'invalid-rule') return error.errors;
    throw error;
  }
  throw new Error('It was accepted.');
}

const range = (length: number) => Array.from({ length }, (_, index) => index);
const errors = (input: unknown) => validationErrorsOf(() => parseRule(input));
const paths = (input: unknown) => errors(input).map(({ path }) => path);

describe('parseRule', () => {
  it('gives a rule what it does not say: UTC, enforced, local', () => {
    expect(parseRule(SHORTEST)).toEqual({ ...SHORTEST, timeZone: 'UTC', mode: 'enforce', degrade: 'local' });
  });

  it('keeps every field of a whole rule, and the zone in its canonical case', () => {
    const whole = {
      ...SHORTEST,
      per: ['user', 'grade'],
      timeZone: 'Asia/Shanghai',
      limits: [
        ...WINDOW_UNITS.map((window, index) => ({ window, max: index })),
        { window: { unit: 'hour', every: 5, startsAt: '04:00' }, meter: 'tokens', max: null },
      ],
      mode: 'observe',
      degrade: 'deny',
      description: '',
      onDeny: {
        code: 'OCR_LIMIT',
        message: 'full',
        action: 'pay',
        params: { constructor: [1, { a: null }] },
      },
    };
    expect(parseRule({ ...whole, timeZone: 'asia/SHANGHAI' })).toEqual(whole);
  });

  it('takes its own copy', () => {
    const input = { ...structuredClone(SHORTEST), onDeny: { code: 'X', params: { list: [1] } } };
    const rule = parseRule(input);
    input.per.push('grade');
    input.limits[0] = { window: 'hour', max: 1 };
    input.onDeny.params.list.push(2);
    expect(rule).toMatchObject({ ...SHORTEST, onDeny: { params: { list: [1] } } });
  });

  it.each([
    ['129 characters', 'x'.repeat(129)],
    ['a first character that is no letter or digit', '.ocr'],
    ['a space', 'o cr'],
    ['a line end', 'ocr\n'],
    ['nothing', ''],
    ['a number', 7],
    ['null', null],
    ['a list', ['ocr']],
    ['10,000 lists', DEEP],
  ])('refuses %s as an id and as a resource', (_what, value) => {
    expect(paths({ ...SHORTEST, id: value, resource: value })).toEqual(['id', 'resource']);
  });

  it('accepts 0 to 8 attributes', () => {
    for (const per of [[], ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], ['x'.repeat(32)], ['constructor']]) {
      expect(parseRule({ ...SHORTEST, per }).per).toEqual(per);
    }
  });

  it.each([
    ['missing', undefined],
    ['no list', 'user'],
    ['nine', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']],
    ['one twice', ['user', 'user']],
    ['"resource"', ['resource']],
    ['a capital', ['User']],
    ['33 characters', ['x'.repeat(33)]],
    ['a number', [1]],
    ['__proto__', ['__proto__']],
    ['10,000 lists', DEEP],
  ])('refuses attributes: %s', (_what, per) => {
    expect(paths({ ...SHORTEST, per })).toEqual(['per']);
  });

  it.each([0, 1, 2 ** 53 - 1, null])('accepts a max of %s', (max) => {
    expect(parseRule({ ...SHORTEST, limits: [{ window: 'day', max }] }).limits).toEqual([
      { window: 'day', max },
    ]);
  });

  it.each([-1, 1.5, 2 ** 53, JSON.parse('1e400'), NaN, '10', '1e3', undefined, true, [10], DEEP])(
    'refuses a max of %p',
    (max: unknown) => {
      expect(paths({ ...SHORTEST, limits: [{ window: 'day', max }] })).toEqual(['limits.0.max']);
    },
  );

  it.each([
    ['missing', undefined, ['limits']],
    ['empty', [], ['limits']],
    ['no list', { window: 'day', max: 1 }, ['limits']],
    ['two of one window', [{ window: 'day', max: 1 }, { window: 'day', max: 2 }], ['limits']], // prettier-ignore
    ['two of one window, written in two ways', [{ window: 'day', max: 1 }, { window: { unit: 'day' }, max: 2 }], ['limits']], // prettier-ignore
    ['two of one window, by its default', [{ window: { unit: 'week', startsOn: 'monday' }, max: 1 }, { window: 'week', max: 2 }], ['limits']], // prettier-ignore
    ['two of one window and meter', [{ window: 'day', meter: 'tokens', max: 1 }, { window: { unit: 'day' }, meter: 'tokens', max: 2 }], ['limits']], // prettier-ignore
    ['two of units, once by name', [{ window: 'day', max: 1 }, { window: 'day', meter: 'units', max: 2 }], ['limits']], // prettier-ignore
    ['seventeen', range(17).map((index) => ({ window: 'day', meter: `m${index}`, max: 1 })), ['limits']],
    ['an unknown window', [{ window: 'fortnight', max: 1 }], ['limits.0.window']],
    ['no window', [{ max: 1 }], ['limits.0.window']],
    ['a window that is a list', [{ window: ['day'], max: 1 }], ['limits.0.window']],
    ['a window of 10,000 lists', [{ window: DEEP, max: 1 }, { window: { unit: DEEP }, max: 1 }], ['limits.0.window', 'limits.1.window.unit']], // prettier-ignore
    ['things that are no objects', [5, null, [], DEEP], ['limits.0', 'limits.1', 'limits.2', 'limits.3']],
  ])('refuses limits: %s', (_what, limits, expected) => {
    expect([...new Set(paths({ ...SHORTEST, limits }))]).toEqual(expected);
  });

  it.each(['Asia/Shangai', '', '+08:00', 'PST8', 8, null, DEEP])(
    'refuses the zone %p',
    (timeZone: unknown) => {
      expect(paths({ ...SHORTEST, timeZone })).toEqual(['timeZone']);
    },
  );

  it('refuses two limits of one own billing day', () => {
    const window = { unit: 'month', startsOn: { by: 'bill', default: 1 } };
    const limits = [
      { window, max: 1 },
      { window: { ...window }, max: 2 },
    ];
    expect(paths({ ...SHORTEST, limits })).toEqual(['limits']);
  });

  it('takes a zone that each subject gives, in its canonical case', () => {
    const timeZone = { by: 'tz', default: 'asia/shanghai' };
    expect(parseRule({ ...SHORTEST, timeZone, strictZone: true })).toMatchObject({
      timeZone: { by: 'tz', default: 'Asia/Shanghai' },
      strictZone: true,
    });
  });

  it.each<[string, object, RegExp]>([
    ['no attribute', { default: 'UTC' }, /^must name in by/],
    ['no default', { by: 'tz' }, /^must have in default an IANA time zone such as Asia\/Shanghai or UTC$/],
    ['an unknown default', { by: 'tz', default: 'Mars/Olympus' }, /not "Mars\/Olympus"$/],
    ['another field', { by: 'tz', default: 'UTC', strict: true }, /and not "strict"$/],
    [
      'an attribute that is counted by',
      { by: 'user', default: 'UTC' },
      /"user" would give each zone counters/,
    ],
  ])('refuses an own zone with %s', (_what, timeZone, sentence) => {
    expect(errors({ ...SHORTEST, per: ['user'], timeZone })).toMatchObject([
      { path: 'timeZone', message: expect.stringMatching(sentence) },
    ]);
  });

  it('refuses unknown modes, policies and odd descriptions, null included', () => {
    const input = { ...SHORTEST, mode: 'on', degrade: null, description: 'x'.repeat(1_025) };
    expect(paths(input)).toEqual(['mode', 'degrade', 'description']);
    expect(paths({ ...SHORTEST, description: null })).toEqual(['description']);
  });

  it.each([
    ['without a code', {}, ['onDeny.code']],
    ['with an empty code', { code: '' }, ['onDeny.code']],
    ['with long texts', { code: 'c'.repeat(129), message: 'm'.repeat(1_025), action: 'a'.repeat(129) }, ['onDeny.code', 'onDeny.message', 'onDeny.action']], // prettier-ignore
    ['with a list of params', { code: 'X', params: [] }, ['onDeny.params']],
    ['with an unknown field', { code: 'X', url: '' }, ['onDeny.url']],
    ['of more than 4 KiB', { code: 'X', params: { text: '中'.repeat(1_400) } }, ['onDeny']],
    ['of 10,000 lists', { code: 'X', params: { deep: DEEP } }, ['onDeny']],
    ['with infinity', { code: 'X', params: { n: JSON.parse('1e400') } }, ['onDeny']],
    ['with a __proto__', { code: 'X', params: JSON.parse('{"a":{"__proto__":{"b":1}}}') }, ['onDeny']],
    ['that is a text', 'OCR_LIMIT', ['onDeny']],
    ['that is null', null, ['onDeny']],
  ])('refuses an onDeny %s', (_what, onDeny, expected) => {
    expect(paths({ ...SHORTEST, onDeny })).toEqual(expected);
  });

  it('refuses every unknown field, also those all objects seem to have', () => {
    const input = JSON.parse(
      '{"__proto__":{"mode":"off"},"constructor":1,"toString":2,"limit":3,"a.b\\n":4}',
    );
    expect(paths({ ...SHORTEST, ...input })).toEqual([
      '__proto__',
      'constructor',
      'toString',
      'limit',
      '"a.b\\n"',
    ]);
    expect({}).not.toHaveProperty('mode');
  });

  it('lists every error with its path, the value and what it must be', () => {
    const input = {
      id: 'ocr',
      resource: '?',
      per: ['user', 'user', 'B'],
      limits: [{ window: 'dy', max: '10' }],
    };
    expect(errors(input)).toMatchObject([
      { path: 'resource', message: expect.stringMatching(/^must be 1 to 128 letters.*, not "\?"$/) },
      { path: 'per', message: expect.stringMatching(/"B" cannot be one; .* once; "user" is repeated$/) },
      {
        path: 'limits.0.window',
        message:
          'must be one of minute, hour, day, week, month, quarter, year, total, concurrent, or an object such as { "unit": "hour", "every": 5 }, not "dy"',
      },
      {
        path: 'limits.0.max',
        message: 'must be a whole number from 0 to 9007199254740991, or null for no limit, not "10"',
      },
    ]);
  });

  it.each([undefined, null, 5, 'rule', [], DEEP])('refuses %p instead of a rule', (input: unknown) => {
    expect(errors(input)).toMatchObject([{ path: '', message: expect.stringContaining('an object') }]);
  });

  it('answers any JSON with a rule or with errors, and reads its own rules back unchanged', () => {
    const field = fc.constantFrom(
      'id',
      'resource',
      'per',
      'timeZone',
      'limits',
      'mode',
      'onDeny',
      '__proto__',
      'x',
    );
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom(...WINDOW_UNITS, 1, 5, '04:00', '02-29', 'sunday'));
    const window = fc.record(
      { unit: part, every: part, startsAt: part, startsOn: part },
      { requiredKeys: ['unit'] },
    );
    const limit = fc.record(
      {
        window: fc.oneof(part, window),
        meter: fc.constantFrom('units', 'tokens', ' ', 1),
        max: fc.constant(1),
      },
      { requiredKeys: ['window', 'max'] },
    );
    const odd = fc.oneof(
      fc.record({ field, value: fc.jsonValue() }),
      fc.record({ field: fc.constant('limits'), value: fc.array(limit, { minLength: 1, maxLength: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 3 }), (changes) => {
        const input = Object.fromEntries([
          ...Object.entries(SHORTEST),
          ...changes.map(({ field, value }) => [field, value]),
        ]);
        try {
          const rule = parseRule(input);
          expect(parseRule(JSON.parse(JSON.stringify(rule)))).toEqual(rule);
        } catch (error) {
          if (!(error instanceof QuotaError)) throw error;
          expect(error.errors.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('patchRule', () => {
  const rule = parseRule({
    ...SHORTEST,
    mode: 'off',
    onDeny: { code: 'X', action: 'pay', params: { a: 1, b: 2 } },
  });

  it('changes what the patch names and keeps the rest, at every depth', () => {
    expect(
      patchRule(rule, { degrade: 'deny', onDeny: { message: 'full', params: { b: null, c: 3 } } }),
    ).toEqual({
      ...rule,
      degrade: 'deny',
      onDeny: { code: 'X', action: 'pay', message: 'full', params: { a: 1, c: 3 } },
    });
  });

  it('returns a field to its default by null, and replaces lists as a whole', () => {
    const { onDeny: _gone, ...rest } = rule;
    expect(patchRule(rule, { mode: null, onDeny: null, limits: [{ window: 'hour', max: 3 }] })).toEqual({
      ...rest,
      mode: 'enforce',
      limits: [{ window: 'hour', max: 3 }],
    });
  });

  it('leaves the rule it was given alone', () => {
    const before = structuredClone(rule);
    patchRule(rule, { onDeny: { params: { a: 9 } } });
    expect(rule).toEqual(before);
  });

  it('keeps the id, and lists the other errors with it', () => {
    expect(patchRule(rule, { id: rule.id })).toEqual(rule);
    expect(
      validationErrorsOf(() => patchRule(rule, { id: 'other', mode: 'on' })).map(({ path }) => path),
    ).toEqual(['id', 'mode']);
    expect(validationErrorsOf(() => patchRule(rule, { id: null }))).toMatchObject([{ path: 'id' }]);
  });

  it.each([null, 5, 'x', [], [{ mode: 'off' }], DEEP, { onDeny: { params: { a: DEEP } } }])(
    'refuses %p as a patch',
    (patch: unknown) => {
      expect(validationErrorsOf(() => patchRule(rule, patch))).toMatchObject([{ path: '' }]);
    },
  );

  it('takes __proto__ for the unknown field it is', () => {
    const patch = JSON.parse('{"__proto__":{"mode":"enforce"},"onDeny":{"params":{"__proto__":{"a":1}}}}');
    const paths = validationErrorsOf(() => patchRule(rule, patch)).map(({ path }) => path);
    expect(paths).toEqual(['__proto__', 'onDeny']);
    expect({}).not.toHaveProperty('mode');
  });
});
