import { MemoryCounter } from './memory-counter.js';
import { idOf, numberOf } from './own-ids.js';
import { OwnOperations, type OwnOperation } from './own-operations.js';
import { MARGIN_MS, REMEMBER_MS, type CounterRef } from './store.js';

/** A window as a snapshot has it. */
export interface KeptWindow {
  readonly field: string;
  readonly startsAt: number;
  readonly resetsAt: number;
  readonly used: number;
}

export interface MemoryOperation {
  readonly fingerprint: number;
  /** The attempts whose callers were not told otherwise, joined by commas; where barred, the one that must not count. */
  readonly attempts: string;
  /** An instant that lies in every window it was counted in. */
  readonly at: number;
  readonly barred: boolean;
}

/** Beyond this the older half of the operations under their callers' ids is forgotten early: about 200 MB. */
export const MAX_OPERATIONS = 1_000_000;
const SWEEP_EVERY_MS = 1_000;
/** Counters looked at in one sweep: a bounded pause, and each counter is seen again within minutes. */
const SWEEP_COUNTERS = 20_000;

/** The embedded store's memory: counters until their windows are long over, operations while they are remembered. */
export class MemoryBooks {
  readonly #counters = new Map<string, MemoryCounter>();
  /** The generation that is written, and the one before it: each is dropped as a whole, when its last is old enough. */
  #operations = new Map<string, MemoryOperation>();
  #olderOperations = new Map<string, MemoryOperation>();
  #generationSince: number;
  /** Those that are under an id of this process, unless they were told of again. */
  readonly #own = new OwnOperations();
  readonly #now: () => number;
  readonly #sweeper: NodeJS.Timeout;
  #unswept: Iterator<[string, MemoryCounter]> = this.#counters.entries();
  /** Raised by every change; a snapshot compares it. */
  changes = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#generationSince = now();
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  get counters(): ReadonlyMap<string, MemoryCounter> {
    return this.#counters;
  }

  /** Older ones first; also while a generation ends, none is left out. */
  *operations(): Generator<[string, MemoryOperation]> {
    const generations = [this.#olderOperations, this.#operations];
    for (const [number, noted] of this.#own.entries()) {
      const id = idOf(number);
      yield [id, asRemembered(id, noted)];
    }
    for (const generation of generations) yield* generation;
  }

  counter(ref: CounterRef): MemoryCounter | undefined {
    const { place } = ref;
    if (place instanceof MemoryCounter && place.books === this) return place;
    const counter = this.#counters.get(ref.key);
    if (counter !== undefined) ref.place = counter;
    return counter;
  }

  /** The counter, made when there is none; the caller is about to change it. */
  openCounter(ref: CounterRef): MemoryCounter {
    this.changes++;
    return this.counter(ref) ?? (ref.place = this.#open(ref.key));
  }

  operation(id: string): MemoryOperation | undefined {
    return this.#operations.get(id) ?? this.#olderOperations.get(id) ?? this.#ownOperation(id);
  }

  /** Remembers one that was counted under the id with this number, for `REMEMBER_MS` at least. */
  rememberOwn(number: number, fingerprint: number, at: number, now: number): void {
    this.changes++;
    this.#own.note(number, { fingerprint, at }, now);
  }

  /** Remembers it for `REMEMBER_MS` at least. */
  remember(id: string, operation: MemoryOperation): void {
    this.changes++;
    if (this.#operations.size >= MAX_OPERATIONS / 2) this.#nextGeneration();
    this.#operations.set(id, operation);
  }

  restore(key: string, windows: readonly KeptWindow[]): void {
    const counter = this.#open(key);
    for (const { field, startsAt, resetsAt, used } of windows)
      counter.put({ field, bounds: [startsAt, resetsAt, resetsAt] }, 0, used);
  }

  /** Drops counters whose windows are long over and operations too old to matter, a bounded number at a time. */
  sweep(): void {
    const now = this.#now();
    for (let n = 0; n < SWEEP_COUNTERS; n++) {
      const next = this.#unswept.next();
      if (next.done) {
        this.#unswept = this.#counters.entries();
        break;
      }
      const [key, counter] = next.value;
      if (counter.endsAt + MARGIN_MS <= now) this.#drop(key, counter);
    }
    if (now - this.#generationSince >= REMEMBER_MS) this.#nextGeneration();
    this.#own.sweep(now);
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #open(key: string): MemoryCounter {
    const counter = new MemoryCounter(this);
    this.#counters.set(key, counter);
    return counter;
  }

  #drop(key: string, counter: MemoryCounter): void {
    this.#counters.delete(key);
    counter.books = undefined;
  }

  #ownOperation(id: string): MemoryOperation | undefined {
    const number = numberOf(id);
    const noted = number === undefined ? undefined : this.#own.get(number);
    return noted && asRemembered(id, noted);
  }

  #nextGeneration(): void {
    this.#olderOperations = this.#operations;
    this.#operations = new Map();
    this.#generationSince = this.#now();
  }
}

/** Nobody else has tried it: whoever repeats it gets a record of his own. */
function asRemembered(id: string, { fingerprint, at }: OwnOperation): MemoryOperation {
  return { fingerprint, attempts: id, at, barred: false };
}
