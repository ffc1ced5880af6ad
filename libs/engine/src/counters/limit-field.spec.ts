import { describe, expect, it } from '@jest/globals';
import { type Limit, WINDOW_UNITS } from '@sundial/contract';
import { fieldOf, limitNamedBy } from './limit-field.js';

describe('fieldOf', () => {
  it.each<[Pick<Limit, 'window' | 'meter'>, string]>([
    [{ window: 'minute' }, 'm'],
    [{ window: 'hour' }, 'h'],
    [{ window: 'day' }, 'd'],
    [{ window: 'week' }, 'w'],
    [{ window: 'month' }, 'M'],
    [{ window: 'year' }, 'y'],
    [{ window: { unit: 'day', startsAt: '00:00' }, meter: 'units' }, 'd'],
    [{ window: 'quarter' }, '(quarter)'],
    [{ window: 'total' }, '(total)'],
    [{ window: 'concurrent' }, '(concurrent)'],
    [{ window: 'day', meter: 'tokens' }, '(day|tokens)'],
    [{ window: { unit: 'hour', every: 5, startsAt: '04:00' } }, '(hour*5@04:00)'],
    [{ window: { unit: 'month', startsOn: 31 }, meter: 'cny_micros' }, '(month>31|cny_micros)'],
  ])('names %j %s for ever: counters in Redis and in logs have these names', (limit, field) => {
    expect(fieldOf(limit)).toBe(field);
  });

  it('gives no name that a counter could take for something else', () => {
    const odd = `a${'._:-Z9'.repeat(21)}`;
    for (const window of WINDOW_UNITS) expect(fieldOf({ window, meter: odd })).not.toMatch(/[ =;,]/);
  });
});

describe('limitNamedBy', () => {
  it.each(['units', 'tokens', 'a:b.c-d_e'])('finds window and meter (%s) again', (meter) => {
    for (const window of WINDOW_UNITS)
      expect(limitNamedBy(fieldOf({ window, meter }))).toEqual({ window, meter });
    const window = { unit: 'year', startsAt: '04:00', startsOn: '04-01' } as const;
    expect(limitNamedBy(fieldOf({ window, meter }))).toEqual({ window: 'year@04:00>04-01', meter });
  });
});
