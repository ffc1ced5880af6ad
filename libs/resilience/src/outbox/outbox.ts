import type { DegradedCause } from '@sundial/contract';
import type { Operation, SettleRequest, SettleResult, TakeResult } from '@sundial/engine/ports';
import type { OutboxJournal, PendingSource } from './outbox-journal.js';
import { CAPACITY, type OutboxOptions } from './outbox-options.js';
import { isBehind, OutboxEntries, type Entry } from './outbox-entries.js';
import {
  comesBefore,
  countKey,
  isPromise,
  isVerifiable,
  keyOf,
  mayBeAdded,
  voidKey,
  type PendingSettlement,
} from './pending-settlement.js';
import { Rotation } from './rotation.js';
import type { SettlementProducer } from './settlement-groups.js';
import { operationsOf, SettlementSums } from './settlement-sums.js';

/** Beyond this the journal is full; a settlement is about 150 bytes of its file. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;
/** Settlements looked at in one turn for one whose shard answers. */
const MAX_LOOKED_AT = 1_000;

/**
 * Owns every pending settlement: what was decided without the store until the store has recorded it. A settlement is
 * enqueued, sent as often as needed, and acknowledged once; settling is idempotent, so sending it again does no harm.
 *
 * An operation can become pending again under its key while its earlier settlement is in flight. The new one then takes
 * the key: an answer to the earlier one acknowledges only that, and without an answer it is not sent again. Where the new one does not
 * say all that the earlier one does, it waits until that is recorded: an operation is settled in the order in which it was decided.
 *
 * When the outbox is full, operations that certainly never ran are added up; what cannot be added up is given up.
 */
export class Outbox implements PendingSource, SettlementProducer<PendingSettlement> {
  readonly #options: OutboxOptions;
  readonly #journal: OutboxJournal | undefined;
  readonly #entries = new OutboxEntries();
  /** The waiting ones, in the order in which they are to be tried. */
  readonly #queue = new Rotation<Entry>();
  readonly #sums = new SettlementSums();
  readonly #counts = { summed: 0, givenUp: 0, withheld: 0 };
  #writing = 0;
  /** Also those whose key a later settlement has taken. */
  #inFlight = 0;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#journal = options.journal;
    for (const pending of this.#journal?.attach(this) ?? []) this.#keep(keyOf(pending), pending);
  }

  /** Pending settlements, those in flight included. */
  get size(): number {
    return this.#queue.size + this.#writing + this.#inFlight;
  }

  /** The store has recorded all decisions. */
  get isClear(): boolean {
    return this.size === 0;
  }

  get waiting(): number {
    return this.#queue.size + this.#writing;
  }

  get bytes(): number {
    return this.#entries.bytes;
  }

  /**
   * Operations that were added to others, such for which there was no room even so, and promises that were not made
   * because the disk did not take them in time.
   */
  get counts(): { readonly summed: number; readonly givenUp: number; readonly withheld: number } {
    return this.#counts;
  }

  values(): Iterable<PendingSettlement> {
    return this.#entries.values();
  }

