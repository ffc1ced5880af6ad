import type { JournalStatus, Store, UnverifiableSpan } from '@sundial/engine';
import {
  type CountedBefore,
  pickedBy,
  EMPTY_JOURNAL,
  type Picked,
  type Operation,
  REMEMBER_MS,
  type SettleResult,
  type StoreMark,
  type TakeRequest,
  type TakeResult,
  UnverifiableSpans,
} from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { countKey, isVerifiable, keyOf, voidKey, type Debt } from '../journal/debt.js';
import type { Journal } from '../journal/journal.js';
import { Debts } from './debts.js';
import { Reassertion } from './reassertion.js';
import type { RecentOperation } from './recent-operations.js';
import { SettlementGroups } from './settlement-groups.js';
import type { StoreGuard } from '../guard/store-guard.js';

/** How soon a settlement is tried when nothing says that the store is away. */
const TURN_MS = 20;
/** After an outage each node waits up to this long, so that not all of them begin in the same moment. */
const JITTER_MS = 100;
/** Settlements looked at in one turn for one whose shard answers. */
const MAX_LOOKED_AT = 1_000;
/** How long `close` waits for a store that answers. */
const CLOSE_LIMIT_MS = 1_000;

type Repeated = Pick<TakeRequest, 'operation' | 'counters' | 'amount'>;
type Guard = Pick<StoreGuard, 'ask' | 'wouldAsk' | 'isCutOff'>;

export interface ReconcilerOptions {
  readonly store: Pick<Store, 'settle' | 'now' | 'onLoss' | 'shardsOf'>;
  readonly guard: Guard;
  readonly deadlineMs: number;
  readonly journal?: Journal | undefined;
  /** Told when the books have what they were owed, or never will; `result` says which limits went above their max. */
  readonly settled: (debt: Debt, result: SettleResult) => void;
  /** Told how many operations more could not be kept one by one. */
  readonly overflowed?: (operations: number) => void;
  /** Told of times with operations that nobody can tell the truth about. */
  readonly unverifiable?: (span: UnverifiableSpan) => void;
}

/**
 * What the store's books still owe to decisions that were made without them: an operation that was allowed is
 * counted once, one that was refused but may have run is made void. Every settlement is safe whatever had become
 * of the operation, so it is simply repeated until the store has said what it did; an answer to the operation itself
 * that comes late saves it.
 */
export class Reconciler {
  readonly #store: Pick<Store, 'now'>;
  readonly #guard: Guard;
  readonly #journal: Journal | undefined;
  readonly #told: Pick<Required<ReconcilerOptions>, 'settled' | 'overflowed'>;
  readonly #waiting: Debts;
  readonly #settling = new Map<string, Debt>();
  readonly #groups: SettlementGroups<Debt>;
  readonly #spans: UnverifiableSpans;
  readonly #outcomes = { ...EMPTY_JOURNAL.settled };
  readonly #reassertedOutcomes = { ...EMPTY_JOURNAL.settled };
  readonly #reassertion: Reassertion;
  #timer: NodeJS.Timeout | undefined;
  #resumesAt = 0;
  #overflowTold = 0;
  /** Since marks were kept last. */
  #hasAcknowledged = true;
  #lost = 0;
  #closed = false;

