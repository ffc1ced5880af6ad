import { loadSecret } from '../../operations/secret-file.js';
import { SharedSecret } from '../../operations/secret.js';
import type { LimitSpec } from '../counter-ref.js';
import type { ReadRequest, ReadResult } from '../read.js';
import type { SettleRequest, SettleResult } from '../settlement.js';
import type { Store, StoreCapacity, DataLoss } from '../store.js';
import type { TakeRequest, TakeResult } from '../take.js';
import type { WindowMismatch } from '../own-windows.js';
import type { FindingListener, StoreFinding } from '../store-finding.js';
import type { LiveHold, ScannedKeys, ScanRequest } from '../counter-scan.js';
import type { EndHoldRequest, EndHoldResult } from '../holds.js';
import type {
  GiveBackRequest,
  GiveBackResult,
  OperationRefund,
  OperationRefundResult,
  SetUsageRequest,
  SetUsageResult,
} from '../reversals.js';
import { MemoryReservations } from './holds/memory-reservations.js';
import { FullStore } from './full-store.js';
import { MemoryOverrides } from './overrides/memory-overrides.js';
import { CounterLog, type CounterLogEvents } from './log/counter-log.js';
import type { LogDamage } from './log/log-recovery.js';
import { LastingOperations } from './state/lasting-operations.js';
import { MemoryState } from './state/memory-state.js';
import type { MutableCount } from './state/counter-table.js';
import { MemoryLook } from './memory-look.js';
import { MemoryOperations } from './memory-operations.js';
import { liveHoldsIn, scanRecords } from './memory-scan.js';
import { MemoryTakes } from './memory-takes.js';
import { MemoryPacks } from './packs/memory-packs.js';

export interface MemoryStoreOptions extends CounterLogEvents {
  /** Where counters are kept over a restart; absent: in memory only. */
  readonly directory?: string;
  /** Counters of subjects that it holds at most; one more is `full`. Default: what fits into half of the memory. */
  readonly maxCounters?: number;
  /** Milliseconds added to the clock; only tests set it. */
  readonly clockOffsetMs?: number;
}

/**
 * Counters of one process, in its memory: exact, never unavailable, gone with the process but for a log on disk
 * (`log/counter-log.ts`), which is at most 50 ms behind and whole after `close`.
 */
export class MemoryStore implements Store {
  readonly kind = 'embedded';
  readonly secret: SharedSecret;
  readonly overrides: MemoryOverrides;
  readonly packs: MemoryPacks;
  readonly #state: MemoryState;
  readonly #operations: MemoryOperations;
  readonly #lasting: LastingOperations;
  readonly #reservations: MemoryReservations;
  readonly #takes: MemoryTakes;
  readonly #look: MemoryLook;
  readonly #full: FullStore;
  readonly #log: CounterLog | undefined;
  readonly #offsetMs: number;
  /** What could not be read of the log that was found. */
  readonly damages: readonly LogDamage[];

