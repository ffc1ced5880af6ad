import { DAYS_A_WEEK, MINUTES_A_DAY, type ScheduleTimes } from './schedule-times.js';

/** Whether two entries of one kind, both with dates or both without, hold at one time of the local clock. */
export function areAtOnce(one: ScheduleTimes, other: ScheduleTimes): boolean {
  if (one.hasDates !== other.hasDates) return false;
  // An entry lasts a day at most, so those that begin further apart do not meet.
  return [-1, 0, 1].some((ahead) => overlaps(one, other, ahead) && beginsAhead(one, other, ahead));
}

/** Whether the times of one day meet those that the other has so many days later. */
function overlaps(one: ScheduleTimes, other: ScheduleTimes, ahead: number): boolean {
  const begin = ahead * MINUTES_A_DAY + other.fromMinute;
  return begin < one.fromMinute + one.minutes && one.fromMinute < begin + other.minutes;
}

/** Whether there is a day of the one that the other follows so many days later. */
function beginsAhead(one: ScheduleTimes, other: ScheduleTimes, ahead: number): boolean {
  if (!one.hasDates) {
    const later = one.weekdays.map((weekday) => (weekday + ahead + DAYS_A_WEEK) % DAYS_A_WEEK);
    return later.some((weekday) => other.weekdays.includes(weekday));
  }
  return one.ranges.some(({ first, last }) =>
    other.ranges.some((range) => range.first <= last + ahead && first + ahead <= range.last),
  );
}
