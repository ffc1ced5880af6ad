/** In a row, these many failures open the breaker. */
const CONSECUTIVE_FAILURES = 5;
/** Or this share of the calls of the last window, when there were enough to mean something. */
const FAILURE_RATIO = 0.5;
const MINIMUM_VOLUME = 20;
const WINDOW_MS = 1_000;
/** The first probe after opening, doubled with each one that fails, up to the ceiling; jittered by half. */
const PROBE_FLOOR_MS = 50;
const PROBE_CEILING_MS = 500;

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Decides whether the store is asked at all. A failure is a call that came to nothing *or too late*: slow is broken
 * here. While open, no caller waits: one probe at a time asks instead, after a back-off, and its success closes.
 * Time comes in as arguments (monotonic milliseconds), randomness as a function.
 */
export class CircuitBreaker {
  #state: BreakerState = 'closed';
  #consecutive = 0;
  #probesFailed = 0;
  #window = { since: 0, calls: 0, failures: 0 };
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get state(): BreakerState {
    return this.#state;
  }

  succeeded(now: number): void {
    this.#consecutive = 0;
    this.#count(now, 0);
  }

  /** Says whether this failure opened the breaker; then a probe is due after `probeDelayMs`. */
  failed(now: number): boolean {
    this.#consecutive++;
    this.#count(now, 1);
    const { calls, failures } = this.#window;
    const isRatioHigh = calls >= MINIMUM_VOLUME && failures / calls >= FAILURE_RATIO;
    if (this.#state !== 'closed' || (this.#consecutive < CONSECUTIVE_FAILURES && !isRatioHigh)) return false;
    this.#state = 'open';
    return true;
  }

  /** How long to wait before the next probe. */
  get probeDelayMs(): number {
    const step = Math.min(PROBE_FLOOR_MS * 2 ** Math.min(this.#probesFailed, 8), PROBE_CEILING_MS);
    return step * (0.5 + this.#random() / 2);
  }

  probing(): void {
    this.#state = 'half-open';
  }

  probeFailed(): void {
    this.#probesFailed++;
    this.#state = 'open';
  }

  probeSucceeded(now: number): void {
    this.#state = 'closed';
    this.#consecutive = 0;
    this.#probesFailed = 0;
    this.#window = { since: now, calls: 0, failures: 0 };
  }

  #count(now: number, failures: 0 | 1): void {
    if (now - this.#window.since >= WINDOW_MS) this.#window = { since: now, calls: 0, failures: 0 };
    this.#window.calls++;
    this.#window.failures += failures;
  }
}
