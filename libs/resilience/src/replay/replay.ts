import {
  type CountedBefore,
  type CounterRef,
  REMEMBER_MS,
  settledInCurrent,
  type SettleRequest,
  type SettleResult,
  type DataLoss,
  type TakeRequest,
  type UncertainIntervals,
} from '@sundial/engine/ports';
import type { SettlementProducer } from '../outbox/settlement-groups.js';
import { AcknowledgedOperations, type AcknowledgedOperation } from './acknowledged-operations.js';
import { RepeatedOperations } from './repeated-operations.js';

/** A replica is never further behind its master than this, or it would not have been promoted. */
const MAX_LAG_MS = 60_000;

/** `hold` where it is a reservation that is held. */
export type RepeatedTake = Pick<TakeRequest, 'operation' | 'counters' | 'amount' | 'amounts'> &
  Pick<SettleRequest, 'hold'>;

export interface ReplayOptions {
  /** Store clock. */
  readonly now: () => number;
  /** Whether a settlement of these counters would be given to the store now. */
  readonly canSend: (counters: readonly CounterRef[]) => boolean;
  /** Called when there is something to be sent. */
  readonly wake: () => void;
  /** Where it reports what it cannot replay. */
  readonly uncertain: Pick<UncertainIntervals, 'add'>;
  /** Where it counts the store's answers. */
  readonly outcomes: Record<SettleResult['outcome'], number>;
}

/**
 * Replays what the store had acknowledged and may have lost: it was restarted without its data, emptied, or replaced by
 * a replica that was behind. Each operation is settled under its id, so what the store still has is not counted again.
 * What cannot be replayed is reported as an uncertain interval, and never guessed.
 */
export class Replay implements SettlementProducer<SettleRequest> {
  readonly #options: ReplayOptions;
  readonly #acknowledged = new AcknowledgedOperations();
  readonly #repeated = new RepeatedOperations();
  #waiting: SettleRequest[] = [];
  #inFlight = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Operations that are still to be replayed, those in flight included. */
  get remaining(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /** The store has recorded it: should it lose the operation, it is replayed. */
  acknowledged(operation: AcknowledgedOperation): void {
    this.#acknowledged.note(operation);
  }

  /** The store had counted another try of it, in the first window of each limit: should it lose that, it is replayed. */
  repeated(take: RepeatedTake, { until }: CountedBefore): void {
    const { operation, counters, amount, amounts, hold } = take;
    const decidedAt = Math.min(until - REMEMBER_MS, this.#options.now());
    const settled = settledInCurrent(counters);
    const intent = hold === undefined ? 'count' : 'hold';
    const request = { intent, operation, counters: settled, amount, amounts, decidedAt } as const;
    this.#repeated.note(hold === undefined ? request : { ...request, hold });
  }

  /** The latest that the store has acknowledged of an operation, while that is kept. */
  recall(operationId: string): SettleRequest | undefined {
    return this.#acknowledged.find(operationId);
  }

  dataLost(loss: DataLoss): void {
    const { uncertain, wake } = this.#options;
    if (loss.kind === 'unseen') {
      // No process is left that could replay it, or that knows how much it was.
      uncertain.add({ from: loss.from, to: loss.to, reason: 'writes-lost', operations: 0 });
      return;
    }
    const now = this.#options.now();
    const missing = this.#acknowledged.missing(now);
    const since = loss.kind === 'emptied' ? -Infinity : now - MAX_LAG_MS;
    if (missing && missing.to > since) {
      uncertain.add({ ...missing, from: Math.max(missing.from, since), reason: 'writes-lost' });
    }
    // The latest are last in the list, and sent first: they are the likeliest to be lost.
    const acknowledged = this.#acknowledged.replayable(now);
    this.#waiting = [...this.#repeated.beside(acknowledged, now), ...acknowledged];
    if (this.#waiting.length > 0) wake();
  }

  next(max: number): readonly SettleRequest[] {
    const next: SettleRequest[] = [];
    while (next.length < max) {
      const operation = this.#waiting.pop();
      if (!operation) break;
      if (!this.#options.canSend(operation.counters)) {
        this.#waiting.push(operation);
        break;
      }
      next.push(operation);
    }
    this.#inFlight += next.length;
    return next;
  }

  requestOf(operation: SettleRequest): SettleRequest {
    return operation;
  }

  answered(_operation: SettleRequest, { outcome }: SettleResult, isLate: boolean): void {
    // It is sent again all the same: its outcome is counted only once.
    if (isLate) return;
    this.#inFlight--;
    this.#options.outcomes[outcome]++;
  }

  unanswered(operation: SettleRequest): void {
    this.#inFlight--;
    this.#waiting.push(operation);
    this.#options.wake();
  }
}