  constructor({
    store,
    guard,
    deadlineMs,
    journal,
    settled,
    overflowed = () => undefined,
    unverifiable,
  }: ReconcilerOptions) {
    this.#store = store;
    this.#guard = guard;
    this.#journal = journal;
    this.#told = { settled, overflowed };
    this.#waiting = new Debts(journal);
    this.#groups = new SettlementGroups(
      {
        next: (max) => this.#next(max),
        left: () => this.#waiting.size,
        requestOf: ({ settlement }) => settlement,
        settled: (debt, result, isLate) => this.#settledBy(debt, result, isLate),
        unanswered: (debt) => this.#unanswered(debt),
      },
      { store, guard, deadlineMs },
    );
    this.#spans = new UnverifiableSpans(unverifiable);
    for (const { from, to } of journal?.damages ?? []) {
      this.#spans.add({ from, to, reason: 'journal-damaged', operations: 0 });
    }
    this.#reassertion = new Reassertion({
      store,
      guard,
      deadlineMs,
      spans: this.#spans,
      outcomes: this.#reassertedOutcomes,
    });
    const marks = journal?.marks ?? [];
    const keeper = journal && { marks, keep: (all: readonly StoreMark[]) => this.#keepMarks(all) };
    store.onLoss?.((loss) => this.#reassertion.lost(loss), keeper);
    if (this.#waiting.size > 0) this.#later();
  }

  get status(): { readonly owed: number; readonly lost: number } {
    return { owed: this.#waiting.size + this.#settling.size, lost: this.#lost + this.#waiting.givenUp };
  }

  /** For people: all that is known of what is owed and of what became of it. */
  get journalStatus(): JournalStatus {
    const decided = [...this.#waiting.values(), ...this.#settling.values()].map(({ decidedAt }) => decidedAt);
    const oldest = decided.reduce((least, at) => Math.min(least, at), Infinity);
    return {
      sync: this.#journal?.sync ?? 'memory',
      ...this.status,
      oldestMs: decided.length === 0 ? null : Math.max(0, Math.round(this.#store.now() - oldest)),
      bytes: this.#journal?.bytes ?? 0,
      tornBytes: (this.#journal?.damages ?? []).reduce((sum, { bytes }) => sum + bytes, 0),
      unjournaled: this.#journal?.unjournaled ?? 0,
      summed: this.#waiting.summed,
      withheld: this.#waiting.withheld,
      settled: { ...this.#outcomes },
      toReassert: this.#reassertion.left,
      reasserted: { ...this.#reassertedOutcomes },
      unverifiable: this.#spans.all,
    };
  }

  /**
   * With a strict journal what was decided may be answered when this resolves with true; with false nothing is owed,
   * and the caller is to be refused. At `dueAt` (monotonic) at the latest; it never rejects.
   */
  owe(debt: Debt, dueAt: number): Promise<boolean> | undefined {
    if (this.#closed) {
      this.#lost++;
      return undefined;
    }
    this.#later();
    const isPromise = debt.settlement.intent === 'count' && debt.degraded.policy !== 'allow';
    return this.#waiting.add(debt, { beside: this.#settling.size, dueAt, isPromise });
  }

  /** Whether what was decided could be kept until it is settled. */
  hasRoomFor(debt: Debt): boolean {
    return this.#waiting.canAdd(debt, this.#settling.size);
  }

  /** The store has said that it did this: it will be told again should it lose it. */
  acknowledged(operation: RecentOperation): void {
    this.#hasAcknowledged = true;
    this.#reassertion.note(operation);
  }

  /** The store has said that another try of it had been counted, in the first window of each: it will be told that too. */
  repeated({ operation, counters, amount }: Repeated, { until }: CountedBefore): void {
    const counts = counters.flatMap(({ ladder }) => ladder.map((): Picked => ({ pick: 0 })));
    const at = Math.min(until - REMEMBER_MS, this.#store.now());
    this.#reassertion.noteRepeated({ at, intent: 'count', operation, counters, amount, counts });
  }

  /** The books owe nothing. */
  get isClear(): boolean {
    return this.#waiting.size === 0 && this.#settling.size === 0;
  }

  /** What was promised under this id, if an operation was allowed and is not in the books yet. */
  promised(operationId: string): Debt | undefined {
    if (this.isClear) return undefined;
    const key = countKey(operationId);
    return this.#waiting.get(key) ?? this.#settling.get(key);
  }

  /** Whether that promise can be kept, where the disk has not said so yet. */
  isKept(debt: Debt): Promise<boolean> | undefined {
    return this.#waiting.isKept(keyOf(debt));
  }

  /** The store's answer to an operation that was decided without it: it may say all that a settlement would. */
  heard({ id, attempt }: Operation, { outcome }: TakeResult): void {
    const isCounted = outcome === 'taken' || outcome === 'replayed';
    if (!isCounted && outcome === 'conflict') return;
    const debt = this.#waiting.get(isCounted ? countKey(id) : voidKey(attempt));
    if (debt?.settlement.operation.attempt !== attempt) return;
    this.#pay(debt, { outcome: isCounted ? 'already-counted' : 'barred' });
  }

  /** Settles what it can as long as the store answers. What is left is lost with the process, unless a journal has it. */
  async close(): Promise<void> {
    const until = performance.now() + CLOSE_LIMIT_MS;
    while (this.status.owed > 0 && !this.#guard.isCutOff && performance.now() < until) await sleep(TURN_MS);
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#reassertion.close();
    this.#waiting.abandon();
  }

  /** Marks that say no more than the ones before are not worth a line. */
  #keepMarks(marks: readonly StoreMark[]): void {
    const isNews = this.#hasAcknowledged || marks.some(({ isLast }) => isLast);
    if (!isNews && marks.length === this.#journal?.marks.length) return;
    this.#hasAcknowledged = false;
    this.#journal?.keepMarks(marks);
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref();
  }

  #turn(): void {
    this.#timer = undefined;
    this.#tellOverflow();
    const now = performance.now();
    if (this.#guard.isCutOff) this.#resumesAt = now + Math.random() * JITTER_MS;
    else if (now >= this.#resumesAt) void this.#groups.run();
    if (!this.isClear) this.#later();
  }

  #next(max: number): readonly Debt[] {
    const debts: Debt[] = [];
    for (let looked = 0; looked < MAX_LOOKED_AT && debts.length < max && !this.#closed; looked++) {
      const debt = this.#waiting.takeOldest();
      if (!debt) break;
      if (!isVerifiable(debt, this.#store.now())) {
        this.#giveUp(debt);
      } else if (this.#guard.wouldAsk(debt.settlement.counters)) {
        this.#settling.set(keyOf(debt), debt);
        debts.push(debt);
      } else {
        this.#waiting.putBack(debt);
      }
    }
    return debts;
  }

  #settledBy(debt: Debt, result: SettleResult, isLate: boolean): void {
    const key = keyOf(debt);
    if (!isLate) this.#settling.delete(key);
    else if (this.#waiting.get(key) !== debt) return;
    this.#pay(debt, result);
  }

  #unanswered(debt: Debt): void {
    this.#settling.delete(keyOf(debt));
    if (this.#closed) return;
    this.#waiting.putBack(debt);
    this.#later();
  }

  #pay(debt: Debt, result: SettleResult): void {
    const { operations = 1 } = debt;
    this.#outcomes[result.outcome] += operations;
    if (isLost(result)) this.#lost += operations;
    this.#waiting.paid(debt, result.outcome);
    if (isInBooks(result)) this.#acknowledge(debt);
    this.#told.settled(debt, result);
  }

  /** The store may have counted it and forgotten that: neither counting nor leaving it would be sure to be right. */
  #giveUp(debt: Debt): void {
    const { decidedAt: at, operations = 1 } = debt;
    this.#spans.add({ from: at, to: at, reason: 'settled-too-late', operations });
    this.#pay(debt, { outcome: 'late' });
  }

  #acknowledge({ settlement }: Debt): void {
    const { intent, operation, counters, amount, picks } = settlement;
    const at = this.#store.now();
    this.acknowledged({ at, intent, operation, counters, amount, counts: pickedBy(picks) });
  }

  #tellOverflow(): void {
    const operations = this.#waiting.summed + this.#waiting.givenUp - this.#overflowTold;
    if (operations > 0) this.#told.overflowed(operations);
    this.#overflowTold += operations;
  }
}

function isInBooks({ outcome }: SettleResult): boolean {
  return outcome === 'counted' || outcome === 'already-counted' || outcome === 'reversed';
}

/** The operation's id or its counters belong to something else: it will never be counted. */
function isLost({ outcome }: SettleResult): boolean {
  return outcome === 'conflict' || outcome === 'broken';
}
