import { describe, expect, it } from '@jest/globals';

import { WINDOW_UNITS, type WindowSpec, type WindowUnit } from '@sundial/contract';
import { windowAfter, windowAt } from './window-at.js';
import { NEVER } from './window.js';

/** window (as `windowText` writes it), zone, an instant | the window that holds it | its length | why it is here */
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

quarter Asia/Shanghai        2026-06-30T23:59:59+08:00 | 2026-04-01T00:00:00+08:00 2026-07-01T00:00:00+08:00 | 2184 h  | the second quarter
quarter America/New_York     2026-02-10T12:00:00-05:00 | 2026-01-01T00:00:00-05:00 2026-04-01T00:00:00-04:00 | 2159 h  | clocks go forward
quarter Asia/Shanghai        2026-12-31T12:00:00+08:00 | 2026-10-01T00:00:00+08:00 2027-01-01T00:00:00+08:00 | 2208 h  | the fourth ends in the next year

month>31   UTC               2027-02-27T23:59:59Z      | 2027-01-31T00:00:00+00:00 2027-02-28T00:00:00+00:00 | 672 h   | the 31st of February is its last day
month>31   UTC               2027-02-28T00:00:00Z      | 2027-02-28T00:00:00+00:00 2027-03-31T00:00:00+00:00 | 744 h   | and March goes back to the 31st
month>31   UTC               2028-02-29T12:00:00Z      | 2028-02-29T00:00:00+00:00 2028-03-31T00:00:00+00:00 | 744 h   | in a leap year it is the 29th
month>31   UTC               2027-04-30T12:00:00Z      | 2027-04-30T00:00:00+00:00 2027-05-31T00:00:00+00:00 | 744 h   | 30 April, then 31 May
month>15   Asia/Shanghai     2026-01-14T23:59:59+08:00 | 2025-12-15T00:00:00+08:00 2026-01-15T00:00:00+08:00 | 744 h   | a month that begins in the year before
month>30   Pacific/Apia      2011-12-31T12:00:00+14:00 | 2011-12-31T00:00:00+14:00 2012-01-30T00:00:00+14:00 | 720 h   | the 30th never was: the first instant after it
year>04-01 Asia/Tokyo        2026-03-31T23:59:59+09:00 | 2025-04-01T00:00:00+09:00 2026-04-01T00:00:00+09:00 | 8760 h  | a fiscal year
year>02-29 UTC               2027-02-28T00:00:00Z      | 2027-02-28T00:00:00+00:00 2028-02-29T00:00:00+00:00 | 8784 h  | 28 February where there is no 29th
year>02-29 UTC               2028-02-28T23:59:59Z      | 2027-02-28T00:00:00+00:00 2028-02-29T00:00:00+00:00 | 8784 h  | in a leap year it is not over yet
year>02-29 UTC               2028-02-29T00:00:00Z      | 2028-02-29T00:00:00+00:00 2029-02-28T00:00:00+00:00 | 8760 h  | the leap day itself
week>sunday America/New_York 2026-03-08T12:00:00-04:00 | 2026-03-08T00:00:00-05:00 2026-03-15T00:00:00-04:00 | 167 h   | the first day of the week loses an hour
week>sunday America/New_York 2026-03-07T23:59:59-05:00 | 2026-03-01T00:00:00-05:00 2026-03-08T00:00:00-05:00 | 168 h   | Saturday is the last day
week>friday Pacific/Apia     2011-12-31T12:00:00+14:00 | 2011-12-31T00:00:00+14:00 2012-01-06T00:00:00+14:00 | 144 h   | a Friday that never was

