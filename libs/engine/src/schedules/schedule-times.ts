import { SCHEDULE_DAYS, type Schedule } from '@sundial/contract';

export const MINUTES_A_DAY = 24 * 60;
export const DAYS_A_WEEK = 7;
const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = SCHEDULE_DAYS.indexOf('thu');

/** Days with both ends, counted from 1970-01-01. */
interface DateRange {
  readonly first: number;
  readonly last: number;
}

/** When an entry holds, in days and minutes of the local clock: from a minute of each of its days on, for so many minutes. */
export interface ScheduleTimes {
  /** Weekdays from Monday, 0; none where it has dates. */
  readonly weekdays: readonly number[];
  readonly ranges: readonly DateRange[];
  readonly hasDates: boolean;
  /** 0 to 1439. */
  readonly fromMinute: number;
  /** 1 to 1440. */
  readonly minutes: number;
}

/** Of an entry as `parseRule` lets it pass. */
export function timesOf({ days, dates, from = '00:00', to = '24:00' }: Omit<Schedule, 'max'>): ScheduleTimes {
  const [fromMinute, toMinute] = [minuteOf(from), minuteOf(to)];
  const minutes = toMinute > fromMinute ? toMinute - fromMinute : toMinute + MINUTES_A_DAY - fromMinute;
  return {
    weekdays: dates ? [] : (days ?? SCHEDULE_DAYS).map((day) => SCHEDULE_DAYS.indexOf(day)),
    ranges: (dates ?? []).map(rangeOf),
    hasDates: dates !== undefined,
    fromMinute,
    minutes,
  };
}

/** Whether it begins on this day. */
export function beginsOn({ hasDates, weekdays, ranges }: ScheduleTimes, day: number): boolean {
  if (!hasDates) return weekdays.includes(weekdayOf(day));
  return ranges.some(({ first, last }) => first <= day && day <= last);
}

/** The first day from this one on, on which it begins. */
export function firstDayFrom(times: ScheduleTimes, day: number): number | undefined {
  if (times.hasDates) {
    const firsts = times.ranges.filter(({ last }) => last >= day).map(({ first }) => Math.max(first, day));
    return firsts.length > 0 ? Math.min(...firsts) : undefined;
  }
  for (let ahead = 0; ahead < DAYS_A_WEEK; ahead++) if (beginsOn(times, day + ahead)) return day + ahead;
  return undefined;
}

/** `2027-02-06`, or `2027-02-06/2027-02-12`; a date that there is not gives NaN. */
export function rangeOf(text: string): DateRange {
  const [first = '', last = first] = text.split('/');
  return { first: dayOf(first), last: dayOf(last) };
}

function dayOf(date: string): number {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return new Date(ms || 0).toISOString().startsWith(date) ? ms / DAY_MS : NaN;
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function weekdayOf(day: number): number {
  return (((day + FIRST_WEEKDAY) % DAYS_A_WEEK) + DAYS_A_WEEK) % DAYS_A_WEEK;
}
