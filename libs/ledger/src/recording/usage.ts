import type { Subject } from '@sundial/contract';
import type { LedgerEvent, LedgerLimit } from '../contract/ledger-event.js';
import { hashOf, subjectText } from './hash.js';

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

export const DAY_MS = 86_400_000;
const NO_START = -1;
/** More than these are applied at once, not after a while. */
const MAX_ENTRIES = 20_000;

/** Which events change what a subject used, and by which sign. */
const SIGN: Readonly<Partial<Record<LedgerEvent['kind'], (event: LedgerEvent) => number>>> = {
  check: ({ outcome, data }) => (outcome === 'allowed' && !data?.replayed ? 1 : 0),
  commit: ({ data }) => (data?.replayed ? 0 : 1),
  expire: ({ outcome }) => (outcome === 'committed' ? 1 : 0),
  report: ({ outcome }) => (outcome === 'counted' ? 1 : 0),
  refund: ({ data }) => (data?.replayed ? 0 : -1),
  return: ({ data }) => (data?.replayed ? 0 : -1),
};

/** Sums up rows of the ledger, which are applied to the database now and then, together with the position they reach to. */
export class Usage {
  #windows = new Map<string, WindowUsage>();
  #days = new Map<string, SubjectDay>();

  get isFull(): boolean {
    return this.#windows.size + this.#days.size >= MAX_ENTRIES;
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

  take(): { readonly windows: readonly WindowUsage[]; readonly days: readonly SubjectDay[] } {
    const taken = { windows: [...this.#windows.values()], days: [...this.#days.values()] };
    this.#windows = new Map();
    this.#days = new Map();
    return taken;
  }

  #addWindow(event: LedgerEvent, subject: string, limit: LedgerLimit, decided: boolean): void {
    const { rule, window, meter, used, reserved = 0, max } = limit;
    const startsAt = limit.startsAt ?? NO_START;
    const key = `${subject}\n${rule}\n${window}\n${meter}\n${startsAt}`;
    let entry = this.#windows.get(key);
    if (entry === undefined) {
      entry = {
        ...{
          subject_hash: hashOf(subject),
          rule,
          window,
          meter,
          starts_at: startsAt,
          resets_at: limit.resetsAt ?? null,
        },
        ...{
          resource: event.resource ?? '',
          subject,
          used,
          reserved,
          max,
          seen_at: event.at,
          allowed: 0,
          denied: 0,
        },
      };
      this.#windows.set(key, entry);
    } else if (event.at >= entry.seen_at) {
      entry.used = used;
      entry.reserved = reserved;
      entry.max = max;
      entry.seen_at = event.at;
    }
    if (!decided || event.data?.replayed) return;
    if (event.outcome === 'allowed') entry.allowed += event.count ?? 1;
    else entry.denied += event.count ?? 1;
  }

  #addDay(event: LedgerEvent, subject: string, sign: number, decided: boolean): void {
    const { amounts = { units: 1 }, replayed } = event.data ?? {};
    const counts = decided && !replayed ? (event.count ?? 1) : 0;
    const meters = 'units' in amounts ? Object.keys(amounts) : ['units', ...Object.keys(amounts)];
    for (const meter of meters) {
      const used = sign * (amounts[meter] ?? 0);
      if (used === 0 && counts === 0) continue;
      const entry = this.#day(event, subject, meter);
      entry.used += used;
      if (event.outcome === 'denied') entry.denied += counts;
      else entry.allowed += counts;
    }
  }

  #day({ resource = '', at }: LedgerEvent, subject: string, meter: string): SubjectDay {
    const day = Math.floor(at / DAY_MS);
    const key = `${resource}\n${meter}\n${day}\n${subject}`;
    let entry = this.#days.get(key);
    if (entry === undefined) {
      entry = {
        resource,
        meter,
        day,
        subject_hash: hashOf(subject),
        subject,
        used: 0,
        allowed: 0,
        denied: 0,
      };
      this.#days.set(key, entry);
    }
    return entry;
  }
}

/** The text of those attributes that the rule counts by; `whole` is that of all of them. */
function counterText(subject: Subject, whole: string, per: readonly string[] | undefined): string {
  if (per === undefined || per.length === Object.keys(subject).length) return whole;
  return JSON.stringify(subject, [...per].sort());
}
