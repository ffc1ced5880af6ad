import { Temporal } from 'temporal-polyfill';

import type { WindowSpec, WindowUnit } from '@sundial/contract';
import { type PeriodStarts, periodStarts } from './period-starts.js';
import { NEVER, type Window } from './window.js';
import { windowText } from './window-text.js';

/** Leaves the ends of every window, and of some after it, in years of four digits. */
const LATEST_INSTANT_MS = Date.UTC(9990, 0, 1) - 1;

/**
 * The natural window in `timeZone` that holds the instant `atMs`: from the last boundary at or before it to the next. Boundaries
 * are an increasing sequence of instants, so the windows of a rule leave no gap and never overlap, whatever the zone's
 * clocks do:
 *
 * - Day, week (Monday), month, quarter and year begin at the first instant of their first local date. Where midnight does
 *   not exist that is the instant after the gap. A date that clocks set back return to does not begin twice. A date that a
 *   zone skipped (Apia, 2011-12-30) has no window.
 * - `startsAt` moves the day, and what is made of days, to another time of the local clock; `startsOn` to another weekday, day of
 *   the month or of the year. `every` makes slots that are counted from each day's start. All of them begin at the first instant at
 *   which the local clock shows that time or later. So slots are longer or shorter where clocks are set, as days are.
 * - Hour and minute begin whenever the local clock shows a whole one, *and* at every change of the UTC offset. So no
 *   hour is longer than 60 minutes; a few are shorter (30 minutes where Lord Howe moves its clocks).
 * - `total` and `concurrent` hold every instant and have no ends.
 *
 * `timeZone` is a name that `canonicalTimeZone` gave, `of` a window as `parseRule` lets it pass. Instants go from 0 (1970) to
 * the end of the year 9989, else a `RangeError`; a window that holds 0 may begin before it. One call takes about 0.1 ms: on a
 * hot path ask a `WindowClock`.
 */
export function windowAt(of: WindowUnit | WindowSpec, timeZone: string, atMs: number): Window {
  if (!(atMs >= 0 && atMs <= LATEST_INSTANT_MS)) {
    throw new RangeError(`No window holds the instant ${atMs}: instants go from 0 to ${LATEST_INSTANT_MS}`);
  }
  return windowHolding(of, timeZone, Math.floor(atMs));
}

/** The window that begins where this one ends; one without an end is its own. */
export function windowAfter(window: Window): Window {
  const { of, timeZone, resetsAtMs } = window;
  return resetsAtMs === NEVER ? window : windowHolding(of, timeZone, resetsAtMs);
}

function windowHolding(of: WindowUnit | WindowSpec, timeZone: string, atMs: number): Window {
  const bounds = boundsAround(of, zonedAt(timeZone, atMs));
  if (!bounds) return { of, timeZone, startsAtMs: 0, resetsAtMs: NEVER, startsAt: null, resetsAt: null };
  const [start, reset] = bounds;
  return {
    of,
    timeZone,
    startsAtMs: start.epochMilliseconds,
    resetsAtMs: reset.epochMilliseconds,
    startsAt: isoTextOf(start),
    resetsAt: isoTextOf(reset),
  };
}

type Bounds = [start: Temporal.ZonedDateTime, reset: Temporal.ZonedDateTime];

/** None of a window that never ends. */
function boundsAround(of: WindowUnit | WindowSpec, at: Temporal.ZonedDateTime): Bounds | undefined {
  switch (windowText(of)) {
    case 'total':
    case 'concurrent':
      return undefined;
    case 'minute':
      return clockBounds(at, 60_000);
    case 'hour':
      return clockBounds(at, 3_600_000);
    default:
      return wallBounds(at, periodStarts(typeof of === 'string' ? { unit: of } : of, at.toPlainDateTime()));
  }
}

function wallBounds(at: Temporal.ZonedDateTime, startOf: PeriodStarts): Bounds {
  let start = firstInstantShowing(startOf(0), at.timeZoneId);
  for (let shift = 1; ; shift += 1) {
    const reset = firstInstantShowing(startOf(shift), at.timeZoneId);
    if (at.epochMilliseconds < reset.epochMilliseconds) return [start, reset];
    // Clocks that were set back show an old time again although the next window has already begun.
    start = reset;
  }
}

/** When the local clock first shows this time or, where it skips it, a later one. */
function firstInstantShowing(wall: Temporal.PlainDateTime, timeZone: string): Temporal.ZonedDateTime {
  const instant = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  // Of a time that is skipped, this instant lies before the change.
  return instant.toPlainDateTime().equals(wall) ? instant : changeAfter(instant);
}

/** Relies on no zone changing its offset and changing it back within one hour; none ever did. */
function clockBounds(at: Temporal.ZonedDateTime, lengthMs: number): Bounds {
  const intoMs = (at.epochMilliseconds + at.offsetNanoseconds / 1e6) % lengthMs;
  const wholeMs = at.epochMilliseconds - (intoMs < 0 ? intoMs + lengthMs : intoMs);
  const start = zonedAt(at.timeZoneId, wholeMs);
  const reset = zonedAt(at.timeZoneId, wholeMs + lengthMs);
  return [
    start.offsetNanoseconds === at.offsetNanoseconds ? start : changeAtOrBefore(at),
    reset.offsetNanoseconds === at.offsetNanoseconds ? reset : changeAfter(at),
  ];
}

function changeAtOrBefore(at: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  return at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')!;
}

function changeAfter(at: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  return at.getTimeZoneTransition('next')!;
}

export function zonedAt(timeZone: string, atMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
}

/** ISO-8601 has no offset with seconds (Monrovia had one until 1972): such an instant is written in UTC. */
export function isoTextOf(instant: Temporal.ZonedDateTime): string {
  const written = instant.offsetNanoseconds % 60e9 === 0 ? instant : instant.withTimeZone('UTC');
  return written.toString({ timeZoneName: 'never' });
}
