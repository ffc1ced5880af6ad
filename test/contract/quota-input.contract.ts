import { describe, expect, it } from '@jest/globals';
import type { CheckRequest } from '@sundial/contract';
import type { BeginScene } from './quota.contract.js';
import { aRule } from './rules.js';

/** What callers may send that is wrong, given a user who must not be charged for it, and the path that is named. */
const BAD_CHECKS: readonly [string, (user: string) => unknown, string][] = [
  ['no resource', (user) => ({ subject: { user } }), 'resource'],
  ['an empty resource', (user) => ({ resource: '', subject: { user } }), 'resource'],
  ['no subject', () => ({ resource: 'ocr' }), 'subject'],
  ['an empty subject', () => ({ resource: 'ocr', subject: {} }), 'subject.user'],
  ['a list for a subject', (user) => ({ resource: 'ocr', subject: [user] }), 'subject'],
  [
    'a subject without the attribute a rule needs',
    () => ({ resource: 'ocr', subject: { grade: '3' } }),
    'subject.user',
  ],
  ['a number for a value', () => ({ resource: 'ocr', subject: { user: 5 } }), 'subject.user'],
  ['an empty value', () => ({ resource: 'ocr', subject: { user: '' } }), 'subject.user'],
  [
    'a value of 257 characters',
    (user) => ({ resource: 'ocr', subject: { user: user.padEnd(257, 'x') } }),
    'subject.user',
  ],
  ['nine attributes', (user) => ({ resource: 'ocr', subject: { user, ...nine() } }), 'subject'],
  [
    'an attribute with a bad name',
    (user) => ({ resource: 'ocr', subject: { user, 'Bad Name': '1' } }),
    'subject.Bad Name',
  ],
  [
    'an attribute called resource',
    (user) => ({ resource: 'ocr', subject: { user, resource: 'x' } }),
    'subject.resource',
  ],
  ['an unknown field', (user) => ({ resource: 'ocr', subject: { user }, colour: 'red' }), 'colour'],
  ['a negative amount', (user) => ({ resource: 'ocr', subject: { user }, amount: -1 }), 'amount'],
  ['a fractional amount', (user) => ({ resource: 'ocr', subject: { user }, amount: 0.5 }), 'amount'],
  ['an amount above 2^53−1', (user) => ({ resource: 'ocr', subject: { user }, amount: 2 ** 53 }), 'amount'],
  ['a text for an amount', (user) => ({ resource: 'ocr', subject: { user }, amount: '1' }), 'amount'],
  [
    'NaN in a text for an amount',
    (user) => ({ resource: 'ocr', subject: { user }, amount: 'NaN' }),
    'amount',
  ],
  ['null for an amount', (user) => ({ resource: 'ocr', subject: { user }, amount: null }), 'amount'],
  ['a negative amount of a meter', (user) => of(user, { tokens: -1 }), 'amounts.tokens'],
  ['a fractional amount of a meter', (user) => of(user, { tokens: 0.5 }), 'amounts.tokens'],
  ['an amount of a meter above 2^53−1', (user) => of(user, { tokens: 2 ** 53 }), 'amounts.tokens'],
  ['a text for an amount of a meter', (user) => of(user, { tokens: '1' }), 'amounts.tokens'],
  ['null for an amount of a meter', (user) => of(user, { tokens: null }), 'amounts.tokens'],
  ['the meter of amount among amounts', (user) => of(user, { units: 1 }), 'amounts.units'],
  ['a meter with a bad name', (user) => of(user, { 'bad name': 1 }), 'amounts.bad name'],
  ['a meter of 129 characters', (user) => of(user, { ['m'.repeat(129)]: 1 }), `amounts.${'m'.repeat(64)}`],
  ['nine meters', (user) => of(user, { ...nine(1), i: 1 }), 'amounts'],
  ['a list of amounts', (user) => of(user, [1]), 'amounts'],
  ['null for amounts', (user) => of(user, null), 'amounts'],
  ['a number for amounts', (user) => of(user, 5), 'amounts'],
  [
    'an empty operation id',
    (user) => ({ resource: 'ocr', subject: { user }, operationId: '' }),
    'operationId',
  ],
  [
    'a line break in an operation id',
    (user) => ({ resource: 'ocr', subject: { user }, operationId: 'a\nb' }),
    'operationId',
  ],
  [
    'an operation id of 129 characters',
    (user) => ({ resource: 'ocr', subject: { user }, operationId: 'x'.repeat(129) }),
    'operationId',
  ],
];

export function inputContract(scene: BeginScene): void {
  describe('bad input', () => {
    it.each(BAD_CHECKS)('is refused with its path, and counts nothing: %s', async (_what, badFor, path) => {
      const { quota, user } = await scene(aRule());
      const bad = badFor(user) as CheckRequest;
      await expect(quota.check(bad)).rejects.toMatchObject({
        ...{ code: 'invalid-request', retryable: false },
        errors: expect.arrayContaining([
          expect.objectContaining({ path, message: expect.any(String), code: expect.any(String) }),
        ]),
      });
      const { limits } = await quota.usage({ resource: 'ocr', subject: { user } });
      expect(limits.map(({ used }) => used)).toEqual([0, 0]);
    });

    it('is refused by usage too', async () => {
      const { quota } = await scene(aRule());
      const invalid = (path: string) =>
        expect.objectContaining({ code: 'invalid-request', errors: [expect.objectContaining({ path })] });
      await expect(quota.usage({ resource: 'ocr', subject: { grade: '3' } })).rejects.toEqual(
        invalid('subject.user'),
      );
      await expect(quota.usage({ resource: '', subject: { user: 'u' } })).rejects.toEqual(
        invalid('resource'),
      );
    });

    it('lists every attribute that is missing, and which rule needs it', async () => {
      const rules = [aRule({ id: 'a', per: ['user', 'grade'] }), aRule({ id: 'b', per: ['city'] })];
      const { quota, user } = await scene(...rules);
      await expect(quota.check({ resource: 'ocr', subject: { user } })).rejects.toMatchObject({
        errors: [
          { path: 'subject.grade', message: expect.stringContaining('rule a') },
          { path: 'subject.city', message: expect.stringContaining('rule b') },
        ],
      });
    });
  });
}

function nine(value: string | number = '1'): Record<string, string | number> {
  return Object.fromEntries([...'abcdefgh'].map((name) => [name, value]));
}

function of(user: string, amounts: unknown): unknown {
  return { resource: 'ocr', subject: { user }, amounts };
}
