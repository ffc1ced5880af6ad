import { describe, expect, it } from '@jest/globals';
import type { Schedule } from '@sundial/contract';
import { segmentAt } from './schedule-at.js';
import { timesOf } from './schedule-times.js';

const NIGHT: Omit<Schedule, 'max'> = { from: '22:00', to: '06:00' };
const WEEKEND: Omit<Schedule, 'max'> = { days: ['sat', 'sun'] };
const NEW_YEAR: Omit<Schedule, 'max'> = { dates: ['2027-02-06/2027-02-12'] };
const FRIDAY_NIGHT: Omit<Schedule, 'max'> = { days: ['fri'], from: '20:00', to: '04:00' };

function segment(when: readonly Omit<Schedule, 'max'>[], at: string, timeZone = 'Asia/Shanghai') {
  const { index, untilMs, isEnd } = segmentAt(when.map(timesOf), timeZone, Date.parse(at));
  return [index, isEnd ? new Date(untilMs).toISOString() : null];
}

/** what holds | an instant | the entry | until */
const SHANGHAI: readonly [
  string,
  readonly Omit<Schedule, 'max'>[],
  string,
  number | undefined,
  string | null,
][] = [
  ['before the night', [NIGHT], '2026-11-22T21:59:59.999+08:00', undefined, '2026-11-22T14:00:00.000Z'],
  ['from its first instant', [NIGHT], '2026-11-22T22:00:00+08:00', 0, '2026-11-22T22:00:00.000Z'],
  ['over midnight', [NIGHT], '2026-11-23T05:59:59.999+08:00', 0, '2026-11-22T22:00:00.000Z'],
  ['not at its end', [NIGHT], '2026-11-23T06:00:00+08:00', undefined, '2026-11-23T14:00:00.000Z'],
  ['days in a row as one', [WEEKEND], '2026-11-21T00:00:00+08:00', 0, '2026-11-22T16:00:00.000Z'],
  ['not on a Monday', [WEEKEND], '2026-11-23T00:00:00+08:00', undefined, '2026-11-27T16:00:00.000Z'],
  [
    'the night of the day on which it begins',
    [FRIDAY_NIGHT],
    '2026-11-21T03:00:00+08:00',
    0,
    '2026-11-20T20:00:00.000Z',
  ],
  [
    'not the night before it',
    [FRIDAY_NIGHT],
    '2026-11-20T03:00:00+08:00',
    undefined,
    '2026-11-20T12:00:00.000Z',
  ],
  ['dates before days', [WEEKEND, NEW_YEAR], '2027-02-07T12:00:00+08:00', 1, '2027-02-12T16:00:00.000Z'],
  ['days until dates begin', [NIGHT, NEW_YEAR], '2027-02-05T23:00:00+08:00', 0, '2027-02-05T16:00:00.000Z'],
  ['dates that are over never more', [NEW_YEAR], '2027-02-13T00:00:00+08:00', undefined, null],
  ['dates far ahead', [NEW_YEAR], '2024-01-01T00:00:00+08:00', undefined, '2027-02-05T16:00:00.000Z'],
  ['every day all day without an end', [{ from: '00:00' }], '2026-11-22T12:00:00+08:00', 0, null],
];

describe('segmentAt', () => {
  it.each(SHANGHAI)('finds %s', (_what, when, at, index, until) => {
    expect(segment(when, at)).toEqual([index, until]);
  });

  const TWO_TO_THREE = [{ from: '02:00', to: '03:00' }];
  it.each([
    [
      'an hour that is skipped does not hold',
      '2026-03-08T03:00:00-04:00',
      undefined,
      '2026-03-09T06:00:00.000Z',
    ],
    ['nor is it waited for', '2026-03-08T01:59:59-05:00', undefined, '2026-03-09T06:00:00.000Z'],
    [
      'the last instant before clocks go back to one',
      '2026-11-01T01:59:59-04:00',
      undefined,
      '2026-11-01T07:00:00.000Z',
    ],
    ['two o’clock comes once', '2026-11-01T02:00:00-05:00', 0, '2026-11-01T08:00:00.000Z'],
  ])('goes by what the clock shows: %s', (_what, at, index, until) => {
    expect(segment(TWO_TO_THREE, at, 'America/New_York')).toEqual([index, until]);
  });

  it('holds twice in an hour that comes twice, and in between where that is no gap', () => {
    const inZone = (when: Omit<Schedule, 'max'>, at: string) => segment([when], at, 'America/New_York');
    const half = { from: '01:00', to: '01:30' };
    expect(inZone(half, '2026-11-01T01:00:00-04:00')).toEqual([0, '2026-11-01T05:30:00.000Z']);
    expect(inZone(half, '2026-11-01T01:30:00-04:00')).toEqual([undefined, '2026-11-01T06:00:00.000Z']);
    expect(inZone(half, '2026-11-01T01:00:00-05:00')).toEqual([0, '2026-11-01T06:30:00.000Z']);
    const hour = { from: '01:00', to: '02:00' };
    expect(inZone(hour, '2026-11-01T01:30:00-04:00')).toEqual([0, '2026-11-01T07:00:00.000Z']);
  });

  it('finds dates that the clock is set back to after nothing more was to come', () => {
    const once = [{ dates: ['2026-11-01'], from: '01:00', to: '01:30' }];
    expect(segment(once, '2026-11-01T01:45:00-04:00', 'America/New_York')).toEqual([
      undefined,
      '2026-11-01T06:00:00.000Z',
    ]);
  });
});
