import type { Store } from '@sundial/engine';
import type { SettleRequest, SettleResult, StoreLoss, UnverifiableSpans } from '@sundial/engine/ports';
import { RecentOperations, type RecentOperation } from './recent-operations.js';
import { RepeatedOperations } from './repeated-operations.js';
import { SettlementGroups } from './settlement-groups.js';
import type { StoreGuard } from '../guard/store-guard.js';

/** How soon it is tried again when the store has not answered. */
const TURN_MS = 20;
/** A replica is never further behind its master than this, or it would not have been promoted. */
const MAX_LAG_MS = 60_000;

/**
 * Tells the store again what it had acknowledged and may have lost: it was restarted without its data, emptied, or
 * replaced by a replica that was behind. Each operation is settled under its id, so what the store still has is not
 * counted again. What cannot be told again is reported as a span, and never guessed.
 */
export class Reassertion {
  readonly #store: Pick<Store, 'now'>;
  readonly #guard: Pick<StoreGuard, 'ask' | 'wouldAsk'>;
  readonly #groups: SettlementGroups<RecentOperation>;
  readonly #spans: UnverifiableSpans;
  readonly #recent = new RecentOperations();
  readonly #repeated = new RepeatedOperations();
  readonly #outcomes: Record<SettleResult['outcome'], number>;
  #waiting: RecentOperation[] = [];
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: {
    readonly store: Pick<Store, 'settle' | 'now' | 'shardsOf'>;
    readonly guard: Pick<StoreGuard, 'ask' | 'wouldAsk'>;
    readonly deadlineMs: number;
    readonly spans: UnverifiableSpans;
    /** Where it is counted what the store says. */
    readonly outcomes: Record<SettleResult['outcome'], number>;
  }) {
    this.#store = options.store;
    this.#guard = options.guard;
    this.#spans = options.spans;
    this.#outcomes = options.outcomes;
    this.#groups = new SettlementGroups(
      {
        next: (max) => this.#next(max),
        left: () => this.#waiting.length,
        requestOf: toSettlement,
        settled: (_recent, result, isLate) => this.#settled(result, isLate),
        unanswered: (recent) => this.#unanswered(recent),
      },
      options,
    );
  }

  /** Operations that are still to be told again. */
  get left(): number {
    return this.#waiting.length + this.#inFlight;
  }

  note(operation: RecentOperation): void {
    this.#recent.note(operation);
  }

  /** Another try of it had been counted. */
  noteRepeated(operation: RecentOperation): void {
    this.#repeated.note(operation);
  }

  lost(loss: StoreLoss): void {
    if (loss.kind === 'unseen') {
      // Nobody is left who could tell it again, or how much it was.
      this.#spans.add({ from: loss.from, to: loss.to, reason: 'writes-lost', operations: 0 });
      return;
    }
    const now = this.#store.now();
    const missing = this.#recent.missing(now);
    const since = loss.kind === 'emptied' ? -Infinity : now - MAX_LAG_MS;
    if (missing && missing.to > since) {
      this.#spans.add({ ...missing, from: Math.max(missing.from, since), reason: 'writes-lost' });
    }
    // The latest are last in the list, and told first: they are the likeliest to be lost.
    const recent = this.#recent.repeatable(now);
    this.#waiting = [...this.#repeated.beside(recent, now), ...recent];
    this.#later();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(): void {
    if (this.#closed || this.#waiting.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#groups.run();
      this.#later();
    }, TURN_MS).unref();
  }

  #next(max: number): readonly RecentOperation[] {
    const next: RecentOperation[] = [];
    while (next.length < max && !this.#closed) {
      const recent = this.#waiting.pop();
      if (!recent) break;
      if (!this.#guard.wouldAsk(recent.counters)) {
        this.#waiting.push(recent);
        break;
      }
      next.push(recent);
    }
    this.#inFlight += next.length;
    return next;
  }

  #settled({ outcome }: SettleResult, isLate: boolean): void {
    // It is told again all the same: only once is it counted what the store says.
    if (isLate) return;
    this.#inFlight--;
    this.#outcomes[outcome]++;
  }

  #unanswered(recent: RecentOperation): void {
    this.#inFlight--;
    this.#waiting.push(recent);
    this.#later();
  }
}

function toSettlement({ at, intent, operation, counters, amount, counts }: RecentOperation): SettleRequest {
  return { intent, operation, counters, amount, picks: counts.map(({ pick }) => pick), decidedAt: at };
}
