import type { Subject } from '@sundial/contract';
import type { LedgerEvent, LedgerLimit } from '../contract/ledger-event.js';
import { hashOf, searchedText, subjectText } from './hash.js';

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

/** A subject's sums of a UTC day. A row of `ledger_subject_days`. */
export interface SubjectDay {
  readonly resource: string;
  readonly meter: string;
  readonly day: number;
  readonly subject_hash: number;
  readonly subject: string;
  used: number;
  allowed: number;
  denied: number;
}

/** One attribute of a subject that a rule counts by. A row of `ledger_subjects`. */
export interface SubjectAttribute {
  readonly name: string;
  /** As it stands in `subjectText`, without its quotes. */
  readonly value: string;
  readonly subject_hash: number;
  readonly subject: string;
  readonly seen_at: number;
}

export const DAY_MS = 86_400_000;
const NO_START = -1;
/** More than these are applied at once, not after a while. */
const MAX_ENTRIES = 100_000;

/** Which events change what a subject used, and by which sign. */
const SIGN: Readonly<Partial<Record<LedgerEvent['kind'], (event: LedgerEvent) => number>>> = {
  check: ({ outcome, data }) => (outcome === 'allowed' && !data?.replayed ? 1 : 0),
  commit: ({ data }) => (data?.replayed ? 0 : 1),
  expire: ({ outcome }) => (outcome === 'committed' ? 1 : 0),
  report: ({ outcome }) => (outcome === 'counted' ? 1 : 0),
  refund: ({ data }) => (data?.replayed ? 0 : -1),
  return: ({ data }) => (data?.replayed ? 0 : -1),
};

/** The sums of one subject: few of each, which are found by looking at all of them. */
interface SubjectSums {
  readonly hash: number;
  readonly windows: WindowUsage[];
  readonly days: SubjectDay[];
}

/** Sums up rows of the ledger, which are applied to the database now and then, together with the position they reach to. */
export class Usage {
  #subjects = new Map<string, SubjectSums>();
  #entries = 0;

  get isFull(): boolean {
    return this.#entries >= MAX_ENTRIES;
  }

  add(event: LedgerEvent): void {
    const { subject, data, kind, resource } = event;
    if (!subject || resource === undefined) return;
    const decided = kind === 'check' || kind === 'reserve';
    const text = subjectText(subject);
    if (data?.limits) {
      for (const limit of data.limits)
        this.#addWindow(event, counterText(subject, text, limit.per), limit, decided);
    }
    const sign = SIGN[kind]?.(event) ?? 0;
    if (sign !== 0 || decided) this.#addDay(event, text, sign, decided);
  }

  take(): {
    readonly windows: readonly WindowUsage[];
    readonly days: readonly SubjectDay[];
    readonly subjects: readonly SubjectAttribute[];
  } {
    const subjects = [...this.#subjects.values()];
    this.#subjects = new Map();
    this.#entries = 0;
    return {
      windows: subjects.flatMap(({ windows }) => windows),
      days: subjects.flatMap(({ days }) => days),
      subjects: subjects.flatMap(attributesOf),
    };
  }

  #of(subject: string): SubjectSums {
    let sums = this.#subjects.get(subject);
    if (sums === undefined) {
      sums = { hash: hashOf(subject), windows: [], days: [] };
      this.#subjects.set(subject, sums);
    }
    return sums;
  }

  #addWindow(event: LedgerEvent, subject: string, limit: LedgerLimit, decided: boolean): void {
    const entry = this.#window(event, subject, limit);
    if (event.at >= entry.seen_at) {
      entry.used = limit.used;
      entry.reserved = limit.reserved ?? 0;
      entry.max = limit.max;
      entry.seen_at = event.at;
    }
    if (!decided || event.data?.replayed) return;
    if (event.outcome === 'allowed') entry.allowed += event.count ?? 1;
    else entry.denied += event.count ?? 1;
  }

  #window({ resource = '', at }: LedgerEvent, subject: string, limit: LedgerLimit): WindowUsage {
    const { rule, window, meter, used, reserved = 0, max, startsAt = NO_START, resetsAt = null } = limit;
    const { hash, windows } = this.#of(subject);
    for (const known of windows)
      if (
        known.starts_at === (startsAt ?? NO_START) &&
        known.window === window &&
        known.meter === meter &&
        known.rule === rule
      )
        return known;
    const entry: WindowUsage = {
      subject_hash: hash,
      rule,
      window,
      meter,
      starts_at: startsAt ?? NO_START,
      resets_at: resetsAt,
      resource,
      subject,
      used,
      reserved,
      max,
      seen_at: at,
      allowed: 0,
      denied: 0,
    };
    windows.push(entry);
    this.#entries += 1;
    return entry;
  }

  #addDay(event: LedgerEvent, subject: string, sign: number, decided: boolean): void {
    const { amounts = UNITS_ALONE, replayed } = event.data ?? {};
    const counts = decided && !replayed ? (event.count ?? 1) : 0;
    if (!('units' in amounts)) this.#addMeter(event, subject, 'units', 0, counts);
    for (const meter in amounts) this.#addMeter(event, subject, meter, sign * amounts[meter]!, counts);
  }

  #addMeter(event: LedgerEvent, subject: string, meter: string, used: number, counts: number): void {
    if (used === 0 && counts === 0) return;
    const entry = this.#day(event, subject, meter);
    entry.used += used;
    if (event.outcome === 'denied') entry.denied += counts;
    else entry.allowed += counts;
  }

  #day({ resource = '', at }: LedgerEvent, subject: string, meter: string): SubjectDay {
    const day = Math.floor(at / DAY_MS);
    const { hash, days } = this.#of(subject);
    for (const known of days)
      if (known.day === day && known.resource === resource && known.meter === meter) return known;
    const entry = { resource, meter, day, subject_hash: hash, subject, used: 0, allowed: 0, denied: 0 };
    days.push(entry);
    this.#entries += 1;
    return entry;
  }
}

/** Of a subject that is counted: one that no rule counts by would fill the search with what callers make up. */
function attributesOf({ hash, windows }: SubjectSums): readonly SubjectAttribute[] {
  const [first] = windows;
  if (first === undefined) return [];
  const { subject } = first;
  const seen_at = Math.max(...windows.map((window) => window.seen_at));
  return Object.entries(JSON.parse(subject) as Subject).map(([name, value]) => ({
    ...{ name, value: searchedText(value), subject_hash: hash, subject, seen_at },
  }));
}

const UNITS_ALONE: Readonly<Record<string, number>> = { units: 1 };

/** The text of those attributes that the rule counts by; `whole` is that of all of them. */
function counterText(subject: Subject, whole: string, per: readonly string[] | undefined): string {
  if (per === undefined || per.length === Object.keys(subject).length) return whole;
  return JSON.stringify(subject, [...per].sort());
}
