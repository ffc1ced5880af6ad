import { describe, expect, it } from '@jest/globals';

import { WINDOW_UNITS, type WindowUnit } from '@sundial/contract';
import { windowAfter, windowAt } from './window-at.js';

/** unit, zone, an instant | the window that holds it | its length | why it is here */
const FAMOUS_WINDOWS = `
day    Asia/Shanghai         2026-11-22T23:59:59+08:00 | 2026-11-22T00:00:00+08:00 2026-11-23T00:00:00+08:00 | 24 h    | an ordinary day
day    Asia/Shanghai         2026-11-23T00:00:00+08:00 | 2026-11-23T00:00:00+08:00 2026-11-24T00:00:00+08:00 | 24 h    | its end belongs to the next one
day    UTC                   2026-11-22T10:00:00Z      | 2026-11-22T00:00:00+00:00 2026-11-23T00:00:00+00:00 | 24 h    | UTC is written with an offset too

day    America/Sao_Paulo     2018-11-04T12:00:00-02:00 | 2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00 | 23 h    | midnight is missing
day    Asia/Beirut           2026-03-29T12:00:00+03:00 | 2026-03-29T01:00:00+03:00 2026-03-30T00:00:00+03:00 | 23 h    | midnight is missing
day    Africa/Cairo          2026-04-24T12:00:00+03:00 | 2026-04-24T01:00:00+03:00 2026-04-25T00:00:00+03:00 | 23 h    | midnight is missing
day    America/Havana        2026-03-08T12:00:00-04:00 | 2026-03-08T01:00:00-04:00 2026-03-09T00:00:00-04:00 | 23 h    | midnight is missing
day    America/Santiago      2026-09-06T12:00:00-03:00 | 2026-09-06T01:00:00-03:00 2026-09-07T00:00:00-03:00 | 23 h    | midnight is missing
day    America/Havana        2026-11-01T12:00:00-05:00 | 2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00 | 25 h    | midnight comes twice; the first counts
day    America/Santiago      2026-04-04T23:30:00-04:00 | 2026-04-04T00:00:00-03:00 2026-04-05T00:00:00-04:00 | 25 h    | the last hour comes twice
day    America/New_York      2026-03-08T12:00:00-04:00 | 2026-03-08T00:00:00-05:00 2026-03-09T00:00:00-04:00 | 23 h    | clocks go forward
day    America/New_York      2026-11-01T12:00:00-05:00 | 2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00 | 25 h    | clocks go back
day    Australia/Lord_Howe   2026-10-04T12:00:00+11:00 | 2026-10-04T00:00:00+10:30 2026-10-05T00:00:00+11:00 | 23.5 h  | clocks go forward by 30 minutes
day    Australia/Lord_Howe   2026-04-05T12:00:00+10:30 | 2026-04-05T00:00:00+11:00 2026-04-06T00:00:00+10:30 | 24.5 h  | clocks go back by 30 minutes

day    America/St_Johns      2010-11-07T02:29:59Z      | 2010-11-06T00:00:00-02:30 2010-11-07T00:00:00-02:30 | 24 h    | the 6th, before its last hour comes again
day    America/St_Johns      2010-11-07T02:30:30Z      | 2010-11-07T00:00:00-02:30 2010-11-08T00:00:00-03:30 | 25 h    | the first minute of the 7th
day    America/St_Johns      2010-11-07T02:45:00Z      | 2010-11-07T00:00:00-02:30 2010-11-08T00:00:00-03:30 | 25 h    | clocks show the 6th again: still the 7th's window
day    America/St_Johns      2010-11-07T03:30:00Z      | 2010-11-07T00:00:00-02:30 2010-11-08T00:00:00-03:30 | 25 h    | the second midnight begins nothing
day    Pacific/Apia          2011-12-30T09:59:59Z      | 2011-12-29T00:00:00-10:00 2011-12-31T00:00:00+14:00 | 24 h    | the 30th never was
day    Pacific/Apia          2011-12-30T10:00:00Z      | 2011-12-31T00:00:00+14:00 2012-01-01T00:00:00+14:00 | 24 h    | the 30th never was
day    Pacific/Fakaofo       2011-12-30T09:00:00Z      | 2011-12-29T00:00:00-11:00 2011-12-31T00:00:00+13:00 | 24 h    | the 30th never was
week   Pacific/Apia          2011-12-31T12:00:00+14:00 | 2011-12-26T00:00:00-10:00 2012-01-02T00:00:00+14:00 | 144 h   | a week of six days
month  Pacific/Apia          2011-12-31T12:00:00+14:00 | 2011-12-01T00:00:00-10:00 2012-01-01T00:00:00+14:00 | 720 h   | a December of thirty days

week   Asia/Shanghai         2026-01-01T12:00:00+08:00 | 2025-12-29T00:00:00+08:00 2026-01-05T00:00:00+08:00 | 168 h   | weeks start on Monday and know no year
week   Asia/Shanghai         2026-01-04T23:59:59+08:00 | 2025-12-29T00:00:00+08:00 2026-01-05T00:00:00+08:00 | 168 h   | Sunday is the last day
week   Europe/Berlin         2026-03-29T12:00:00+02:00 | 2026-03-23T00:00:00+01:00 2026-03-30T00:00:00+02:00 | 167 h   | clocks go forward
month  Asia/Shanghai         2028-02-29T12:00:00+08:00 | 2028-02-01T00:00:00+08:00 2028-03-01T00:00:00+08:00 | 696 h   | a leap February
month  Asia/Shanghai         2027-02-28T12:00:00+08:00 | 2027-02-01T00:00:00+08:00 2027-03-01T00:00:00+08:00 | 672 h   | an ordinary February
month  Asia/Shanghai         2026-12-31T12:00:00+08:00 | 2026-12-01T00:00:00+08:00 2027-01-01T00:00:00+08:00 | 744 h   | December ends in the next year
year   America/New_York      2028-07-01T12:00:00-04:00 | 2028-01-01T00:00:00-05:00 2029-01-01T00:00:00-05:00 | 8784 h  | a leap year

hour   Asia/Kolkata          2026-11-22T10:59:59+05:30 | 2026-11-22T10:00:00+05:30 2026-11-22T11:00:00+05:30 | 60 min  | hours are the local clock's, not UTC's
hour   Asia/Kathmandu        2026-11-22T10:20:00+05:45 | 2026-11-22T10:00:00+05:45 2026-11-22T11:00:00+05:45 | 60 min  | hours are the local clock's, not UTC's
hour   Pacific/Chatham       2026-07-01T10:20:00+12:45 | 2026-07-01T10:00:00+12:45 2026-07-01T11:00:00+12:45 | 60 min  | hours are the local clock's, not UTC's
hour   Pacific/Chatham       2026-09-26T13:59:59Z      | 2026-09-27T02:00:00+12:45 2026-09-27T03:45:00+13:45 | 45 min  | 02:45 becomes 03:45
hour   Pacific/Chatham       2026-09-27T03:50:00+13:45 | 2026-09-27T03:45:00+13:45 2026-09-27T04:00:00+13:45 | 15 min  | what is left of that hour
hour   America/New_York      2026-03-08T01:30:00-05:00 | 2026-03-08T01:00:00-05:00 2026-03-08T03:00:00-04:00 | 60 min  | there is no hour of 02:00
hour   America/New_York      2026-11-01T01:30:00-04:00 | 2026-11-01T01:00:00-04:00 2026-11-01T01:00:00-05:00 | 60 min  | the first hour of 01:00
hour   America/New_York      2026-11-01T01:30:00-05:00 | 2026-11-01T01:00:00-05:00 2026-11-01T02:00:00-05:00 | 60 min  | the second hour of 01:00
hour   Australia/Lord_Howe   2026-10-04T02:40:00+11:00 | 2026-10-04T02:30:00+11:00 2026-10-04T03:00:00+11:00 | 30 min  | 02:00 becomes 02:30
hour   Australia/Lord_Howe   2026-04-05T01:45:00+11:00 | 2026-04-05T01:00:00+11:00 2026-04-05T01:30:00+10:30 | 60 min  | 02:00 becomes 01:30: the hour before is whole
hour   Australia/Lord_Howe   2026-04-05T01:30:00+10:30 | 2026-04-05T01:30:00+10:30 2026-04-05T02:00:00+10:30 | 30 min  | and its second half comes again
minute Asia/Shanghai         2026-11-22T12:34:56+08:00 | 2026-11-22T12:34:00+08:00 2026-11-22T12:35:00+08:00 | 1 min   | an ordinary minute
hour   Africa/Monrovia       1971-06-01T12:00:00Z      | 1971-06-01T11:44:30+00:00 1971-06-01T12:44:30+00:00 | 60 min  | an offset of −00:44:30 is written in UTC
hour   Africa/Monrovia       1972-01-07T00:44:29Z      | 1972-01-06T23:44:30+00:00 1972-01-07T00:44:30+00:00 | 60 min  | the last hour of that offset
minute Africa/Monrovia       1972-01-07T00:44:40Z      | 1972-01-07T00:44:30+00:00 1972-01-07T00:45:00+00:00 | 0.5 min | the new offset begins in mid-minute
`;

