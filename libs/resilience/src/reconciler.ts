import type { JournalStatus, Store, UncertainInterval } from '@sundial/engine';
import {
  countedAgain,
  type CheckPlan,
  type CountedBefore,
  type CounterRef,
  type Decided,
  EMPTY_JOURNAL,
  type PlannedCheck,
  settledCounters,
  type SettleResult,
  type SettleRequest,
  takesNothing,
  type Watermark,
  UncertainIntervals,
} from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreGuard } from './guard/store-guard.js';
import type { Journal } from './journal/journal.js';
import { Outbox } from './outbox/outbox.js';
import { isFollowed, type PendingSettlement } from './outbox/pending-settlement.js';
import { SettlementPump, TURN_MS } from './outbox/settlement-pump.js';
import type { AcknowledgedOperation } from './replay/acknowledged-operations.js';
import { byGiving, type Given } from './replay/by-giving.js';
import { Replay, type RepeatedTake } from './replay/replay.js';

/** How long `close` waits for a store that answers. */
const CLOSE_LIMIT_MS = 1_000;

export interface ReconcilerOptions {
  readonly store: Pick<Store, 'settle' | 'now' | 'onDataLoss' | 'shardsOf'>;
  readonly guard: Pick<StoreGuard, 'ask' | 'wouldAsk' | 'isCutOff'>;
  readonly deadlineMs: number;
  readonly journal?: Journal | undefined;
  /** Called when the store has recorded a decision, or never will; `result` says which limits went above their max. */
  readonly settled: (pending: PendingSettlement, result: SettleResult) => void;
  /** Called with how many operations more could not be kept one by one. */
  readonly overflowed?: (operations: number) => void;
  /** Called for times about which the store's counters may be wrong, with no way to know. */
  readonly uncertain?: (interval: UncertainInterval) => void;
  /** What is pending for this resource is not to be sent yet: a drill says that the store is away. */
  readonly isHeldBack?: ((resource: string) => boolean) | undefined;
}

/**
 * Makes the store's counters equal what was decided: the outbox has what was decided without the store (an operation that
 * was allowed is counted once, one that was refused but may have run is voided), the replay what the store acknowledged
 * and lost. One pump sends both.
 */
export class Reconciler {
  readonly outbox: Outbox;
  readonly #replay: Replay;
  readonly #pump: SettlementPump;
  readonly #options: ReconcilerOptions;
  readonly #uncertain: UncertainIntervals;
  readonly #outcomes = { ...EMPTY_JOURNAL.settled };
  readonly #replayOutcomes = { ...EMPTY_JOURNAL.settled };
  #overflowReported = 0;
  /** Since watermarks were kept last. */
  #hasAcknowledged = true;
  #lost = 0;
  #isClosing = false;

