import type { Subject } from '@sundial/contract';
import type { LedgerEvent, LedgerLimit } from '../contract/ledger-event.js';
import type { BlockReader } from '../blocks/block-reader.js';
import type { Shape } from '../blocks/shape.js';
import { hashOf, subjectText } from '../blocks/hash.js';
import { addTo, countUp, fold, see, sizeOf, type ShapeSums, type SubjectSums } from './shape-sums.js';
import { subjectAttributes, type SubjectAttribute } from './subject-attributes.js';
import { isSomething, longSpans, type SubjectDay } from './subject-days.js';

/** One window of one counter, as the events since the last call saw it. A row of `ledger_windows`. */
export interface WindowUsage {
  readonly subject_hash: number;
  readonly rule: string;
  readonly window: string;
  readonly meter: string;
  /** -1: it has no start. */
  readonly starts_at: number;
  readonly resets_at: number | null;
  readonly resource: string;
  readonly subject: string;
  used: number;
  reserved: number;
  max: number | null;
  seen_at: number;
  allowed: number;
  denied: number;
}

export const DAY_MS = 86_400_000;
const NO_START = -1;
/** Which events change what a subject used, and by which sign. */
const SIGN: Readonly<Partial<Record<LedgerEvent['kind'], (outcome: string, replayed: boolean) => number>>> = {
  check: (outcome, replayed) => (outcome === 'allowed' && !replayed ? 1 : 0),
  commit: (_, replayed) => (replayed ? 0 : 1),
  expire: (outcome) => (outcome === 'committed' ? 1 : 0),
  report: (outcome) => (outcome === 'counted' ? 1 : 0),
  refund: (_, replayed) => (replayed ? 0 : -1),
  return: (_, replayed) => (replayed ? 0 : -1),
};

export interface Sums {
  readonly windows: readonly WindowUsage[];
  readonly days: readonly SubjectDay[];
  readonly subjects: readonly SubjectAttribute[];
}

/** Sums up rows of the ledger, which are applied to the database now and then, together with the position they reach to. */
export class Usage {
  #subjects = new Map<string, SubjectSums>();
  /** The same, by the names of the attributes and the bytes of their values. */
  #byBytes = new Map<string, Map<string, SubjectSums>>();
  #lastNames: readonly string[] | undefined;
  #ofLastNames = new Map<string, SubjectSums>();
  #entries = 0;

  /** How many sums wait. */
  get size(): number {
    return this.#entries;
  }

  add(event: LedgerEvent): void {
    const { subject, data, kind, resource } = event;
    if (!subject || resource === undefined) return;
    const decided = kind === 'check' || kind === 'reserve';
    const text = subjectText(subject);
    if (data?.limits) {
      for (const limit of data.limits)
        this.#addWindow(event, this.#of(counterText(subject, text, limit.per)), limit, decided);
    }
    const sign = SIGN[kind]?.(event.outcome, data?.replayed === true) ?? 0;
    if (sign !== 0 || decided) this.#addDay(event, this.#of(text), sign, decided);
  }

  /** A row that has a shape, as it is: what comes thousands of times a second is not made into an event. */
  addRecord(record: BlockReader): void {
    const { at } = record;
    const shape = record.shape!;
    record.readNumbers();
    const sums = this.#ofRecord(record, shape);
    const day = Math.floor(at / DAY_MS);
    let { last } = sums;
    if (last?.shape !== shape || last.day !== day) last = this.#ofShape(sums, record, day);
    addTo(last, record);
  }

  /** Without what only zeros were added to. */
  take(): Sums {
    const subjects = [...this.#subjects.values()];
    for (const { last } of subjects) if (last) fold(last);
    this.#subjects = new Map();
    this.#byBytes = new Map();
    this.#lastNames = undefined;
    this.#entries = 0;
    const [windows, days, attributes]: [WindowUsage[], SubjectDay[], SubjectAttribute[]] = [[], [], []];
    for (const one of subjects) {
      windows.push(...one.windows);
      for (const day of one.days) if (isSomething(day)) days.push(day);
      for (const span of longSpans(one.days)) if (isSomething(span)) days.push(span);
      attributes.push(...subjectAttributes(one));
    }
    return { windows, days, subjects: attributes };
  }

  #of(text: string): SubjectSums {
    let sums = this.#subjects.get(text);
    if (sums === undefined) {
      sums = { hash: hashOf(text), text, windows: [], days: [], last: undefined };
      this.#subjects.set(text, sums);
    }
    if (sums.last) fold(sums.last);
    return sums;
  }