const famous = FAMOUS_WINDOWS.trim()
  .split(/\n+/)
  .map((line) => {
    const [asked, window, length, because] = line.split('|').map((cell) => cell.trim());
    const [unit, timeZone, at] = asked!.split(/\s+/) as [WindowUnit, string, string];
    const [startsAt, resetsAt] = window!.split(' ') as [string, string];
    return { unit, timeZone, at, startsAt, resetsAt, length: length!, because: because! };
  });

const MINUTE_MS = 60_000;

describe('windowAt', () => {
  it.each(famous)(
    '$unit of $at in $timeZone: $because',
    ({ unit, timeZone, at, startsAt, resetsAt, length }) => {
      const window = windowAt(unit, timeZone, Date.parse(at));
      const [amount, lengthUnit] = length.split(' ');
      expect(window).toEqual({
        unit,
        timeZone,
        startsAt,
        resetsAt,
        startsAtMs: Date.parse(startsAt),
        resetsAtMs: Date.parse(resetsAt),
      });
      expect((window.resetsAtMs - window.startsAtMs) / MINUTE_MS).toBe(
        Number(amount) * (lengthUnit === 'h' ? 60 : 1),
      );
    },
  );

  it('takes an instant between two milliseconds for the earlier one', () => {
    const midnightMs = Date.parse('2026-11-22T00:00:00+08:00');
    expect(windowAt('day', 'Asia/Shanghai', midnightMs - 0.001).resetsAtMs).toBe(midnightMs);
  });

  it('answers from the first instant of 1970 to the last of 9989', () => {
    const lastMs = Date.parse('9989-12-31T23:59:59.999Z');
    for (const unit of WINDOW_UNITS) {
      expect(windowAt(unit, 'America/New_York', 0).resetsAtMs).toBeGreaterThan(0);
      expect(windowAfter(windowAt(unit, 'America/New_York', lastMs)).resetsAt).toMatch(/^99\d\d-/);
    }
    expect(windowAt('year', 'America/New_York', 0).startsAt).toBe('1969-01-01T00:00:00-05:00');
  });

  it.each([-1, Date.parse('9990-01-01T00:00:00Z'), Number.NaN, Infinity])(
    'refuses the instant %d',
    (atMs) => {
      expect(() => windowAt('day', 'UTC', atMs)).toThrow(RangeError);
    },
  );

  it('refuses a zone that does not exist', () => {
    expect(() => windowAt('day', 'Asia/Atlantis', 0)).toThrow(RangeError);
  });
});

describe('windowAfter', () => {
  it('gives the window that begins where the other ends', () => {
    const december = windowAt('month', 'Asia/Shanghai', Date.parse('2026-12-24T12:00:00+08:00'));
    expect(windowAfter(december)).toMatchObject({
      unit: 'month',
      startsAt: '2027-01-01T00:00:00+08:00',
      resetsAt: '2027-02-01T00:00:00+08:00',
    });
  });

  it('steps over a day that never was', () => {
    const day = windowAt('day', 'Pacific/Apia', Date.parse('2011-12-28T12:00:00-10:00'));
    const starts = [day, windowAfter(day), windowAfter(windowAfter(day))].map(({ startsAt }) =>
      startsAt.slice(0, 10),
    );
    expect(starts).toEqual(['2011-12-28', '2011-12-29', '2011-12-31']);
  });
});
