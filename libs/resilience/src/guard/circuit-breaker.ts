/** In a row, these many failures open the breaker. */
export const CONSECUTIVE_FAILURES = 5;
/** Or this share of the calls of the last window, when there were enough to mean something. */
export const FAILURE_RATIO = 0.5;
export const MINIMUM_VOLUME = 20;
export const WINDOW_MS = 1_000;
/** The first probe after opening, doubled with each one that fails, up to the maximum; jittered by half. */
export const PROBE_FLOOR_MS = 50;
export const MAX_PROBE_MS = 500;
/** A breaker that opens again sooner than this after closing goes on with the back-off it had: no flapping. */
export const STABLE_AFTER_MS = 5_000;

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Decides whether the store is asked at all. A failure is a call that came to nothing *or too late*: slow is broken
 * here. While open, no caller waits: one probe at a time asks instead, after a back-off, and its success closes.
 *
 * A call counts for the `generation` of the breaker it was asked in: what was asked before the breaker opened says
 * nothing about a store that has answered a probe since. Time comes in as arguments (monotonic milliseconds),
 * randomness as a function.
 */
export class CircuitBreaker {
  #state: BreakerState = 'closed';
  #generation = 0;
  #consecutive = 0;
  #backOff = 0;
  #closedAt = -Infinity;
  #window = { since: 0, calls: 0, failures: 0 };
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Grows each time the breaker opens. */
  get generation(): number {
    return this.#generation;
  }

  succeeded(generation: number, now: number): void {
    if (!this.#isCounted(generation)) return;
    this.#consecutive = 0;
    this.#count(now, 0);
  }

  /** Says whether this failure opened the breaker; then a probe is due after `probeDelayMs`. */
  failed(generation: number, now: number): boolean {
    if (!this.#isCounted(generation)) return false;
    this.#consecutive++;
    this.#count(now, 1);
    const { calls, failures } = this.#window;
    const isRatioHigh = calls >= MINIMUM_VOLUME && failures / calls >= FAILURE_RATIO;
    if (this.#consecutive < CONSECUTIVE_FAILURES && !isRatioHigh) return false;
    this.#state = 'open';
    this.#generation++;
    this.#backOff = now - this.#closedAt < STABLE_AFTER_MS ? this.#backOff + 1 : 0;
    return true;
  }

  /** How long to wait before the next probe. */
  get probeDelayMs(): number {
    const step = Math.min(PROBE_FLOOR_MS * 2 ** Math.min(this.#backOff, 8), MAX_PROBE_MS);
    return step * (0.5 + this.#random() / 2);
  }

  probing(): void {
    this.#state = 'half-open';
  }

  probeFailed(): void {
    this.#backOff++;
    this.#state = 'open';
  }

  probeSucceeded(now: number): void {
    this.#state = 'closed';
    this.#closedAt = now;
    this.#consecutive = 0;
    this.#window = { since: now, calls: 0, failures: 0 };
  }

  #isCounted(generation: number): boolean {
    return this.#state === 'closed' && generation === this.#generation;
  }

  #count(now: number, failures: 0 | 1): void {
    if (now - this.#window.since >= WINDOW_MS) this.#window = { since: now, calls: 0, failures: 0 };
    this.#window.calls++;
    this.#window.failures += failures;
  }
}
