import type { LedgerEvent } from '../contract/ledger-event.js';
import { subjectText } from '../blocks/hash.js';

/** Refusals of one subject of a resource that are kept each for itself, a minute. */
const KEPT_A_MINUTE = 10;
/** Subjects whose refusals are counted; those beyond are kept each for itself. */
const MAX_SUBJECTS = 50_000;
const MINUTE_MS = 60_000;

/** Refusals that are one row at the end of their minute. */
export interface CountedRefusals {
  /** Of the resource and the subject. */
  readonly key: string;
  readonly minute: number;
  /** The row: the last of them, with the count so far. */
  event: LedgerEvent;
}

interface Minute {
  kept: number;
  counted: CountedRefusals | undefined;
}

/**
 * Keeps a caller that asks again and again from filling the ledger: beyond 10 a minute, refusals of one subject become one row with a count.
 * What is counted so far is written with every batch, so that a node that is killed loses no more of it than of anything else.
 */
export class Refusals {
  #minute = 0;
  #begunAt = performance.now();
  #subjects = new Map<string, Minute>();
  #changed = new Set<CountedRefusals>();
  #ended: CountedRefusals[] = [];

  /** Whether the event is counted, and so no row of its own. */
  counts(event: LedgerEvent): boolean {
    if (event.outcome !== 'denied' || (event.kind !== 'check' && event.kind !== 'reserve')) return false;
    this.#endBefore(event.at);
    const key = `${event.resource ?? ''}\n${subjectText(event.subject ?? {})}`;
    const of = this.#subjects.get(key);
    if (of === undefined) {
      if (this.#subjects.size < MAX_SUBJECTS) this.#subjects.set(key, { kept: 1, counted: undefined });
      return false;
    }
    if (of.kept < KEPT_A_MINUTE) {
      of.kept += 1;
      return false;
    }
    of.counted ??= { key, minute: this.#minute, event: { ...counted(event, event.at), count: 0 } };
    const { data, count = 0 } = of.counted.event;
    of.counted.event = { ...counted(event, data?.from ?? event.at), count: count + (event.count ?? 1) };
    this.#changed.add(of.counted);
    return true;
  }

  /** Ends the minute where an event lies beyond it. */
  #endBefore(at: number): void {
    const minute = Math.floor(at / MINUTE_MS);
    if (minute <= this.#minute) return;
    this.endNow();
    this.#minute = minute;
  }

  /** Ends it when it has lasted for one, by the node's clock: the events have the store's. */
  endWhenOver(): void {
    if (performance.now() - this.#begunAt >= MINUTE_MS) this.endNow();
  }

  /** Ends it whatever the time is: of a ledger that closes, or of a day that does. */
  endNow(): void {
    for (const { counted } of this.#subjects.values()) if (counted) this.#ended.push(counted);
    this.#subjects = new Map();
    this.#changed.clear();
    this.#begunAt = performance.now();
  }

  /** What was left by a process that is gone. */
  adopt(left: readonly CountedRefusals[]): void {
    this.#ended.push(...left);
  }

  /** The rows of minutes that ended since the last call. */
  takeEnded(): readonly CountedRefusals[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  /** Those that changed since the last call and whose minute still runs. */
  takeChanged(): readonly CountedRefusals[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** Drops what is counted of some subjects. */
  forget(matches: (event: LedgerEvent) => boolean): void {
    for (const [key, { counted }] of this.#subjects)
      if (counted && matches(counted.event)) this.#subjects.delete(key);
    this.#ended = this.#ended.filter(({ event }) => !matches(event));
  }
}

function counted(event: LedgerEvent, from: number): LedgerEvent {
  const { reason, limits } = event.data ?? {};
  const { at, kind, outcome, resource, subject, actor } = event;
  return {
    ...{ at, kind, outcome },
    ...(resource !== undefined && { resource }),
    ...(subject && { subject }),
    ...(actor !== undefined && { actor }),
    data: { ...(reason !== undefined && { reason }), ...(limits && { limits }), from, to: event.at },
  };
}
