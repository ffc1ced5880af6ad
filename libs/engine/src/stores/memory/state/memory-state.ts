import { idOf, numberOf } from '../../../operations/own-ids.js';
import type { CounterRef, LimitSpec, WindowIndex } from '../../counter-ref.js';
import { MARGIN_MS } from '../../store.js';
import { REMEMBER_MS } from '../../take.js';
import { enforcedMax, type LimitOverride } from '../../overrides.js';
import type { LimitState, Windows } from './counter-records.js';
import { CounterSpace, defaultMaxCounters } from './counter-space.js';
import { CounterTable } from './counter-table.js';
import { putOwnEnd } from './own-ends.js';
import type { Bytes, MemoryOperation } from './operation-record.js';
import { OperationTable } from './operation-table.js';
import { OwnOperations, type OwnOperation } from './own-operations.js';
import type { UnloggedCounters } from './unlogged-counters.js';

const SWEEP_EVERY_MS = 1_000;
/** Counters looked at in one sweep: a bounded pause, and each counter is seen again within minutes. */
const SWEEP_COUNTERS = 20_000;
/** What goes into one group of the log: more than the changes that make a group full. */
const UNLOGGED_CHUNKS = 64;
const UNLOGGED_OWN = 16_384;

export interface MemoryStateOptions {
  /** How many counters there may be, those that were restored excepted. Default: what memory holds (`counter-space.ts`). */
  readonly maxCounters?: number;
  /** Of operations under their callers' ids, and of those from before the start. */
  readonly maxOperationBytes?: number;
  /** The time of which operations are remembered, epoch milliseconds. As in Redis it is not the store's, which tests shift. */
  readonly machineClock?: () => number;
}

/** The embedded store's memory: counters until their windows are long over, operations while they are remembered. */
export class MemoryState {
  readonly maxCounters: number;
  /** What a limit of a counter has instead of its max now. */
  overrideOf: (key: string, field: string) => LimitOverride | undefined = () => undefined;
  readonly counters = new CounterTable();
  readonly #space = new CounterSpace(this.counters.records);
  readonly #operations: OperationTable;
  /** Those that are under an id of this process, unless they changed since. */
  readonly #own = new OwnOperations();
  readonly #now: () => number;
  readonly #machineClock: () => number;
  readonly #sweeper: NodeJS.Timeout;
  #unswept = this.counters.records.all();
  #log: ChangeLog | undefined;

