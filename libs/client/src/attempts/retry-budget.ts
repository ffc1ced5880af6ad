const SLOTS = 10;
const SLOT_MS = 100;
const SHARE = 0.1;
/** Retries a second that any client may make. */
const FLOOR = 10;

interface Slot {
  index: number;
  calls: number;
  retries: number;
}

/**
 * Retries of all calls together: within a second at most a tenth of the calls begun in it, or 10 where that is more, so that a
 * service in trouble never gets more than a tenth of load on top of it.
 */
export class RetryBudget {
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ index: -1, calls: 0, retries: 0 }));

  /** A call begins. `now`: milliseconds of the monotonic clock. */
  began(now: number): void {
    this.#slotAt(now).calls += 1;
  }

  /** Takes a retry, if there is one left. */
  take(now: number): boolean {
    const current = this.#slotAt(now);
    const recent = this.#slots.filter(({ index }) => index > current.index - SLOTS);
    const calls = recent.reduce((sum, slot) => sum + slot.calls, 0);
    const retries = recent.reduce((sum, slot) => sum + slot.retries, 0);
    if (retries + 1 > Math.max(FLOOR, SHARE * calls)) return false;
    current.retries += 1;
    return true;
  }

  #slotAt(now: number): Slot {
    const index = Math.floor(now / SLOT_MS);
    const slot = this.#slots[index % SLOTS] as Slot;
    if (slot.index !== index) {
      slot.index = index;
      slot.calls = slot.retries = 0;
    }
    return slot;
  }
}
