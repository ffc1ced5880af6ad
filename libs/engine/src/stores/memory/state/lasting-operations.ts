import { performance } from 'node:perf_hooks';
import type { SettleRequest, SettleResult } from '../../settlement.js';
import { REMEMBER_MS } from '../../take.js';
import type { MemoryState } from './memory-state.js';

/** About 25 MB. Operations on top of them are remembered for `REMEMBER_MS`, as all others are. */
const MAX_LASTING = 100_000;
/** They are written behind the others again so often: what is older than `REMEMBER_MS` is forgotten, and goes from the log. */
const REFRESH_AFTER_MS = REMEMBER_MS / 3;
const TICK_MS = 1_000;
/** So many are refreshed at once: with all of them that is three times as often as they need. */
const MAX_A_TICK = 1_000;

/** Operations that are remembered to their end, for longer than `REMEMBER_MS`. There are none unless clients report any. */
export class LastingOperations {
  readonly #state: MemoryState;
  readonly #now: () => number;
  /** When each was written last, in that order. */
  readonly #written = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(state: MemoryState, now: () => number) {
    this.#state = state;
    this.#now = now;
    for (const id of state.lastingIds()) this.note(id);
  }

  /** Remembers an operation that was settled just now for as long as its settlement says. */
  keep({ operation: { id }, decidedAt, rememberMs = 0 }: SettleRequest, { outcome }: SettleResult): void {
    const until = decidedAt + rememberMs;
    const isRecorded = outcome === 'counted' || outcome === 'already-counted' || outcome === 'late';
    if (!isRecorded || until - this.#now() <= REMEMBER_MS) return;
    const recorded = this.#state.operation(id, this.#now());
    if (!recorded || recorded.lasting) return;
    const operation = { ...recorded, until: Math.max(recorded.until, until) };
    if (this.#written.size >= MAX_LASTING) return this.#state.remember(id, operation);
    this.#state.remember(id, { ...operation, lasting: true });
    this.note(id);
  }

  /** Writes again those that were written long ago, and gives up those that are over or have become something else. */
  refresh(writtenBefore = performance.now() - REFRESH_AFTER_MS): void {
    let left = MAX_A_TICK;
    for (const [id, writtenAt] of this.#written) {
      if (writtenAt > writtenBefore || left-- === 0) break;
      this.#written.delete(id);
      const operation = this.#state.operation(id, this.#now());
      if (!operation?.lasting) continue;
      this.#state.beginChange();
      this.#state.renew(id, operation);
      this.note(id);
    }
    if (this.#written.size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** It was written just now, and is to last. */
  note(id: string): void {
    this.#written.set(id, performance.now());
    this.#timer ??= setInterval(() => this.refresh(), TICK_MS).unref();
  }
}