day@04:00  Asia/Shanghai     2026-11-22T03:59:59+08:00 | 2026-11-21T04:00:00+08:00 2026-11-22T04:00:00+08:00 | 24 h    | the night belongs to the day before
day@04:00  America/New_York  2026-03-08T03:59:59-04:00 | 2026-03-07T04:00:00-05:00 2026-03-08T04:00:00-04:00 | 23 h    | clocks go forward in its last hours
day@04:00  America/New_York  2026-11-01T03:59:59-05:00 | 2026-10-31T04:00:00-04:00 2026-11-01T04:00:00-05:00 | 25 h    | clocks go back in its last hours
day@02:30  America/New_York  2026-03-08T03:00:00-04:00 | 2026-03-08T03:00:00-04:00 2026-03-09T02:30:00-04:00 | 23.5 h  | 02:30 is missing: the first instant after the gap
day@01:30  America/New_York  2026-11-01T01:30:00-05:00 | 2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00 | 25 h    | 01:30 comes twice; the first counts
day@02:15  Australia/Lord_Howe 2026-10-04T12:00:00+11:00 | 2026-10-04T02:30:00+11:00 2026-10-05T02:15:00+11:00 | 23.75 h | 02:00 becomes 02:30
day@04:00  Pacific/Apia      2011-12-30T09:59:59Z      | 2011-12-29T04:00:00-10:00 2011-12-31T00:00:00+14:00 | 20 h    | the 30th at four never was: the first instant after it
day@04:00  Pacific/Apia      2011-12-31T02:00:00+14:00 | 2011-12-31T00:00:00+14:00 2011-12-31T04:00:00+14:00 | 4 h     | and what is left of that day
day        Africa/Monrovia   1972-01-07T12:00:00Z      | 1972-01-07T00:44:30+00:00 1972-01-08T00:00:00+00:00 | 1395.5 min | midnight is missing
day@00:30  Africa/Monrovia   1972-01-07T00:44:29Z      | 1972-01-06T01:14:30+00:00 1972-01-07T00:44:30+00:00 | 23.5 h  | half past midnight is missing too
week@04:00 Asia/Shanghai     2026-11-23T03:59:59+08:00 | 2026-11-16T04:00:00+08:00 2026-11-23T04:00:00+08:00 | 168 h   | a week of such days
month@04:00 Asia/Shanghai    2026-11-01T03:59:59+08:00 | 2026-10-01T04:00:00+08:00 2026-11-01T04:00:00+08:00 | 744 h   | a month of such days
quarter@04:00 Asia/Shanghai  2026-10-01T03:59:59+08:00 | 2026-07-01T04:00:00+08:00 2026-10-01T04:00:00+08:00 | 2208 h  | a quarter of such days
year@04:00 Asia/Shanghai     2027-01-01T03:59:59+08:00 | 2026-01-01T04:00:00+08:00 2027-01-01T04:00:00+08:00 | 8760 h  | a year of such days
month@18:00>31 Asia/Shanghai 2027-02-28T17:59:59+08:00 | 2027-01-31T18:00:00+08:00 2027-02-28T18:00:00+08:00 | 672 h   | both at once

hour*5     Asia/Shanghai     2026-11-22T04:59:59+08:00 | 2026-11-22T00:00:00+08:00 2026-11-22T05:00:00+08:00 | 5 h     | the first slot of five hours
hour*5     Asia/Shanghai     2026-11-22T21:00:00+08:00 | 2026-11-22T20:00:00+08:00 2026-11-23T00:00:00+08:00 | 4 h     | the last slot is what is left of the day
hour*5@04:00 Asia/Shanghai   2026-11-22T01:30:00+08:00 | 2026-11-22T00:00:00+08:00 2026-11-22T04:00:00+08:00 | 4 h     | the last slot of a day that began at four
hour*5@04:00 Asia/Shanghai   2026-11-22T08:59:59+08:00 | 2026-11-22T04:00:00+08:00 2026-11-22T09:00:00+08:00 | 5 h     | and the first
hour*6     America/New_York  2026-03-08T05:59:59-04:00 | 2026-03-08T00:00:00-05:00 2026-03-08T06:00:00-04:00 | 5 h     | clocks go forward
hour*6     America/New_York  2026-11-01T01:30:00-05:00 | 2026-11-01T00:00:00-04:00 2026-11-01T06:00:00-05:00 | 7 h     | clocks go back
hour*2     America/New_York  2026-03-08T03:30:00-04:00 | 2026-03-08T03:00:00-04:00 2026-03-08T04:00:00-04:00 | 1 h     | 02:00 is missing: the first instant after the gap
hour*2     Australia/Lord_Howe 2026-04-05T01:45:00+10:30 | 2026-04-05T00:00:00+11:00 2026-04-05T02:00:00+10:30 | 150 min | half an hour of it comes twice
hour*23    Asia/Shanghai     2026-11-22T23:30:00+08:00 | 2026-11-22T23:00:00+08:00 2026-11-23T00:00:00+08:00 | 1 h     | the longest slot, and what it leaves
hour*6     Africa/Monrovia   1972-01-07T03:00:00Z      | 1972-01-07T00:44:30+00:00 1972-01-07T06:00:00+00:00 | 315.5 min | its first 44 minutes and a half are missing
hour@00:30 Asia/Shanghai     2026-11-22T12:00:00+08:00 | 2026-11-22T11:30:00+08:00 2026-11-22T12:30:00+08:00 | 60 min  | hours from half to half
minute*15  Asia/Kathmandu    2026-07-01T10:20:00+05:45 | 2026-07-01T10:15:00+05:45 2026-07-01T10:30:00+05:45 | 15 min  | quarters of the local clock's hours
minute*7   UTC               2026-11-22T23:59:59Z      | 2026-11-22T23:55:00+00:00 2026-11-23T00:00:00+00:00 | 5 min   | each day begins with a slot of its own
minute*20  America/New_York  2026-11-01T01:10:00-05:00 | 2026-11-01T01:40:00-04:00 2026-11-01T02:00:00-05:00 | 80 min  | clocks show old times again: still the last slot

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
    const [text, timeZone, at] = asked!.split(/\s+/) as [string, string, string];
    const [startsAt, resetsAt] = window!.split(' ') as [string, string];
    return { text, timeZone, at, startsAt, resetsAt, length: length!, because: because! };
  });

