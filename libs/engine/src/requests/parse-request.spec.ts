import { describe, expect, it } from '@jest/globals';
import type { Rule } from '@sundial/contract';
import { assertUsageRequest, validationErrorsInCheck, missingAttributes } from './parse-request.js';

const SUBJECT = { user: 'u1' };
const NAME =
  'is no attribute name: a lower-case letter, then up to 31 letters, digits, _ or -; not `resource`';
const METER = 'is no meter name: a letter or digit, then up to 127 letters, digits or any of . _ : -';
const ID = 'must be a letter or digit, then up to 127 letters, digits or any of . _ : -';

describe('a check request', () => {
  it.each([
    { resource: 'ocr', subject: SUBJECT },
    { resource: 'a:b.c_d-e', subject: SUBJECT, amount: 0 },
    { resource: 'ocr', subject: {} },
    { resource: '0', subject: SUBJECT, amount: Number.MAX_SAFE_INTEGER, operationId: ' ' },
    { resource: 'x'.repeat(128), subject: { constructor: 'c', toString: 't' }, operationId: '~'.repeat(128) },
    { resource: 'ocr', subject: SUBJECT, amounts: {} },
    { resource: 'ocr', subject: SUBJECT, amounts: { tokens: 0, 'a:b.c_d-e': 2 ** 53 - 1, constructor: 1 } },
    { resource: 'ocr', subject: SUBJECT, amounts: Object.fromEntries([...'abcdefgh'].map((m) => [m, 1])) },
    { resource: 'ocr', subject: { user: '{}\0\ud800' } },
    { resource: 'ocr', subject: { user: '🦊'.repeat(256) } },
    { resource: 'ocr', subject: Object.fromEntries([...'abcdefgh'].map((name) => [name, '1'])) },
  ])('may be %j', (request) => {
    expect(validationErrorsInCheck(request)).toEqual([]);
  });

  it.each<[unknown, string, string]>([
    [undefined, '', 'must be an object'],
    [null, '', 'must be an object'],
    ['ocr', '', 'must be an object'],
    [[], '', 'must be an object'],
    [{ subject: SUBJECT }, 'resource', 'is missing'],
    [{ resource: 'ocr' }, 'subject', 'is missing'],
    [{ resource: '', subject: SUBJECT }, 'resource', ID],
    [{ resource: '-ocr', subject: SUBJECT }, 'resource', ID],
    [{ resource: 'ocr\n', subject: SUBJECT }, 'resource', ID],
    [{ resource: 'ö', subject: SUBJECT }, 'resource', ID],
    [{ resource: 'x'.repeat(129), subject: SUBJECT }, 'resource', ID],
    [{ resource: 5, subject: SUBJECT }, 'resource', 'must be of type string'],
    [{ resource: 'ocr', subject: null }, 'subject', 'must be an object'],
    [{ resource: 'ocr', subject: ['u1'] }, 'subject', 'must be an object'],
    [{ resource: 'ocr', subject: { user: 5 } }, 'subject.user', 'must be of type string'],
    [{ resource: 'ocr', subject: { user: null } }, 'subject.user', 'must be of type string'],
    [{ resource: 'ocr', subject: { user: { nested: 'u1' } } }, 'subject.user', 'must be of type string'],
    [{ resource: 'ocr', subject: { user: '' } }, 'subject.user', expect.any(String) as never],
    [{ resource: 'ocr', subject: { user: 'x'.repeat(257) } }, 'subject.user', expect.any(String) as never],
    [{ resource: 'ocr', subject: { User: 'u1' } }, 'subject.User', NAME],
    [{ resource: 'ocr', subject: { resource: 'u1' } }, 'subject.resource', NAME],
    [{ resource: 'ocr', subject: { ['a'.repeat(33)]: 'u1' } }, `subject.${'a'.repeat(33)}`, NAME],
    [{ resource: 'ocr', subject: JSON.parse('{"__proto__":"u1"}') as object }, 'subject.__proto__', NAME],
    [{ resource: 'ocr', subject: { 'a\u001b[0m': '1' } }, 'subject.a?[0m', NAME],
    [{ resource: 'ocr', subject: SUBJECT, colour: 'red' }, 'colour', 'is not a known field'],
    [
      JSON.parse('{"resource":"ocr","subject":{"user":"u1"},"__proto__":{}}'),
      '__proto__',
      'is not a known field',
    ],
    [{ resource: 'ocr', subject: SUBJECT, amount: -1 }, 'amount', expect.any(String) as never],
    [{ resource: 'ocr', subject: SUBJECT, amount: 1.5 }, 'amount', 'must be of type integer'],
    [{ resource: 'ocr', subject: SUBJECT, amount: NaN }, 'amount', 'must be of type integer'],
    [{ resource: 'ocr', subject: SUBJECT, amount: Infinity }, 'amount', 'must be of type integer'],
    [{ resource: 'ocr', subject: SUBJECT, amount: '1' }, 'amount', 'must be of type integer'],
    [{ resource: 'ocr', subject: SUBJECT, amount: 1n }, 'amount', 'must be of type integer'],
    [{ resource: 'ocr', subject: SUBJECT, amount: null }, 'amount', 'must be of type integer'],
    [{ resource: 'ocr', subject: SUBJECT, amount: 2 ** 53 }, 'amount', expect.any(String) as never],
    [{ resource: 'ocr', subject: SUBJECT, amounts: null }, 'amounts', 'must be an object'],
    [{ resource: 'ocr', subject: SUBJECT, amounts: [] }, 'amounts', 'must be an object'],
    [
      { resource: 'ocr', subject: SUBJECT, amounts: { tokens: -1 } },
      'amounts.tokens',
      expect.any(String) as never,
    ],
    [
      { resource: 'ocr', subject: SUBJECT, amounts: { tokens: 0.5 } },
      'amounts.tokens',
      'must be of type integer',
    ],
    [
      { resource: 'ocr', subject: SUBJECT, amounts: { tokens: 2 ** 53 } },
      'amounts.tokens',
      expect.any(String) as never,
    ],
    [
      { resource: 'ocr', subject: SUBJECT, amounts: { units: 1 } },
      'amounts.units',
      'is the meter that `amount` is of: say it there',
    ],
    [{ resource: 'ocr', subject: SUBJECT, amounts: { 'a b': 1 } }, 'amounts.a b', METER],
    [{ resource: 'ocr', subject: SUBJECT, amounts: { 'a+b': 1 } }, 'amounts.a+b', METER],
    [
      { resource: 'ocr', subject: SUBJECT, amounts: JSON.parse('{"__proto__":1}') as object },
      'amounts.__proto__',
      METER,
    ],
    [
      { resource: 'ocr', subject: SUBJECT, amounts: Object.fromEntries([...'abcdefghi'].map((m) => [m, 1])) },
      'amounts',
      'must name at most 8 meters',
    ],
    [
      { resource: 'ocr', subject: SUBJECT, operationId: '' },
      'operationId',
      'must be 1 to 128 printable ASCII characters',
    ],
    [
      { resource: 'ocr', subject: SUBJECT, operationId: 'a\nb' },
      'operationId',
      'must be 1 to 128 printable ASCII characters',
    ],
    [
      { resource: 'ocr', subject: SUBJECT, operationId: 'x'.repeat(129) },
      'operationId',
      'must be 1 to 128 printable ASCII characters',
    ],
    [{ resource: 'ocr', subject: SUBJECT, operationId: 7 }, 'operationId', 'must be of type string'],
  ])('may not be %p: it says where and what', (request, path, message) => {
    expect(validationErrorsInCheck(request)).toMatchObject([{ path, message }]);
  });

  it('lists every error at once', () => {
    const paths = validationErrorsInCheck({
      resource: '',
      subject: { user: 5, Ü: '1' },
      amount: -1,
      more: 1,
    }).map(({ path }) => path);
    expect(paths.sort()).toEqual(['amount', 'more', 'resource', 'subject.?', 'subject.user']);
  });

  it('lists a bounded number of errors, with paths of bounded length', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i}`.padStart(500, 'X'), 1]));
    const errors = validationErrorsInCheck({ resource: 'ocr', subject: SUBJECT, ...many });
    expect(errors).toHaveLength(20);
    for (const { path } of errors) expect(path.length).toBeLessThanOrEqual(80);
  });

  it('may be nested 10 000 deep where it is wrong anyway', () => {
    const deep = JSON.parse('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)) as object;
    expect(validationErrorsInCheck({ resource: 'ocr', subject: { user: deep } })).toMatchObject([
      { path: 'subject.user', message: 'must be of type string' },
    ]);
    expect(validationErrorsInCheck(deep).length).toBeGreaterThan(0);
  });
});

describe('a usage request', () => {
  it('has neither amount nor operation', () => {
    expect(() => assertUsageRequest({ resource: 'ocr', subject: SUBJECT })).not.toThrow();
    expect(() => assertUsageRequest({ resource: 'ocr', subject: SUBJECT, amount: 1 })).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        errors: [{ path: 'amount', message: 'is not a known field', code: 'unknown-field' }],
      }),
    );
    expect(() => assertUsageRequest(undefined)).toThrow('body: must be an object');
  });
});

describe('missing attributes', () => {
  const rule = { id: 'r', per: ['user', 'grade'] } as unknown as Rule;

  it('are listed with the rule that needs them', () => {
    expect(missingAttributes([rule], { user: 'u1' })).toMatchObject([
      { path: 'subject.grade', message: 'is missing: rule r counts per user + grade' },
    ]);
    expect(missingAttributes([rule], { user: 'u1', grade: '3', city: 'c' })).toEqual([]);
    expect(missingAttributes([], {})).toEqual([]);
  });

  it('are not found in what every object inherits', () => {
    const named = { id: 'r', per: ['constructor', 'toString'] } as unknown as Rule;
    expect(missingAttributes([named], { user: 'u1' }).map(({ path }) => path)).toEqual([
      'subject.constructor',
      'subject.toString',
    ]);
    expect(missingAttributes([named], { constructor: 'a', toString: 'b' } as never)).toEqual([]);
  });
});
