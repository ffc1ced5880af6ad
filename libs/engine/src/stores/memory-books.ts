import { REMEMBER_MS, type WindowPick } from './store.js';

/** One limit's current window and the units used in it. */
export interface MemoryWindow {
  field: string;
  startsAt: number;
  resetsAt: number;
  used: number;
}

export type MemoryCounter = MemoryWindow[];

export interface MemoryOperation {
  readonly content: string;
  readonly attempt: string;
  readonly picks: readonly WindowPick[];
  readonly at: number;
  /** True where the attempt must not count any more. */
  readonly barred: boolean;
}

/** Beyond this the oldest operations are forgotten early: about 250 MB. */
export const MAX_OPERATIONS = 1_000_000;
const SWEEP_EVERY_MS = 1_000;
/** Counters looked at in one sweep: a bounded pause, and each counter is seen again within minutes. */
const SWEEP_COUNTERS = 20_000;

/** The embedded store's memory: counters while one of their windows lasts, operations while they are remembered. */
export class MemoryBooks {
  readonly #counters = new Map<string, MemoryCounter>();
  /** In order of time: a map keeps the order of insertion. */
  readonly #operations = new Map<string, MemoryOperation>();
  readonly #now: () => number;
  readonly #sweeper: NodeJS.Timeout;
  #unswept: Iterator<[string, MemoryCounter]> = this.#counters.entries();
  /** Raised by every change; a snapshot compares it. */
  changes = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  get counters(): ReadonlyMap<string, MemoryCounter> {
    return this.#counters;
  }

  get operations(): ReadonlyMap<string, MemoryOperation> {
    return this.#operations;
  }

  counter(key: string): MemoryCounter | undefined {
    return this.#counters.get(key);
  }

  /** The counter, made when there is none; the caller is about to change it. */
  openCounter(key: string): MemoryCounter {
    this.changes++;
    const known = this.#counters.get(key);
    if (known) return known;
    const made: MemoryCounter = [];
    this.#counters.set(key, made);
    return made;
  }

  operation(id: string): MemoryOperation | undefined {
    const operation = this.#operations.get(id);
    return operation && operation.at + REMEMBER_MS > this.#now() ? operation : undefined;
  }

  remember(id: string, operation: MemoryOperation): void {
    this.changes++;
    if (this.#operations.delete(id) === false && this.#operations.size >= MAX_OPERATIONS)
      this.#forgetOldest();
    this.#operations.set(id, operation);
  }

  restore(key: string, counter: MemoryCounter): void {
    this.#counters.set(key, counter);
  }

  /** Drops counters whose windows are all over and operations too old to matter, a bounded number at a time. */
  sweep(): void {
    const now = this.#now();
    for (let n = 0; n < SWEEP_COUNTERS; n++) {
      const next = this.#unswept.next();
      if (next.done) {
        this.#unswept = this.#counters.entries();
        break;
      }
      const [key, counter] = next.value;
      if (counter.every((window) => window.resetsAt <= now)) this.#counters.delete(key);
    }
    for (const [id, { at }] of this.#operations) {
      if (at + REMEMBER_MS > now) break;
      this.#operations.delete(id);
    }
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #forgetOldest(): void {
    const oldest = this.#operations.keys().next();
    if (!oldest.done) this.#operations.delete(oldest.value);
  }
}