  constructor(options: ReconcilerOptions) {
    const { store, guard, deadlineMs, journal, uncertain } = options;
    this.#options = options;
    this.#uncertain = new UncertainIntervals(uncertain);
    for (const { from, to } of journal?.damages ?? []) {
      this.#uncertain.add({ from, to, reason: 'journal-damaged', operations: 0 });
    }
    this.#pump = new SettlementPump({ store, guard, deadlineMs, onTurn: () => this.#reportOverflow() });
    const sending = {
      now: () => store.now(),
      canSend: (counters: readonly CounterRef[]) => guard.wouldAsk(counters),
      wake: () => this.#pump.wake(),
    };
    this.outbox = new Outbox({
      ...sending,
      journal,
      isHeldBack: (resource) => !this.#isClosing && options.isHeldBack?.(resource) === true,
      resolved: (pending, result) => this.#resolved(pending, result),
      expired: (pending) => this.#expired(pending),
    });
    this.#replay = new Replay({ ...sending, uncertain: this.#uncertain, outcomes: this.#replayOutcomes });
    this.#pump.add(this.outbox);
    this.#pump.add(this.#replay);
    const watermarks = journal?.watermarks ?? [];
    const keeper = journal && { watermarks, keep: (all: readonly Watermark[]) => this.#keepWatermarks(all) };
    store.onDataLoss?.((loss) => this.#replay.dataLost(loss), keeper);
    if (!this.outbox.isClear) this.#pump.wake();
  }

  get status(): { readonly pending: number; readonly lost: number } {
    return { pending: this.outbox.size, lost: this.#lost + this.outbox.counts.givenUp };
  }

  /** For people: all that is known of what is pending and of what became of it. */
  get journalStatus(): JournalStatus {
    const { journal, store } = this.#options;
    let oldest = Infinity;
    for (const { decidedAt } of this.outbox.values()) oldest = Math.min(oldest, decidedAt);
    const { summed, withheld } = this.outbox.counts;
    return {
      sync: journal?.sync ?? 'memory',
      ...this.status,
      oldestMs: this.outbox.isClear ? null : Math.max(0, Math.round(store.now() - oldest)),
      bytes: journal?.bytes ?? 0,
      tornBytes: (journal?.damages ?? []).reduce((sum, { bytes }) => sum + bytes, 0),
      unjournaled: journal?.unjournaled ?? 0,
      summed,
      withheld,
      settled: { ...this.#outcomes },
      toReplay: this.#replay.remaining,
      replayed: { ...this.#replayOutcomes },
      uncertainIntervals: this.#uncertain.all,
    };
  }

  /** The store has said that a check is counted: should it lose that, it will be counted again. */
  decided(check: PlannedCheck, { counters }: CheckPlan, result: Decided): void {
    const { planner, rules, subject } = check;
    if (result.outcome === 'taken' && !takesNothing(check)) {
      const isCurrent = result.counts.every(({ windowIndex }) => windowIndex === 'current');
      const decidedAt = this.#options.store.now();
      const settled = isCurrent ? counters : settledCounters(result.counts);
      if (result.packs === undefined) {
        const { operation, amount, amounts } = check;
        this.acknowledged({ intent: 'count', operation, counters: settled, amount, amounts, decidedAt });
        return;
      }
      for (const counted of asCounted(check, settled, result))
        this.acknowledged({ intent: 'count', ...counted, decidedAt });
    } else if (result.outcome === 'replayed') {
      const then = planner.countersAt(rules, subject, result.counted.at);
      for (const counted of asCounted(check, then, result)) this.repeated(counted, result.counted);
    }
  }

  /** The store has recorded this operation: should the store lose it, it is replayed. */
  acknowledged(operation: AcknowledgedOperation): void {
    this.#hasAcknowledged = true;
    this.#replay.acknowledged(operation);
  }

  /** The store has said that it had counted another try of this operation: should it lose that, it is replayed. */
  repeated(take: RepeatedTake, counted: CountedBefore): void {
    this.#replay.repeated(take, counted);
  }

  /** The latest that the store has acknowledged to this node of an operation, while that is kept. */
  recall(operationId: string): SettleRequest | undefined {
    return this.#replay.recall(operationId);
  }

  /** Settles what it can as long as the store answers. What is left is lost with the process, unless a journal has it. */
  async close(): Promise<void> {
    const { guard } = this.#options;
    this.#isClosing = true;
    const until = performance.now() + CLOSE_LIMIT_MS;
    while (!this.outbox.isClear && !guard.isCutOff && performance.now() < until) await sleep(TURN_MS);
    this.#pump.close();
    this.outbox.close();
  }

  /** Watermarks that say no more than the ones before are not worth a line. */
  #keepWatermarks(watermarks: readonly Watermark[]): void {
    const { journal } = this.#options;
    const isNews = this.#hasAcknowledged || watermarks.some(({ isLast }) => isLast);
    if (!isNews && watermarks.length === journal?.watermarks.length) return;
    this.#hasAcknowledged = false;
    journal?.keepWatermarks(watermarks);
  }

  #resolved(pending: PendingSettlement, result: SettleResult): void {
    const { operations = 1 } = pending;
    this.#outcomes[result.outcome] += operations;
    if (isLost(result) && !isFollowed(pending, result)) this.#lost += operations;
    if (isRecorded(pending, result)) {
      const { settlement } = pending;
      const now = this.#options.store.now();
      const decidedAt = settlement.hold === undefined ? now : settlement.decidedAt;
      this.acknowledged({ ...settlement, decidedAt, acknowledgedAt: now });
    }
    this.#options.settled(pending, result);
  }

  /** The store may have counted it and forgotten that: neither counting nor leaving it would be sure to be right. */
  #expired({ decidedAt, operations = 1 }: PendingSettlement): void {
    this.#uncertain.add({ from: decidedAt, to: decidedAt, reason: 'settled-too-late', operations });
  }

  #reportOverflow(): void {
    const { summed, givenUp } = this.outbox.counts;
    const operations = summed + givenUp - this.#overflowReported;
    if (operations > 0) this.#options.overflowed?.(operations);
    this.#overflowReported += operations;
  }
}

/** A check as its counters have it: what packs gave is in no window beside them. */
function asCounted(check: PlannedCheck, counters: readonly CounterRef[], given: Given): RepeatedTake[] {
  return byGiving(counters, given).map((beside): RepeatedTake => {
    const { operation, amount, amounts } =
      beside.parts.length === 0 ? check : countedAgain(check, beside.parts);
    return { operation, counters: beside.counters, amount, amounts };
  });
}

/** The store has it now; what was voided before it counted leaves nothing to lose, but that it is refunded or released does. */
function isRecorded({ settlement: { intent } }: PendingSettlement, { outcome }: SettleResult): boolean {
  if (outcome === 'voided') return intent === 'refund' || intent === 'release';
  return outcome === 'counted' || outcome === 'already-counted' || outcome === 'reversed';
}

/** The operation's id or its counters belong to something else: it will never be counted. */
function isLost({ outcome }: SettleResult): boolean {
  return outcome === 'conflict' || outcome === 'wrong-type';
}