/** The window of which this is the text. */
function written(text: string): WindowUnit | WindowSpec {
  const [, unit, every, startsAt, startsOn] = /^([a-z]+)(?:\*(\d+))?(?:@([\d:]+))?(?:>(.+))?$/.exec(text)!;
  if (unit === text) return unit as WindowUnit;
  return {
    unit: unit as WindowUnit,
    ...(every !== undefined && { every: Number(every) }),
    ...(startsAt !== undefined && { startsAt }),
    ...(startsOn !== undefined && { startsOn: unit === 'month' ? Number(startsOn) : startsOn }),
  };
}

const MINUTE_MS = 60_000;

describe('windowAt', () => {
  it.each(famous)(
    '$text of $at in $timeZone: $because',
    ({ text, timeZone, at, startsAt, resetsAt, length }) => {
      const of = written(text);
      const window = windowAt(of, timeZone, Date.parse(at));
      const [amount, lengthUnit] = length.split(' ');
      expect(window).toEqual({
        of,
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
    const slots = { unit: 'hour', every: 5, startsAt: '23:59' } as const;
    const leapYears = { unit: 'year', startsAt: '23:59', startsOn: '02-29' } as const;
    for (const of of [...WINDOW_UNITS, slots, leapYears]) {
      if (of === 'total' || of === 'concurrent') continue;
      expect(windowAt(of, 'America/New_York', 0).resetsAtMs).toBeGreaterThan(0);
      expect(windowAfter(windowAt(of, 'America/New_York', lastMs)).resetsAt).toMatch(/^99\d\d-/);
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

  it.each(['total', 'concurrent'] as const)('gives %s no ends, whenever it is asked', (of) => {
    const endless = {
      of,
      timeZone: 'UTC',
      ...{ startsAtMs: 0, resetsAtMs: NEVER, startsAt: null, resetsAt: null },
    };
    for (const atMs of [0, Date.parse('2026-11-22T12:00:00Z'), Date.parse('9989-12-31T23:59:59.999Z')])
      expect(windowAt(of, 'UTC', atMs)).toEqual(endless);
    expect(windowAt({ unit: of }, 'UTC', 0)).toEqual({ ...endless, of: { unit: of } });
    expect(windowAfter(windowAt(of, 'UTC', 0))).toEqual(endless);
  });

  it('takes what is written out for what it is by default', () => {
    const atMs = Date.parse('2026-11-01T01:30:00-05:00');
    for (const [unit, spec] of [
      ['minute', { unit: 'minute', every: 1 }],
      ['hour', { unit: 'hour', every: 1, startsAt: '00:00' }],
      ['day', { unit: 'day', startsAt: '00:00' }],
      ['week', { unit: 'week', startsOn: 'monday' }],
      ['month', { unit: 'month', startsOn: 1 }],
      ['year', { unit: 'year', startsOn: '01-01', startsAt: '00:00' }],
    ] as const) {
      const { startsAtMs, resetsAtMs } = windowAt(unit, 'America/New_York', atMs);
      expect(windowAt(spec, 'America/New_York', atMs)).toMatchObject({ startsAtMs, resetsAtMs });
    }
  });
});

describe('windowAfter', () => {
  it('gives the window that begins where the other ends', () => {
    const december = windowAt('month', 'Asia/Shanghai', Date.parse('2026-12-24T12:00:00+08:00'));
    expect(windowAfter(december)).toMatchObject({
      of: 'month',
      startsAt: '2027-01-01T00:00:00+08:00',
      resetsAt: '2027-02-01T00:00:00+08:00',
    });
  });

  it('steps over a day that never was', () => {
    const day = windowAt('day', 'Pacific/Apia', Date.parse('2011-12-28T12:00:00-10:00'));
    const starts = [day, windowAfter(day), windowAfter(windowAfter(day))].map(({ startsAt }) =>
      startsAt?.slice(0, 10),
    );
    expect(starts).toEqual(['2011-12-28', '2011-12-29', '2011-12-31']);
  });

  it.each<[string, WindowSpec, readonly string[]]>([
    [
      'the last days of months, and never the 28th for ever',
      { unit: 'month', startsOn: 31 },
      ['2026-12-31', '2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31'],
    ],
    [
      'leap days where there are any',
      { unit: 'year', startsOn: '02-29' },
      ['2026-02-28', '2027-02-28', '2028-02-29', '2029-02-28', '2030-02-28', '2031-02-28'],
    ],
  ])('walks along %s', (_what, of, starts) => {
    let window = windowAt(of, 'Asia/Shanghai', Date.parse('2027-01-05T12:00:00+08:00'));
    const walked: string[] = [];
    for (; walked.length < starts.length; window = windowAfter(window))
      walked.push(window.startsAt!.slice(0, 10));
    expect(walked).toEqual(starts);
  });

  it('walks along the slots of each day', () => {
    let window = windowAt({ unit: 'hour', every: 5 }, 'Asia/Shanghai', Date.parse('2026-11-22T12:00:00Z'));
    const walked: string[] = [];
    for (; walked.length < 7; window = windowAfter(window)) walked.push(window.startsAt!.slice(8, 16));
    expect(walked).toEqual([
      '22T20:00',
      '23T00:00',
      '23T05:00',
      '23T10:00',
      '23T15:00',
      '23T20:00',
      '24T00:00',
    ]);
  });
});
