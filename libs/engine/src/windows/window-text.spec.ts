import { describe, expect, it } from '@jest/globals';
import type { WindowSpec, WindowUnit } from '@sundial/contract';
import { windowText } from './window-text.js';

describe('windowText', () => {
  it.each<[WindowUnit | WindowSpec, string]>([
    ['day', 'day'],
    ['total', 'total'],
    [{ unit: 'day' }, 'day'],
    [{ unit: 'day', startsAt: '00:00' }, 'day'],
    [{ unit: 'hour', every: 1 }, 'hour'],
    [{ unit: 'week', startsOn: 'monday' }, 'week'],
    [{ unit: 'month', startsOn: 1 }, 'month'],
    [{ unit: 'year', startsOn: '01-01' }, 'year'],
    [{ unit: 'hour', every: 5, startsAt: '04:00' }, 'hour*5@04:00'],
    [{ unit: 'minute', every: 15 }, 'minute*15'],
    [{ unit: 'week', startsOn: 'sunday' }, 'week>sunday'],
    [{ unit: 'month', startsAt: '04:00', startsOn: 31 }, 'month@04:00>31'],
    [{ unit: 'year', startsOn: '04-01' }, 'year>04-01'],
  ])('writes %j as %s: counters in Redis are named so', (window, text) => {
    expect(windowText(window)).toBe(text);
  });
});