  constructor(now: () => number, options: MemoryStateOptions = {}) {
    const {
      maxCounters = defaultMaxCounters(),
      maxOperationBytes,
      machineClock = () => Date.now(),
    } = options;
    this.maxCounters = maxCounters;
    this.#now = now;
    this.#machineClock = machineClock;
    this.#operations = new OperationTable(maxOperationBytes);
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  /** Counters, and operations that are in the table of those with a record. */
  get size(): { readonly counters: number; readonly operations: number } {
    return { counters: this.counters.size, operations: this.#operations.size };
  }

  /** From now on, this log gets every change. */
  logTo(log: ChangeLog): void {
    this.#log = log;
  }

  /** To be called before a change or several that belong together. */
  beginChange(): void {
    this.#log?.beginChange();
  }

  /** Puts a limit of a counter, made when there is none, into this window, in which so much is used. */
  put(ref: CounterRef, windows: Windows, windowIndex: WindowIndex, used: number): void {
    if (windows.own !== undefined) putOwnEnd(this.counters, ref, windows, windowIndex);
    const counter = this.counters.put(this.counters.open(ref), windows, windowIndex, used);
    this.#log?.counters.changed(counter);
  }

  /** Sets how many units are held in the latest window of a limit that the counter has. */
  setReserved(ref: CounterRef, field: string, reserved: number): void {
    const counter = this.counters.open(ref);
    const { records } = this.counters;
    records.setReserved(records.limitOf(counter, field), reserved);
    this.#log?.counters.changed(counter);
  }

  /** Whether all these counters are there, or can be made; counters whose windows are over give way to them. */
  hasRoomFor(counters: readonly CounterRef[]): boolean {
    if (this.counters.size + counters.length <= this.maxCounters) return true;
    if (this.#missing(counters) === 0) return true;
    const isEnough = () => this.counters.size + this.#missing(counters) <= this.maxCounters;
    if (isEnough()) return true;
    for (const counter of this.#space.over(this.#now())) {
      this.counters.drop(counter);
      if (isEnough()) return true;
    }
    return false;
  }

  /** Whether so many units are more than a limit of a counter allows. */
  isReported({ key }: CounterRef, limit: LimitSpec, units: number): boolean {
    const override = this.overrideOf(key, limit.field);
    if (override === undefined && units >= (limit.reportFrom ?? Infinity)) return true;
    return units > enforcedMax(override === undefined ? { limit } : { limit, override });
  }

  /** What is remembered at this instant of the store's clock. */
  operation(id: string, now: number): MemoryOperation | undefined {
    const operation = this.#operations.get(id, this.#machineClock()) ?? this.#ownOperation(id);
    return operation !== undefined && now < operation.until ? operation : undefined;
  }

  /** The latest records of operations whose content begins with this byte. */
  recordsWith(first: number): Iterable<readonly [id: string, operation: MemoryOperation]> {
    return this.#operations.startingWith(first);
  }

  /** The operations that last. */
  *lastingIds(): Generator<string> {
    for (const [id] of this.#operations.lasting()) yield id;
  }

  /** The limits that hold units, and the keys of their counters. */
  *reservedLimits(): Generator<{ readonly key: string; readonly limit: LimitState }> {
    const { records } = this.counters;
    if (!records.hasReserved) return;
    for (const counter of records.all()) {
      if (counter === undefined) continue;
      for (const limit of records.limits(counter))
        if (limit.reserved > 0) yield { key: records.key(counter), limit };
    }
  }

  /** Remembers one that was counted under the id with this number, for `REMEMBER_MS`. */
  rememberOwn(number: number, operation: OwnOperation): void {
    this.#own.note(number, operation);
    this.#log?.operationAdded();
  }

  /** Remembers it to its end, or for `REMEMBER_MS` of the machine's clock from when it was counted, if that is sooner. */
  remember(id: string, operation: MemoryOperation): void {
    this.#operations.set(id, operation, this.#machineClock());
    this.#log?.operationAdded();
  }

  /** Remembers it for another `REMEMBER_MS`, as if it had been counted just now. */
  renew(id: string, operation: MemoryOperation): void {
    this.remember(id, { ...operation, countedAt: this.#machineClock() });
  }

  /** Takes over the operation records between these offsets. */
  restoreOperations(source: Bytes, from: number, to: number): void {
    this.#operations.restore(source, from, to, this.#machineClock());
  }

  /** The operations that were added since the last call, a bounded number of them. */
  takeUnloggedOperations(): UnloggedOperations {
    const records = this.#operations.takeUnlogged(UNLOGGED_CHUNKS);
    const own = this.#own.takeUnlogged(UNLOGGED_OWN);
    const isAll = records.length < UNLOGGED_CHUNKS && own.length < UNLOGGED_OWN;
    return {
      records,
      own: own.map(([number, noted]) => [idOf(number), asTried(idOf(number), noted)]),
      isAll,
    };
  }

  /** Drops counters whose windows are long over and operations too old to matter, a bounded number at a time. */
  sweep(): void {
    this.#sweepCounters(this.#now());
    this.#operations.forget(this.#machineClock());
    this.#own.sweep(this.#machineClock());
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #sweepCounters(now: number): void {
    const { records } = this.counters;
    const marginMs = this.counters.size >= this.maxCounters ? 0 : MARGIN_MS;
    for (let n = 0; n < SWEEP_COUNTERS; n++) {
      const { value: counter, done } = this.#unswept.next();
      if (done) {
        this.#unswept = records.all();
        this.#log?.counters.roundEnded();
        return;
      }
      if (counter === undefined) continue;
      if (records.endsAt(counter) + marginMs <= now) this.counters.drop(counter);
      else this.#log?.counters.seen(counter);
    }
  }

  #missing(counters: readonly CounterRef[]): number {
    let missing = 0;
    for (const ref of counters) if (this.counters.find(ref) === undefined) missing++;
    return missing;
  }

  #ownOperation(id: string): MemoryOperation | undefined {
    const number = numberOf(id);
    const noted = number === undefined ? undefined : this.#own.get(number);
    return noted && asTried(id, noted);
  }
}

/** Only one attempt has tried it: a repetition gets a record of its own. */
function asTried(id: string, { content, at, countedAt }: OwnOperation): MemoryOperation {
  return { content, attempts: id, at, until: at + REMEMBER_MS, voided: false, countedAt };
}

export interface UnloggedOperations {
  /** Records, one behind the other. */
  readonly records: readonly Buffer[];
  /** Those that have no record yet. */
  readonly own: readonly (readonly [id: string, operation: MemoryOperation])[];
  readonly isAll: boolean;
}

/** What is called with every change of the state. */
export interface ChangeLog {
  readonly counters: UnloggedCounters;
  beginChange(): void;
  operationAdded(): void;
}
