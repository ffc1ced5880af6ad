import { Logger } from '@nestjs/common';

/** What goes on for as long as its cause is one story, not one line a call. */
const QUIET_MS = 60_000;

/** Warns of something that a guarded method does again and again: at once, then at most once a minute, with how often meanwhile. */
export class QuietLog {
  readonly #logger = new Logger('RiskLimit');
  #quietUntil = -Infinity;
  #unsaid = 0;

  constructor(
    /** What happens, to which method: `OcrService.submit ran uncounted`. */
    readonly event: string,
    /** A monotonic clock in milliseconds. */
    readonly now: () => number = () => performance.now(),
  ) {}

  warn(why: string): void {
    const now = this.now();
    if (now < this.#quietUntil) {
      this.#unsaid += 1;
      return;
    }
    const before = this.#unsaid > 0 ? ` (and ${this.#unsaid} times before, not logged)` : '';
    this.#logger.warn(`${this.event}${before}: ${why}`);
    this.#quietUntil = now + QUIET_MS;
    this.#unsaid = 0;
  }
}
