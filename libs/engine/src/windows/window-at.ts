import { Temporal } from 'temporal-polyfill';

import type { WindowUnit } from '@sundial/contract';
import type { Window } from './window.js';

/** Leaves the ends of every window, and of some after it, in years of four digits. */
const LATEST_INSTANT_MS = Date.UTC(9990, 0, 1) - 1;

/**
 * The natural window of `unit` in `timeZone` that holds the instant `atMs`: from the last boundary at or before it to
 * the next. Boundaries are an increasing sequence of instants, so the windows of a unit leave no gap and never
 * overlap, whatever the zone's clocks do:
 *
 * - Day, week (Monday), month and year begin at the first instant of their first local date. Where midnight does not
 *   exist that is the instant after the gap. A date that clocks set back return to does not begin twice. A date that a
 *   zone skipped (Apia, 2011-12-30) has no window.
 * - Hour and minute begin whenever the local clock shows a whole one, *and* at every change of the UTC offset. So no
 *   hour is longer than 60 minutes; a few are shorter (30 minutes where Lord Howe moves its clocks).
 *
 * `timeZone` is a name that `canonicalTimeZone` gave. Instants go from 0 (1970) to the end of the year 9989, else a
 * `RangeError`; a window that holds 0 may begin before it. One call takes about 0.1 ms: on a hot path ask a
 * `WindowClock`.
 */
export function windowAt(unit: WindowUnit, timeZone: string, atMs: number): Window {
  if (!(atMs >= 0 && atMs <= LATEST_INSTANT_MS)) {
    throw new RangeError(`No window holds the instant ${atMs}: instants go from 0 to ${LATEST_INSTANT_MS}`);
  }
  return windowHolding(unit, timeZone, Math.floor(atMs));
}

/** The window that begins where this one ends. */
export function windowAfter({ unit, timeZone, resetsAtMs }: Window): Window {
  return windowHolding(unit, timeZone, resetsAtMs);
}

function windowHolding(unit: WindowUnit, timeZone: string, atMs: number): Window {
  const [start, reset] = boundsAround(unit, zonedAt(timeZone, atMs));
  return {
    unit,
    timeZone,
    startsAtMs: start.epochMilliseconds,
    resetsAtMs: reset.epochMilliseconds,
    startsAt: isoTextOf(start),
    resetsAt: isoTextOf(reset),
  };
}

type Bounds = [start: Temporal.ZonedDateTime, reset: Temporal.ZonedDateTime];

function boundsAround(unit: WindowUnit, at: Temporal.ZonedDateTime): Bounds {
  switch (unit) {
    case 'minute':
      return clockBounds(at, 60_000);
    case 'hour':
      return clockBounds(at, 3_600_000);
    case 'day':
      return calendarBounds(at, at.toPlainDate(), { days: 1 });
    case 'week':
      return calendarBounds(at, at.toPlainDate().subtract({ days: at.dayOfWeek - 1 }), { weeks: 1 });
    case 'month':
      return calendarBounds(at, at.toPlainDate().with({ day: 1 }), { months: 1 });
    case 'year':
      return calendarBounds(at, at.toPlainDate().with({ month: 1, day: 1 }), { years: 1 });
    default:
      return unit satisfies never;
  }
}

function calendarBounds(
  at: Temporal.ZonedDateTime,
  firstDate: Temporal.PlainDate,
  length: Temporal.DurationLike,
): Bounds {
  let date = firstDate;
  let start = date.toZonedDateTime(at.timeZoneId);
  for (;;) {
    date = date.add(length);
    const reset = date.toZonedDateTime(at.timeZoneId);
    if (at.epochMilliseconds < reset.epochMilliseconds) return [start, reset];
    // Clocks set back over midnight show the old date again although the next one has already begun.
    start = reset;
  }
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

function zonedAt(timeZone: string, atMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
}

/** ISO-8601 has no offset with seconds (Monrovia had one until 1972): such an instant is written in UTC. */
function isoTextOf(instant: Temporal.ZonedDateTime): string {
  const written = instant.offsetNanoseconds % 60e9 === 0 ? instant : instant.withTimeZone('UTC');
  return written.toString({ timeZoneName: 'never' });
}