  private constructor(
    state: MemoryState,
    opened: {
      readonly secret: SharedSecret;
      readonly overrides: MemoryOverrides;
      readonly log?: CounterLog;
      readonly damages: readonly LogDamage[];
    },
    offsetMs: number,
  ) {
    this.secret = opened.secret;
    this.overrides = opened.overrides;
    this.#state = state;
    state.overrideOf = (key, field) => this.overrides.of(key, field, this.now());
    this.#reservations = new MemoryReservations(state, () => this.packs);
    this.#reservations.records.restore();
    this.#lasting = new LastingOperations(state, () => this.now());
    const endDueHolds = () => {
      state.beginChange();
      this.#endDue();
    };
    this.packs = new MemoryPacks(state, this.#lasting, () => this.now(), endDueHolds);
    this.#operations = new MemoryOperations(state, this.#reservations.records, () => this.now(), this.packs);
    this.#takes = new MemoryTakes(state, this.#operations, this.packs);
    this.#look = new MemoryLook(state, this.overrides);
    this.#full = new FullStore(state);
    this.#log = opened.log;
    this.damages = opened.damages;
    this.#offsetMs = offsetMs;
  }

  /** @throws Error that names the file, when the directory or the log in it cannot be read. */
  static async open(options: MemoryStoreOptions = {}): Promise<MemoryStore> {
    const { directory, maxCounters, clockOffsetMs: offsetMs = 0, ...events } = options;
    const now = () => Date.now() + offsetMs;
    const state = new MemoryState(now, maxCounters === undefined ? {} : { maxCounters });
    try {
      const overrides = await MemoryOverrides.open(directory);
      if (directory === undefined)
        return new MemoryStore(state, { secret: new SharedSecret(), overrides, damages: [] }, offsetMs);
      const { log, damages } = await CounterLog.open(directory, state, events);
      const secret = await loadSecret(directory);
      return new MemoryStore(state, { secret, overrides, log, damages }, offsetMs);
    } catch (error) {
      state.close();
      throw error;
    }
  }

  /** What is in memory, and how large the files are. */
  get size(): { readonly counters: number; readonly operations: number; readonly logBytes: number } {
    return { ...this.#state.size, logBytes: this.#log?.bytes ?? 0 };
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  take<L extends LimitSpec>(request: TakeRequest<L>): TakeResult<L> {
    const now = this.now();
    this.#state.beginChange();
    if (isPast(request.deadlineAt, now)) return EXPIRED;
    this.#reservations.records.endDue(now);
    const counts = this.#look.at(request.counters, now);
    if ('outcome' in counts) return counts;
    if (request.hold) return this.#noting(this.#reservations.take(request, request.hold, counts, now));
    return this.#noting(this.#takes.take(request, counts, now));
  }

  read<L extends LimitSpec>({ counters }: ReadRequest<L>): ReadResult<L> {
    const now = this.now();
    this.#state.beginChange();
    this.#reservations.records.endDue(now);
    const counts = this.#look.at(counters, now);
    return 'outcome' in counts ? counts : { outcome: 'read', counts };
  }

  settle(request: SettleRequest): SettleResult {
    this.#state.beginChange();
    const result = this.#reservations.settle(request, this.#endDue()) ?? this.#operations.settle(request);
    if (request.rememberMs !== undefined) this.#lasting.keep(request, result);
    return result;
  }

  endHold<L extends LimitSpec>(request: EndHoldRequest<L>): EndHoldResult<L> {
    this.#state.beginChange();
    if (isPast(request.deadlineAt, this.now())) return EXPIRED;
    return this.#reservations.endHold(
      request,
      (counters, now) => this.#look.at(counters, now),
      this.#endDue(),
    );
  }

  refund(request: OperationRefund): OperationRefundResult {
    return this.#inWindows(request, (_counts, now) => this.#reservations.reversals.refund(request, now));
  }

  giveBack<L extends LimitSpec>(request: GiveBackRequest<L>): GiveBackResult<L> {
    return this.#inWindows(request, (counts, now) =>
      this.#reservations.reversals.giveBack(request, counts, now),
    );
  }

  setUsage<L extends LimitSpec>(request: SetUsageRequest<L>): SetUsageResult<L> {
    return this.#inWindows(request, (counts) => this.#reservations.reversals.setUsage<L>(counts));
  }

  scan(request: ScanRequest): Promise<ScannedKeys | undefined> {
    return scanRecords(this.#state.counters.records, request);
  }

  liveHolds(key: string): readonly LiveHold[] {
    this.#state.beginChange();
    this.#endDue();
    return liveHoldsIn(this.#reservations.records.live, key);
  }

  async probe(): Promise<void> {}

  get capacity(): StoreCapacity {
    return this.#full.capacity;
  }

  get findings(): readonly StoreFinding[] {
    return this.#full.findings;
  }

  onFinding(listener: FindingListener): void {
    this.#full.listen(listener);
  }

  /** Reports each interval whose counts were lost with what could not be read of the log. */
  onDataLoss(listener: (loss: DataLoss) => void): void {
    for (const { isTornTail, from, to } of this.damages)
      if (!isTornTail) listener({ kind: 'unseen', from: Math.max(from, 0), to });
  }

  /** Writes what the log lacks. */
  async close(): Promise<void> {
    this.#full.close();
    this.#reservations.records.close();
    this.#lasting.close();
    this.#state.close();
    await this.#log?.close();
    await this.overrides.close();
  }

  /** Ends the holds that are due; returns the instant that it is. */
  #endDue(): number {
    const now = this.now();
    this.#reservations.records.endDue(now);
    return now;
  }

  /** Changes counters that are in one of the windows that the request offers. */
  #inWindows<L extends LimitSpec, Result>(
    { counters, deadlineAt }: Pick<TakeRequest<L>, 'counters' | 'deadlineAt'>,
    change: (counts: MutableCount<L>[], now: number) => Result,
  ): Result | typeof EXPIRED | WindowMismatch {
    this.#state.beginChange();
    if (isPast(deadlineAt, this.now())) return EXPIRED;
    const now = this.#endDue();
    const counts = this.#look.at(counters, now);
    return 'outcome' in counts ? counts : change(counts, now);
  }

  #noting<L extends LimitSpec>(result: TakeResult<L>): TakeResult<L> {
    if (result.outcome === 'full') this.#full.begins();
    return result;
  }
}

function isPast(deadlineAt: TakeRequest['deadlineAt'], now: number): boolean {
  return now > (typeof deadlineAt === 'number' ? deadlineAt : (deadlineAt() ?? -Infinity));
}

const EXPIRED = { outcome: 'expired' } as const;
