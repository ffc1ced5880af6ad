/** After so many failures in a row an endpoint is skipped. */
const FAILURES_TO_OPEN = 3;

const FIRST_PROBE_MS = 50;
const MAX_PROBE_INTERVAL_MS = 1_000;
/** A service that asks to be left alone longer is probed all the same. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * Whether an endpoint is worth asking. Closed: it is. Open: it failed 3 times in a row, and is probed until it is well; then one
 * failure is enough to open it again, until a call has been answered.
 */
export class Circuit {
  #failures = 0;
  #isOpen = false;
  #probes = 0;
  /** Opened in a row without an answered call between: the probes of one that flaps come more slowly. */
  #reopened = 0;
  #notBefore = 0;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True where this opens it. */
  failed(now: number, retryAfterMs = 0): boolean {
    if (this.#isOpen) return false;
    this.#failures += 1;
    if (this.#failures < FAILURES_TO_OPEN) return false;
    this.#isOpen = true;
    this.#probes = this.#reopened;
    this.#reopened += 1;
    this.#notBefore = now + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
    return true;
  }

  /** A call was answered. True where this closes it. */
  answered(): boolean {
    const closes = this.#isOpen;
    this.#failures = this.#reopened = 0;
    this.#isOpen = false;
    return closes;
  }

  /** A probe was answered: it is asked again, on trial. */
  probed(): void {
    this.#isOpen = false;
    this.#failures = FAILURES_TO_OPEN - 1;
  }

  /** When the next probe is due: soon, then ever later up to a second, spread by `random` (0 to 1). */
  nextProbeInMs(now: number, random: number): number {
    const interval = Math.min(FIRST_PROBE_MS * 2 ** Math.min(this.#probes++, 10), MAX_PROBE_INTERVAL_MS);
    return Math.max(interval * (0.5 + random / 2), this.#notBefore - now);
  }
}
