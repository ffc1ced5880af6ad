import type { WindowSpec, WindowUnit } from '@sundial/contract';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Shorter than the time any zone kept one offset since 2010 (28 days, Fiji 2021), so that no change is stepped over. */
const SCAN_STEP_MS = 20 * DAY_MS;

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

  /** The window of a unit, or of one that begins elsewhere, that has ends. */
  windowAt(of: WindowUnit | WindowSpec, atMs: number): Span {
    const spec = typeof of === 'string' ? { unit: of } : of;
    const { unit, every = 1, startsAt = MIDNIGHT } = spec;
    const isPlain = every === 1 && startsAt === MIDNIGHT;
    if (isPlain && unit === 'minute') return this.#clockWindow(MINUTE_MS, atMs);
    if (isPlain && unit === 'hour') return this.#clockWindow(HOUR_MS, atMs);
    return this.#wallWindow(spec, atMs);
  }

  #clockWindow(lengthMs: number, atMs: number): Span {
    const { fromMs, toMs, offsetMs } = this.#stretchAt(atMs);
    const wholeMs = Math.floor((atMs + offsetMs) / lengthMs) * lengthMs - offsetMs;
    return { startsAtMs: Math.max(fromMs, wholeMs), resetsAtMs: Math.min(toMs, wholeMs + lengthMs) };
  }

  #wallWindow(spec: WindowSpec, atMs: number): Span {
    const boundaries = startsNear(spec, atMs + this.offsetAt(atMs)).map((ms) => this.#firstShowing(ms));
    return {
      startsAtMs: boundaries.findLast((ms) => ms <= atMs)!,
      resetsAtMs: boundaries.find((ms) => ms > atMs)!,
    };
  }

  /** The first instant at which the local clock shows this time (in milliseconds since 1970 on that clock) or a later one. */
  #firstShowing(shownMs: number): number {
    for (let index = this.#indexAt(shownMs - DAY_MS); index < this.#stretches.length; index += 1) {
      const { fromMs, toMs, offsetMs } = this.#stretches[index]!;
      const firstMs = Math.max(fromMs, shownMs - offsetMs);
      if (firstMs < toMs) return firstMs;
    }
    return Infinity;
  }

  #stretchAt(atMs: number): Stretch {
    return this.#stretches[this.#indexAt(atMs)]!;
  }

  /** Of the stretch that holds the instant, or the first one. */
  #indexAt(atMs: number): number {
    let [low, high] = [0, this.#stretches.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (atMs < this.#stretches[middle]!.toMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const MIDNIGHT = '00:00';
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
/** So many days before and after a local time are looked at for starts: two windows at least, and some days more. */
const REACH_DAYS = { minute: 2, hour: 2, day: 4, week: 18, month: 66, quarter: 190, year: 740 };

/** Zones set their clocks on the same days. */
const startsKnown = new Map<string, number[]>();

/** Every time of the local clock, around one of its times, at which a window begins. */
function startsNear(spec: WindowSpec, shownMs: number): number[] {
  const today = Math.floor(shownMs / DAY_MS);
  const name = `${today} ${JSON.stringify(spec)}`;
  const starts = startsKnown.get(name) ?? startsAround(spec, today);
  startsKnown.set(name, starts);
  return starts;
}

/** Each day is asked whether a window begins on it. */
function startsAround(
  { unit, every = 1, startsAt = MIDNIGHT, startsOn }: WindowSpec,
  today: number,
): number[] {
  if (unit === 'total' || unit === 'concurrent') throw new RangeError(`${unit} has no ends`);
  const [hours = 0, minutes = 0] = startsAt.split(':').map(Number);
  const slotMs = unit === 'minute' ? every * MINUTE_MS : unit === 'hour' ? every * HOUR_MS : DAY_MS;
  const starts: number[] = [];
  for (let date = today - REACH_DAYS[unit]; date <= today + REACH_DAYS[unit]; date += 1) {
    if (!isFirstDate(unit, startsOn, new Date(date * DAY_MS))) continue;
    const dayMs = date * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS;
    for (let intoMs = 0; intoMs < DAY_MS; intoMs += slotMs) starts.push(dayMs + intoMs);
  }
  return starts;
}

function isFirstDate(unit: keyof typeof REACH_DAYS, startsOn: WindowSpec['startsOn'], date: Date): boolean {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (unit) {
    case 'minute':
    case 'hour':
    case 'day':
      return true;
    case 'week':
      return WEEKDAYS[date.getUTCDay()] === (startsOn ?? 'monday');
    case 'month':
      return day === Math.min(Number(startsOn ?? 1), lastDayOf(year, month));
    case 'quarter':
      return day === 1 && month % 3 === 0;
    case 'year': {
      const [first, dayOfMonth] = String(startsOn ?? '01-01').split('-');
      return month === Number(first) - 1 && day === Math.min(Number(dayOfMonth), lastDayOf(year, month));
    }
    default:
      return unit satisfies never;
  }
}

function lastDayOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
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