  /**
   * With a strict journal the caller may be answered when this resolves with true; with false nothing is pending, and
   * the caller is to be refused. At `dueAt` (monotonic) at the latest; it never rejects.
   */
  enqueue(pending: PendingSettlement, dueAt: number): Promise<boolean> | undefined {
    const kept = this.#isClosed ? undefined : this.#hasRoom(pending) ? pending : this.#addUp(pending);
    if (kept === undefined) {
      this.#counts.givenUp++;
      return undefined;
    }
    this.#options.wake();
    const key = keyOf(kept);
    const known = this.#entries.get(key)?.pending;
    const isKnown = known !== undefined && !comesBefore(known, kept);
    const written = this.#journal?.enqueue(kept, { dueAt, isKnown });
    if (written && isPromise(pending) && kept === pending && !isKnown) return this.#write(pending, written);
    this.#keep(key, kept);
    return written?.then((isWritten) => isWritten || this.#isAnsweredUnwritten(pending, kept));
  }

  /** Whether it could be kept until it is acknowledged, by itself or added to others. */
  hasRoomFor(pending: PendingSettlement): boolean {
    return this.#hasRoom(pending) || (mayBeAdded(pending) && this.#sums.canAdd(pending));
  }

  /** What was promised under this id, if an operation was allowed and the store has not recorded it yet. */
  promised(operationId: string): PendingSettlement | undefined {
    return this.isClear ? undefined : this.#entries.get(countKey(operationId))?.pending;
  }

  /** The same of the reservation that was taken then, also where more is pending under the id since. */
  promisedReservation(operationId: string, takenAt: number): PendingSettlement | undefined {
    return this.isClear ? undefined : this.#entries.reservation(operationId, takenAt);
  }

  /** Why an attempt of the operation was refused without the store, which may have counted it and has not voided it yet. */
  refusedBy(operationId: string): DegradedCause | undefined {
    return this.isClear ? undefined : this.#entries.refusedBy(operationId);
  }

  /** Whether that promise can be kept, where the disk has not said so yet. */
  isKept(pending: PendingSettlement): Promise<boolean> | undefined {
    return this.#entries.get(keyOf(pending))?.isKept;
  }

  /** The store's answer to an operation that was decided without it: it may say all that a settlement would. */
  heard({ id, attempt }: Operation, { outcome }: TakeResult): void {
    const isCounted = outcome === 'taken' || outcome === 'replayed';
    if (this.#isClosed || (!isCounted && outcome === 'conflict')) return;
    const key = isCounted ? countKey(id) : voidKey(attempt);
    const entry = this.#entries.get(key);
    if (entry?.pending.settlement.operation.attempt !== attempt || entry.state === 'sent') return;
    this.#resolve(entry, { outcome: isCounted ? 'already-counted' : 'voided' });
  }

  next(max: number): readonly PendingSettlement[] {
    const next: PendingSettlement[] = [];
    for (let looked = 0; looked < MAX_LOOKED_AT && next.length < max; looked++) {
      const entry = this.#queue.take();
      if (!entry) break;
      const { pending } = entry;
      this.#sums.end(pending);
      if (!isVerifiable(pending, this.#options.now())) {
        this.#options.expired?.(pending);
        this.#resolve(entry, { outcome: 'late' });
      } else if (
        !isBehind(entry) &&
        this.#options.isHeldBack?.(pending.resource) !== true &&
        this.#options.canSend(pending.settlement.counters)
      ) {
        entry.state = 'sent';
        this.#inFlight++;
        next.push(pending);
      } else {
        this.#queue.add(entry);
      }
    }
    return next;
  }

  requestOf({ settlement }: PendingSettlement): SettleRequest {
    return settlement;
  }

  answered(pending: PendingSettlement, result: SettleResult, isLate: boolean): void {
    const entry = this.#entries.of(pending);
    // It is being asked again, or was answered: a late answer says nothing more.
    if (isLate && (!entry || entry.state === 'sent' || this.#isClosed)) return;
    if (!isLate) this.#inFlight--;
    if (entry) this.#resolve(entry, result);
    else this.#options.resolved(pending, result);
  }

  /** It comes last, unless its operation has become pending again meanwhile. */
  unanswered(pending: PendingSettlement): void {
    this.#inFlight--;
    const entry = this.#entries.of(pending);
    if (!entry) return;
    entry.state = 'waiting';
    if (this.#isClosed) return;
    this.#queue.add(entry);
    this.#options.wake();
  }

  /** Sends nothing any more. What waits is lost with the process, unless a journal has it: so its last file holds it. */
  close(): void {
    this.#isClosed = true;
    if (!this.#journal) {
      for (const entry of this.#queue) {
        this.#counts.givenUp += operationsOf(entry.pending);
        this.#entries.delete(entry);
      }
    }
    this.#queue.clear();
  }

  #keep(key: string, pending: PendingSettlement): void {
    const known = this.#entries.get(key);
    if (known?.state === 'waiting' && !comesBefore(known.pending, pending))
      this.#entries.change(known, pending);
    else this.#enter({ pending, key, state: 'waiting' });
  }

  #enter(entry: Entry): void {
    const known = this.#entries.get(entry.key);
    this.#entries.enter(entry);
    if (known?.state === 'writing') this.#written(known, known === entry.after);
    if (entry.state === 'waiting') this.#queue.add(entry);
    else this.#writing++;
  }

  /** It is on the disk, or another one that says more has been decided meanwhile. */
  #written(entry: Entry, isPending: boolean): void {
    this.#writing--;
    Object.assign(entry, { state: isPending ? 'waiting' : 'over', isKept: undefined });
    if (isPending) this.#queue.add(entry);
  }

  #write(pending: PendingSettlement, written: Promise<boolean>): Promise<boolean> {
    const entry: Entry = { pending, key: keyOf(pending), state: 'writing' };
    entry.isKept = written.then((isWritten) => {
      // The store has said meanwhile that it counted it, or it has been refunded.
      if (entry.state !== 'writing') return true;
      if (isWritten) {
        this.#written(entry, true);
      } else {
        // Its line may get to the disk all the same.
        this.#remove(entry, 'withheld');
        this.#counts.withheld++;
      }
      return isWritten;
    });
    this.#enter(entry);
    return entry.isKept;
  }

  /** The disk has not taken it in time: whether the caller gets the answer all the same. */
  #isAnsweredUnwritten(pending: PendingSettlement, kept: PendingSettlement): boolean {
    if (isPromise(pending) && kept !== pending) return !this.#takeOff(pending, kept);
    this.#journal?.answeredWithout();
    return true;
  }

  /** Takes an operation off the sum it was added to; false when that sum is on its way to the store. */
  #takeOff(pending: PendingSettlement, sum: PendingSettlement): boolean {
    const rest = this.#sums.takeOff(pending, sum);
    if (!rest) return false;
    this.#counts.withheld++;
    const key = keyOf(rest);
    if (operationsOf(rest) === 0) {
      this.#sums.end(rest);
      const entry = this.#entries.get(key);
      if (entry) this.#remove(entry, 'withheld');
    } else {
      this.#keep(key, rest);
      void this.#journal?.enqueue(rest, { dueAt: 0, isKnown: true });
    }
    return true;
  }

  #resolve(entry: Entry, result: SettleResult): void {
    this.#remove(entry, result.outcome);
    this.#options.resolved(entry.pending, result);
  }

  #remove(entry: Entry, outcome: string): void {
    const { key, state } = entry;
    if (!this.#entries.delete(entry)) return;
    this.#queue.delete(entry);
    if (state === 'writing') this.#writing--;
    this.#journal?.acknowledge(key, outcome);
  }

  #hasRoom({ executionStatus }: PendingSettlement): boolean {
    const { max, reservedForUnknown } = this.#options.capacity ?? CAPACITY;
    if (executionStatus === 'unknown') return this.size < max;
    const isJournalFull = this.#journal !== undefined && this.bytes >= MAX_JOURNAL_BYTES;
    return this.size < max - reservedForUnknown && !isJournalFull;
  }

  #addUp(pending: PendingSettlement): PendingSettlement | undefined {
    const sum = mayBeAdded(pending) ? this.#sums.add(pending) : undefined;
    if (sum) this.#counts.summed++;
    return sum;
  }
}
