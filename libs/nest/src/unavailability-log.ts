import { Logger } from '@nestjs/common';

/** An outage is one story, not one line a call. */
const QUIET_MS = 60_000;

/** Says that a method ran without being counted: at once, then at most once a minute, with how often meanwhile. */
export class UnavailabilityLog {
  readonly #logger = new Logger('RiskLimit');
  #quietUntil = -Infinity;
  #unsaid = 0;

  constructor(
    readonly label: string,
    /** A monotonic clock in milliseconds. */
    readonly now: () => number = () => performance.now(),
  ) {}

  ranUncounted(error: unknown): void {
    const now = this.now();
    if (now < this.#quietUntil) {
      this.#unsaid += 1;
      return;
    }
    const before = this.#unsaid > 0 ? ` (and ${this.#unsaid} times before, not logged)` : '';
    this.#logger.warn(`${this.label} ran uncounted${before}: the quota did not decide. ${String(error)}`);
    this.#quietUntil = now + QUIET_MS;
    this.#unsaid = 0;
  }
}
