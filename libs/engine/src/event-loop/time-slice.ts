import { setImmediate as nextTurn } from 'node:timers/promises';

/** A check that waits for a slice to end is not noticeably late. */
const SLICE_MS = 2;

/** All slices of this process go one after the other, so that many at once hold a turn up no longer than one does. */
let lastTurn: Promise<void> = Promise.resolve();

/**
 * Cuts long work into slices, between which the event loop serves others:
 * `for (…) { if (slice.isOver) await slice.next(); … }`.
 */
export class TimeSlice {
  #until = performance.now() + SLICE_MS;

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Resolves after what else was waiting has had its turn. */
  async next(): Promise<void> {
    lastTurn = lastTurn.then(() => nextTurn());
    await lastTurn;
    this.#until = performance.now() + SLICE_MS;
  }
}
