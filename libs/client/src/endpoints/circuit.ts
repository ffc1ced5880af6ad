/** After so many failures in a row an endpoint is skipped. */
const FAILURES_TO_OPEN = 3;

const FIRST_PROBE_MS = 50;
const MAX_PROBE_INTERVAL_MS = 1_000;
/** A service that asks to be left alone longer is probed all the same. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * Whether an endpoint is worth asking. Closed: it is. Open: it failed 3 times in a row, and is probed until it is well; then one
 * failure is enough to open it again, until a call has been answered. Where all of these failures were of one resource (its
 * operator rehearses an outage of it, say), the circuit is open for that one alone, until another fails too.
 */
export class Circuit {
  #failures = 0;
  #isOpen = false;
  /** The one that failed; null where several did, or one that is not known. */
  #resource: string | null = null;
  #probes = 0;
  /** Opened in a row without an answered call between: the probes of one that flaps come more slowly. */
  #reopened = 0;
  #notBefore = 0;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** While it is open: the one resource that it is open for, or null for all. */
  get resource(): string | null {
    return this.#resource;
  }

  isOpenFor(resource: string | undefined): boolean {
    return this.#isOpen && (this.#resource === null || this.#resource === resource);
  }

  /** True where this opens it, or opens it for all. */
  failed(now: number, resource: string | null, retryAfterMs = 0): boolean {
    const isOther = this.#resource !== resource;
    if (this.#isOpen) {
      if (this.#resource === null || !isOther) return false;
      this.#resource = null;
      return true;
    }
    if (this.#failures === 0) this.#resource = resource;
    else if (isOther) this.#resource = null;
    this.#failures += 1;
    if (this.#failures < FAILURES_TO_OPEN) return false;
    this.#isOpen = true;
    this.#probes = this.#reopened;
    this.#reopened += 1;
    this.#notBefore = now + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
    return true;
  }

  /** A call was answered. True where this closes it: an answer about another resource than the one that is skipped does not. */
  answered(resource: string | undefined): boolean {
    const closes = this.#isOpen;
    if (closes && !this.isOpenFor(resource)) return false;
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
