import { offsetSpanAt } from '../windows/offset-spans.js';
import { beginsOn, firstDayFrom, MINUTES_A_DAY, type ScheduleTimes } from './schedule-times.js';

const MINUTE_MS = 60_000;
const DAY_MS = MINUTES_A_DAY * MINUTE_MS;
/** Times at which an entry begins or ends, looked at for the one at which another entry holds: a year of whole days. */
const MAX_LOOKED_AT = 366;

/** What holds at an instant, and between which instants that is certain. */
export interface ScheduleSegment {
  /** Of the entry that holds; undefined where none does. */
  readonly index: number | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
  /** At `untilMs` another entry holds, or none; else that is further ahead than was looked. */
  readonly isEnd: boolean;
}

/**
 * Which entry holds at an instant: the one whose times the local clock shows, of those with dates before those without. Entries of
 * one kind share no instant. Times are sought on the local clock, and the clock is set where the zone sets it: what it shows twice
 * holds twice, what it skips does not hold.
 */
export function segmentAt(
  schedule: readonly ScheduleTimes[],
  timeZone: string,
  atMs: number,
): ScheduleSegment {
  const { offsetMs, fromMs } = offsetSpanAt(timeZone, atMs);
  const shownMs = Math.floor(atMs) + offsetMs;
  const index = entryShown(schedule, shownMs);
  return {
    index,
    fromMs: Math.max(fromMs, boundaryBefore(schedule, shownMs) - offsetMs),
    ...endOf(schedule, index, timeZone, Math.floor(atMs)),
  };
}

/** When it no longer is this entry that holds. */
function endOf(
  schedule: readonly ScheduleTimes[],
  index: number | undefined,
  timeZone: string,
  atMs: number,
): Pick<ScheduleSegment, 'untilMs' | 'isEnd'> {
  let untilMs = atMs;
  for (let looked = 0; looked < MAX_LOOKED_AT; looked++) {
    const span = offsetSpanAt(timeZone, untilMs);
    const shownMs = untilMs + span.offsetMs;
    const boundary = boundaryAfter(schedule, shownMs);
    untilMs = Math.min(boundary - span.offsetMs, span.untilMs);
    if (untilMs === Infinity) return { untilMs, isEnd: false };
    const nextShownMs = untilMs + offsetSpanAt(timeZone, untilMs).offsetMs;
    if (entryShown(schedule, nextShownMs) !== index) return { untilMs, isEnd: true };
    // A clock that is set forward, with nothing left to come on it.
    if (boundary === Infinity && nextShownMs >= shownMs) return { untilMs: Infinity, isEnd: false };
  }
  return { untilMs, isEnd: false };
}

function entryShown(schedule: readonly ScheduleTimes[], shownMs: number): number | undefined {
  let found: number | undefined;
  for (const [index, times] of schedule.entries()) {
    if (!isShown(times, shownMs)) continue;
    if (times.hasDates) return index;
    found ??= index;
  }
  return found;
}

/** Of today, or of yesterday over midnight. */
function isShown(times: ScheduleTimes, shownMs: number): boolean {
  const today = dayOf(shownMs);
  return [today, today - 1].some((day) => {
    const { begin, end } = boundsOn(times, day);
    return shownMs >= begin && shownMs < end && beginsOn(times, day);
  });
}

/** The first time after this one at which an entry begins or ends; infinite where there is none. */
function boundaryAfter(schedule: readonly ScheduleTimes[], shownMs: number): number {
  return Math.min(...schedule.map((times) => nextBoundary(times, shownMs)));
}

function nextBoundary(times: ScheduleTimes, shownMs: number): number {
  let day = firstDayFrom(times, dayOf(shownMs) - 1);
  while (day !== undefined) {
    const { begin, end } = boundsOn(times, day);
    if (begin > shownMs) return begin;
    if (end > shownMs) return end;
    day = firstDayFrom(times, day + 1);
  }
  return Infinity;
}

/** The last time up to this one at which an entry begins or ends, not before yesterday. */
function boundaryBefore(schedule: readonly ScheduleTimes[], shownMs: number): number {
  const today = dayOf(shownMs);
  let before = (today - 1) * DAY_MS;
  for (const times of schedule)
    for (const day of [today, today - 1, today - 2]) {
      if (!beginsOn(times, day)) continue;
      for (const bound of Object.values(boundsOn(times, day)))
        if (bound <= shownMs) before = Math.max(before, bound);
    }
  return before;
}

function boundsOn({ fromMinute, minutes }: ScheduleTimes, day: number): { begin: number; end: number } {
  const begin = day * DAY_MS + fromMinute * MINUTE_MS;
  return { begin, end: begin + minutes * MINUTE_MS };
}

function dayOf(shownMs: number): number {
  return Math.floor(shownMs / DAY_MS);
}
