import { describe, expect, it } from '@jest/globals';
import { type InputError, QuotaError } from '@sundial/contract';
import { parseRule } from './parse-rule.js';

const RULE = { id: 'ocr', resource: 'ocr', per: ['user'] };
const DEEP: unknown = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000));
const range = (length: number) => Array.from({ length }, (_, index) => index);

function errors(input: unknown): readonly InputError[] {
  try {
    parseRule(input);
  } catch (error) {
    if (error instanceof QuotaError && error.code === 'invalid-rule') return error.errors;
    throw error;
  }
  throw new Error('It was accepted.');
}

const paths = (input: unknown) => errors(input).map(({ path }) => path);

describe('the windows of a rule', () => {
  it.each([
    { unit: 'day' },
    { unit: 'total' },
    { unit: 'concurrent' },
    { unit: 'minute', every: 1 },
    { unit: 'minute', every: 59 },
    { unit: 'hour', every: 23 },
    { unit: 'hour', every: 5, startsAt: '04:00' },
    { unit: 'day', startsAt: '00:00' },
    { unit: 'quarter', startsAt: '23:59' },
    { unit: 'week', startsOn: 'sunday' },
    { unit: 'month', startsOn: 31, startsAt: '04:00' },
    { unit: 'month', startsOn: { by: 'billing_day', default: 31 } },
    { unit: 'year', startsOn: '02-29' },
  ])('accepts the window %j', (window) => {
    expect(parseRule({ ...RULE, limits: [{ window, max: 1 }] }).limits).toEqual([{ window, max: 1 }]);
  });

  it.each<[string, object, string, RegExp]>([
    ['no unit', { every: 5 }, 'unit', /^is missing; it must be one of minute, hour, .*concurrent$/],
    ['an unknown unit', { unit: 'fortnight' }, 'unit', /not "fortnight"$/],
    ['every of days', { unit: 'day', every: 2 }, 'every', /minute and hour, not with "day"$/],
    ['every of weeks', { unit: 'week', every: 1 }, 'every', /not with "week"$/],
    ['every of totals', { unit: 'total', every: 5 }, 'every', /not with "total"$/],
    ['an own weekday', { unit: 'week', startsOn: { by: 'd', default: 1 } }, 'startsOn', /must be a weekday/],
    ['an own day 32', { unit: 'month', startsOn: { by: 'd', default: 32 } }, 'startsOn', /not 32$/],
    [
      'an own day without an attribute',
      { unit: 'month', startsOn: { default: 1 } },
      'startsOn',
      /^must name in by/,
    ],
    [
      'an own day counted by',
      { unit: 'month', startsOn: { by: 'user', default: 1 } },
      'startsOn',
      /attribute of per/,
    ],
    ['60 minutes', { unit: 'minute', every: 60 }, 'every', /from 1 to 59 minutes, not 60$/],
    ['24 hours', { unit: 'hour', every: 24 }, 'every', /from 1 to 23 hours, not 24$/],
    ['no hours', { unit: 'hour', every: 0 }, 'every', /not 0$/],
    ['half hours', { unit: 'hour', every: 0.5 }, 'every', /not 0.5$/],
    ['hours as a text', { unit: 'hour', every: '5' }, 'every', /not "5"$/],
    ['null hours', { unit: 'hour', every: null }, 'every', /not null$/],
    ['a start at 24:00', { unit: 'day', startsAt: '24:00' }, 'startsAt', /"00:00" to "23:59", not "24:00"$/],
    ['a start at 12:60', { unit: 'day', startsAt: '12:60' }, 'startsAt', /not "12:60"$/],
    ['a start at 4:00', { unit: 'day', startsAt: '4:00' }, 'startsAt', /not "4:00"$/],
    ['a start with seconds', { unit: 'day', startsAt: '04:00:00' }, 'startsAt', /not "04:00:00"$/],
    ['a start with a line end', { unit: 'day', startsAt: '04:00\n' }, 'startsAt', /must be a time/],
    ['a start as a number', { unit: 'day', startsAt: 240 }, 'startsAt', /not 240$/],
    ['a start of plain hours', { unit: 'hour', startsAt: '04:00' }, 'startsAt', /"hour" only where every/],
    [
      'a start of plain minutes',
      { unit: 'minute', startsAt: '04:00' },
      'startsAt',
      /"minute" only where every/,
    ],
    ['a start of totals', { unit: 'total', startsAt: '04:00' }, 'startsAt', /does not go with "total"/],
    ['a start of what runs at once', { unit: 'concurrent', startsAt: '04:00' }, 'startsAt', /"concurrent"/],
    ['no weekday', { unit: 'week', startsOn: 'someday' }, 'startsOn', /monday, .*sunday, not "someday"$/],
    ['a weekday with a capital', { unit: 'week', startsOn: 'Sunday' }, 'startsOn', /not "Sunday"$/],
    ['a weekday as a number', { unit: 'week', startsOn: 7 }, 'startsOn', /not 7$/],
    ['a day 0', { unit: 'month', startsOn: 0 }, 'startsOn', /from 1 to 31 .*, not 0$/],
    ['a day 32', { unit: 'month', startsOn: 32 }, 'startsOn', /not 32$/],
    ['a weekday of a month', { unit: 'month', startsOn: 'monday' }, 'startsOn', /not "monday"$/],
    ['30 February', { unit: 'year', startsOn: '02-30' }, 'startsOn', /"MM-DD", .*, not "02-30"$/],
    ['31 April', { unit: 'year', startsOn: '04-31' }, 'startsOn', /not "04-31"$/],
    ['a month 13', { unit: 'year', startsOn: '13-01' }, 'startsOn', /not "13-01"$/],
    ['a month 0', { unit: 'year', startsOn: '00-01' }, 'startsOn', /not "00-01"$/],
    ['a day of the year as a number', { unit: 'year', startsOn: 1 }, 'startsOn', /not 1$/],
    [
      'a first day of days',
      { unit: 'day', startsOn: 'monday' },
      'startsOn',
      /week, month and year, not with "day"$/,
    ],
    ['a first day of quarters', { unit: 'quarter', startsOn: 15 }, 'startsOn', /not with "quarter"$/],
    ['a first day of slots', { unit: 'hour', every: 5, startsOn: 1 }, 'startsOn', /not with "hour"$/],
    ['a first day of totals', { unit: 'total', startsOn: 1 }, 'startsOn', /not with "total"$/],
    [
      'a field it has not',
      { unit: 'day', from: '04:00' },
      'from',
      /not a field of a window; there are unit, every, /,
    ],
  ])('refuses a window with %s, at its field and with a sentence', (_what, window, field, sentence) => {
    expect(
      errors({
        ...RULE,
        limits: [
          { window: 'hour', max: 1 },
          { window, max: 1 },
        ],
      }),
    ).toMatchObject([{ path: `limits.1.window.${field}`, message: expect.stringMatching(sentence) }]);
  });

  it('lists every error of a window', () => {
    const window = { unit: 'week', every: 2, startsAt: '25:00', startsOn: 'x', zone: 'UTC' };
    expect(paths({ ...RULE, limits: [{ window, max: 1 }] })).toEqual(
      ['zone', 'every', 'startsAt', 'startsOn'].map((field) => `limits.0.window.${field}`),
    );
  });
});

