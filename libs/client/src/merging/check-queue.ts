import type { WaitingCheck } from './waiting-check.js';

/** Checks that one request carries at most. Larger ones cost the service's other callers latency and gain nothing. */
export const MAX_MERGED_CHECKS = 256;
/** Characters of them, far below the 4 MiB that a batch may have. */
const MAX_MERGED_LENGTH = 512 * 1_024;

/** Checks that wait for their request, first come first served. */
export class CheckQueue {
  #waiting: WaitingCheck[] = [];
  /** Those before it have left; they are cut off together, so that a long queue is not copied for each request. */
  #first = 0;

  get size(): number {
    return this.#waiting.length - this.#first;
  }

  /** When the one that waits longest is due. */
  get dueAt(): number | undefined {
    return this.#waiting[this.#first]?.dueAt;
  }

  add(check: WaitingCheck): void {
    this.#waiting.push(check);
  }

  /** In front of all others. */
  putBack(checks: readonly WaitingCheck[]): void {
    this.#waiting = [...checks, ...this.#waiting.slice(this.#first)];
    this.#first = 0;
  }

  /** What the next request carries. */
  take(): readonly WaitingCheck[] {
    let end = this.#first;
    let length = 0;
    for (; end < this.#waiting.length && end - this.#first < MAX_MERGED_CHECKS; end++) {
      const check = this.#waiting[end] as WaitingCheck;
      length += check.text.length;
      const isFirst = end === this.#first;
      if (!isFirst && (check.isAlone || length > MAX_MERGED_LENGTH)) break;
      if (check.isAlone) {
        end += 1;
        break;
      }
    }
    return this.#cut(end);
  }

  /** Those that are due. */
  takeDue(now: number): readonly WaitingCheck[] {
    let end = this.#first;
    while (end < this.#waiting.length && (this.#waiting[end] as WaitingCheck).dueAt <= now) end++;
    return this.#cut(end);
  }

  #cut(end: number): readonly WaitingCheck[] {
    const taken = this.#waiting.slice(this.#first, end);
    this.#first = end;
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }
}
