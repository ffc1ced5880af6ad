/** How often this process looks whether it is late, and how late counts. */
const LOOK_EVERY_MS = 5;
const LATE_MS = 15;

/**
 * When this process did not get round to its own work in time. Its proxies stand between nodes and Redis: what they hold
 * back then is no doing of either, and a node that takes Redis for slow is right.
 */
export class LateTimes {
  readonly #late: { readonly from: number; readonly to: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #lookedAt = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Whether it was late at some time between these instants (monotonic). */
  within(from: number, to: number): boolean {
    return this.#late.some((late) => late.from <= to && from <= late.to);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#lookedAt > LATE_MS) this.#late.push({ from: this.#lookedAt, to: now });
    this.#lookedAt = now;
  }
}
