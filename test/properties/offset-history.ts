import type { WindowUnit } from '@sundial/contract';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Shorter than the time any zone kept one offset since 2010 (28 days, Fiji 2021), so that no change is stepped over. */
const SCAN_STEP_MS = 5 * DAY_MS;

/** A stretch of time in which a zone kept one UTC offset. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

interface Span {
  readonly startsAtMs: number;
  readonly resetsAtMs: number;
}

/**
 * The UTC offsets of a zone over some years, read sample by sample from the runtime's `Intl` ("GMT+08:00") and no time
 * library, and the windows that follow from them by DESIGN's definition: the oracle for `windowAt`.
 */
export class OffsetHistory {
  readonly #stretches: Stretch[];

  constructor(
    readonly timeZone: string,
    fromMs: number,
    toMs: number,
  ) {
    this.#stretches = stretchesOf(offsetReader(timeZone), fromMs, toMs);
  }

  /** The instants at which the offset changed. */
  get changes(): number[] {
    return this.#stretches.slice(1).map(({ fromMs }) => fromMs);
  }

  /** Equal for zones that changed their clocks together, like Berlin and Paris. */
  get fingerprint(): string {
    return JSON.stringify(this.#stretches);
  }

  offsetAt(atMs: number): number {
    return this.#stretchAt(atMs).offsetMs;
  }

  /** The local date at an instant, in days since 1970-01-01. */
  dateAt(atMs: number): number {
    return Math.floor((atMs + this.offsetAt(atMs)) / DAY_MS);
  }

  windowAt(unit: WindowUnit, atMs: number): Span {
    if (unit === 'minute') return this.#clockWindow(MINUTE_MS, atMs);
    if (unit === 'hour') return this.#clockWindow(HOUR_MS, atMs);
    return this.#calendarWindow(unit, atMs);
  }

  #clockWindow(lengthMs: number, atMs: number): Span {
    const { fromMs, toMs, offsetMs } = this.#stretchAt(atMs);
    const wholeMs = Math.floor((atMs + offsetMs) / lengthMs) * lengthMs - offsetMs;
    return { startsAtMs: Math.max(fromMs, wholeMs), resetsAtMs: Math.min(toMs, wholeMs + lengthMs) };
  }

  #calendarWindow(unit: CalendarUnit, atMs: number): Span {
    const date = this.dateAt(atMs);
    const boundaries = [0, 1, 2, 3]
      .map((shift) => this.#firstInstant(periodStart(unit, date, shift), periodStart(unit, date, shift + 1)))
      .filter((ms) => ms !== undefined);
    return {
      startsAtMs: boundaries.findLast((ms) => ms <= atMs)!,
      resetsAtMs: boundaries.find((ms) => ms > atMs)!,
    };
  }

  /** The first instant whose local date is in `[fromDate, toDate)`; none where the zone skipped all of them. */
  #firstInstant(fromDate: number, toDate: number): number | undefined {
    for (const { fromMs, toMs, offsetMs } of this.#stretches) {
      const dateMs = fromDate * DAY_MS - offsetMs;
      if (toMs <= dateMs) continue;
      const firstMs = Math.max(fromMs, dateMs);
      if (firstMs < toDate * DAY_MS - offsetMs) return firstMs;
    }
    return undefined;
  }

  #stretchAt(atMs: number): Stretch {
    return this.#stretches.find(({ toMs }) => atMs < toMs)!;
  }
}

type CalendarUnit = Exclude<WindowUnit, 'minute' | 'hour'>;

/** The first date of the period that lies `shift` periods after the one of `date`. */
function periodStart(unit: CalendarUnit, date: number, shift: number): number {
  const day = new Date(date * DAY_MS);
  switch (unit) {
    case 'day':
      return date + shift;
    case 'week':
      return date - ((day.getUTCDay() + 6) % 7) + 7 * shift;
    case 'month':
      return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + shift) / DAY_MS;
    case 'year':
      return Date.UTC(day.getUTCFullYear() + shift, 0) / DAY_MS;
    default:
      return unit satisfies never;
  }
}

function stretchesOf(offsetAt: (atMs: number) => number, fromMs: number, toMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  let open = { fromMs, offsetMs: offsetAt(fromMs) };
  for (let atMs = fromMs; atMs < toMs; atMs += SCAN_STEP_MS) {
    if (offsetAt(atMs) === open.offsetMs) continue;
    const changeMs = bisect(atMs - SCAN_STEP_MS, atMs, (ms) => offsetAt(ms) === open.offsetMs);
    stretches.push({ ...open, toMs: changeMs });
    open = { fromMs: changeMs, offsetMs: offsetAt(changeMs) };
  }
  return [...stretches, { ...open, toMs }];
}

/** The first instant in `(beforeMs, afterMs]` that is no longer `before`. */
function bisect(beforeMs: number, afterMs: number, before: (ms: number) => boolean): number {
  if (afterMs - beforeMs === 1) return afterMs;
  const middleMs = Math.floor((beforeMs + afterMs) / 2);
  return before(middleMs) ? bisect(middleMs, afterMs, before) : bisect(beforeMs, middleMs, before);
}

function offsetReader(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (atMs) => {
    const [, sign, hours, minutes, seconds = '0'] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(
      format.format(atMs),
    )!;
    if (sign === undefined) return 0;
    const ms = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * SECOND_MS;
    return sign === '-' ? -ms : ms;
  };
}