  #ofRecord(record: BlockReader, shape: Shape): SubjectSums {
    if (this.#lastNames !== shape.names) {
      this.#lastNames = shape.names;
      const names = shape.names.join('\n');
      this.#ofLastNames = this.#byBytes.get(names) ?? new Map<string, SubjectSums>();
      this.#byBytes.set(names, this.#ofLastNames);
    }
    const known = this.#ofLastNames;
    const bytes = record.valueBytes();
    let sums = known.get(bytes);
    if (!sums) known.set(bytes, (sums = this.#of(subjectText(record.subject()))));
    return sums;
  }

  #ofShape(sums: SubjectSums, record: BlockReader, day: number): ShapeSums {
    const shape = record.shape!;
    const { at } = record;
    const { kind, outcome, resource, names, limits = [] } = shape;
    const decided = kind === 'check' || kind === 'reserve';
    const replayed = isReplayed(shape);
    const sign = SIGN[kind]?.(outcome, replayed) ?? 0;
    if (sums.last) fold(sums.last);
    const owners = limits.map(({ per }) =>
      per === undefined || per.length === names.length
        ? sums
        : this.#of(counterText(record.subject(), sums.text, per)),
    );
    const { meters, units } = sign !== 0 || decided ? this.#daysOf(shape, sums, day) : NO_DAYS;
    // Every record reads it: objects that are spread into one get hidden classes that the engine reads slowly.
    const last: ShapeSums = {
      shape,
      day,
      counts: decided && !replayed ? 1 : 0,
      sign,
      windows: limits.map((limit, index) =>
        this.#window({ resource, at }, owners[index]!, limit, record.used[index]!),
      ),
      owners: owners.some((owner) => owner !== sums) ? owners : undefined,
      meters,
      units,
      numbers: new Float64Array(sizeOf(shape)),
    };
    sums.last = last;
    return last;
  }

  #daysOf({ resource, meters = [] }: Shape, sums: SubjectSums, day: number) {
    const ofMeter = (meter: string) => this.#day({ resource, meter, day }, sums);
    return { meters: meters.map(ofMeter), units: meters.includes('units') ? undefined : ofMeter('units') };
  }

  #addWindow(event: LedgerEvent, sums: SubjectSums, limit: LedgerLimit, decided: boolean): void {
    const entry = this.#window(event, sums, limit, limit.used, limit.reserved);
    see(entry, event.at, limit.used, limit.reserved ?? 0, limit.max);
    if (!decided || event.data?.replayed) return;
    countUp(entry, event.count ?? 1, event.outcome === 'allowed');
  }

  #window(
    { resource = '', at }: Pick<LedgerEvent, 'resource' | 'at'>,
    sums: SubjectSums,
    limit: Omit<LedgerLimit, 'used' | 'reserved'>,
    used: number,
    reserved = 0,
  ): WindowUsage {
    const { rule, window, meter, max, startsAt = NO_START, resetsAt = null } = limit;
    for (const known of sums.windows)
      if (
        known.starts_at === (startsAt ?? NO_START) &&
        known.window === window &&
        known.meter === meter &&
        known.rule === rule
      )
        return known;
    const entry: WindowUsage = {
      subject_hash: sums.hash,
      rule,
      window,
      meter,
      starts_at: startsAt ?? NO_START,
      resets_at: resetsAt,
      resource,
      subject: sums.text,
      used,
      reserved,
      max,
      seen_at: at,
      allowed: 0,
      denied: 0,
    };
    sums.windows.push(entry);
    this.#entries += 1;
    return entry;
  }

  #addDay(event: LedgerEvent, sums: SubjectSums, sign: number, decided: boolean): void {
    const { resource = '', at } = event;
    const { amounts = UNITS_ALONE, replayed } = event.data ?? {};
    const counts = decided && !replayed ? (event.count ?? 1) : 0;
    const isAllowed = event.outcome !== 'denied';
    const day = Math.floor(at / DAY_MS);
    if (!('units' in amounts)) countUp(this.#day({ resource, meter: 'units', day }, sums), counts, isAllowed);
    for (const meter in amounts) {
      const entry = this.#day({ resource, meter, day }, sums);
      entry.used += sign * amounts[meter]!;
      countUp(entry, counts, isAllowed);
    }
  }

  #day({ resource, meter, day }: DayKey, { hash, text, days }: SubjectSums): SubjectDay {
    for (const known of days)
      if (known.day === day && known.resource === resource && known.meter === meter) return known;
    const entry = {
      resource,
      meter,
      span: 1,
      day,
      subject_hash: hash,
      subject: text,
      used: 0,
      allowed: 0,
      denied: 0,
    };
    days.push(entry);
    this.#entries += 1;
    return entry;
  }
}

const NO_DAYS = { meters: [], units: undefined };

function isReplayed({ constants = [] }: Shape): boolean {
  for (const { name, value } of constants) if (name === 'replayed') return value === true;
  return false;
}

type DayKey = Pick<SubjectDay, 'resource' | 'meter' | 'day'>;

const UNITS_ALONE: Readonly<Record<string, number>> = { units: 1 };

/** The text of those attributes that the rule counts by; `whole` is that of all of them. */
function counterText(subject: Subject, whole: string, per: readonly string[] | undefined): string {
  if (per === undefined || per.length === Object.keys(subject).length) return whole;
  return JSON.stringify(subject, [...per].sort());
}
