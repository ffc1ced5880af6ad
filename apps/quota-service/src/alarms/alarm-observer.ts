import type {
  CheckRequest,
  Decision,
  DegradedCause,
  LimitState,
  LiveRules,
  QuotaObserver,
  Store,
  StoreMode,
} from '@sundial/engine';
import { performance } from 'node:perf_hooks';
import type { AlarmBoard } from './alarm-board.js';
import type { Channel } from './alarm-signal.js';
import { LimitHistory } from './limit-history.js';

/**
 * Makes signals of decisions. A degraded decision is a failure of its resource's channel to the store; one the store
 * made is a success. What asked no store is neither: a resource without rules, and the repetition of a promise.
 *
 * Almost all decisions are successes, so these are only counted, in one map look-up, and given to the board with the
 * next failure of their channel or the next tick. There are at most as many counts as resources with rules.
 */
export class AlarmObserver implements QuotaObserver {
  #successes = new Map<string, { count: number }>();
  readonly #limits = new LimitHistory();

  constructor(
    private readonly board: AlarmBoard,
    private readonly rules: LiveRules,
    private readonly store: Pick<Store, 'kind' | 'now'>,
  ) {}

  decided({ resource }: CheckRequest, decision: Decision): void {
    if (decision.degraded) {
      if (!decision.replayed) this.#failed(resource);
      return;
    }
    if (decision.reason === 'no-rule') return;
    const seen = this.#successes.get(resource);
    if (seen) seen.count++;
    else this.#successes.set(resource, { count: 1 });
    // Whoever was let in has found room, so only a refusal can show a counter above its max.
    if (!decision.allowed) this.#lookAbove(resource, decision.limits);
  }

  modeChanged(mode: StoreMode, cause: DegradedCause | null): void {
    this.board.take({ kind: 'mode-changed', mode, cause }, performance.now());
  }

  /** Hands over what was only counted. */
  flush(at: number): void {
    const successes = this.#successes;
    this.#successes = new Map();
    for (const [resource, { count }] of successes) {
      this.board.take({ kind: 'succeeded', channel: this.#channel(resource), count }, at);
    }
    this.#limits.follow(this.rules.current, this.store.now());
  }

  #failed(resource: string): void {
    const at = performance.now();
    const channel = this.#channel(resource);
    const before = this.#successes.get(resource);
    if (before) {
      this.#successes.delete(resource);
      this.board.take({ kind: 'succeeded', channel, count: before.count }, at);
    }
    this.board.take({ kind: 'failed', channel }, at);
  }

  #lookAbove(resource: string, limits: readonly LimitState[]): void {
    for (const limit of limits) {
      const { rule, mode, window, max } = limit;
      const used = limit.used + limit.reserved;
      if (mode !== 'enforce' || used <= max) continue;
      this.#limits.follow(this.rules.current, this.store.now());
      if (!this.#limits.holdsSinceItsStart(limit)) continue;
      const channel = this.#channel(resource);
      this.board.take(
        { kind: 'over-admitted', channel, counter: { rule, window, used, max } },
        performance.now(),
      );
    }
  }

  #channel(resource: string): Channel {
    return { resource, dependency: this.store.kind };
  }
}