describe('the limits of a rule', () => {
  it('takes limits of one window and different meters, and keeps how windows are written', () => {
    const limits = [
      { window: 'day', max: 10 },
      { window: { unit: 'day' }, meter: 'tokens', max: 20_000 },
      { window: { startsAt: '04:00', unit: 'day' }, max: 10 },
      { window: 'concurrent', meter: 'units', max: 5 },
      { window: 'total', meter: 'cny_micros', max: 5_000_000 },
      ...range(11).map((index) => ({ window: 'hour', meter: `m${index}`, max: 1 })),
    ];
    expect(parseRule({ ...RULE, limits }).limits).toEqual(limits);
  });

  it.each([
    ['', /1 to 128 letters/],
    ['.tokens', /1 to 128 letters/],
    ['to kens', /not "to kens"$/],
    ['a|b', /1 to 128 letters/],
    ['x'.repeat(129), /1 to 128 letters/],
    [7, /not 7$/],
    [null, /not null$/],
    [DEEP, /not a list$/],
  ])('refuses the meter %p', (meter: unknown, sentence) => {
    expect(errors({ ...RULE, limits: [{ window: 'day', meter, max: 1 }] })).toMatchObject([
      { path: 'limits.0.meter', message: expect.stringMatching(sentence) },
    ]);
  });

  it.each(['concurrent', { unit: 'concurrent' }])('refuses another meter than units with %j', (window) => {
    expect(errors({ ...RULE, limits: [{ window, meter: 'tokens', max: 1 }] })).toMatchObject([
      { path: 'limits.0.meter', message: expect.stringMatching(/"units" where the window is "concurrent"/) },
    ]);
  });
});
