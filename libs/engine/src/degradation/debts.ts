import { keyOf, type Debt } from '../journal/debt.js';
import type { Journal } from '../journal/journal.js';
import { DebtSums } from './debt-sums.js';

/** Debts kept one by one, about 1 KB each in memory. */
export const MAX_OWED = 100_000;
/**
 * Of these, kept for what the store may have executed: only by itself can such an operation be settled. A frozen store
 * leaves `MAX_IN_FLIGHT` of them, and a few with each probe.
 */
export const RESERVED_FOR_UNKNOWN = 20_000;

/**
 * What is owed and not being settled, in the order in which it is to be tried, and in the journal where there is one.
 * When it is full, operations that certainly never ran are added up; what cannot be added up is given up.
 */
export class Debts {
  readonly #journal: Journal | undefined;
  readonly #waiting = new Map<string, Debt>();
  /** Goes through them as they come: the first key of a map from which much was deleted is slow to find. */
  #next = this.#waiting.entries();
  readonly #sums = new DebtSums();
  #summed = 0;
  #givenUp = 0;

  constructor(journal?: Journal) {
    this.#journal = journal;
    for (const debt of journal?.debts() ?? []) this.#waiting.set(keyOf(debt), debt);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Operations that were added to others, and such for which there was no room even so. */
  get summed(): number {
    return this.#summed;
  }

  get givenUp(): number {
    return this.#givenUp;
  }

  get(key: string): Debt | undefined {
    return this.#waiting.get(key);
  }

  values(): Iterable<Debt> {
    return this.#waiting.values();
  }

  /**
   * Resolves when the answer may go out, where it has to wait: at `dueAt` at the latest. `beside`: how many are being
   * settled.
   */
  add(
    debt: Debt,
    { beside, dueAt }: { readonly beside: number; readonly dueAt: number },
  ): Promise<void> | undefined {
    const kept = this.#hasRoom(debt, beside) ? debt : this.#addUp(debt);
    if (kept === undefined) {
      this.#givenUp++;
      return undefined;
    }
    this.#waiting.set(keyOf(kept), kept);
    return this.#journal?.owe(kept, dueAt);
  }

  takeOldest(): Debt | undefined {
    if (this.#waiting.size === 0) return undefined;
    let next = this.#next.next();
    if (next.done) {
      this.#next = this.#waiting.entries();
      next = this.#next.next();
    }
    if (next.done) return undefined;
    const [key, debt] = next.value;
    this.#waiting.delete(key);
    this.#sums.end(debt);
    return debt;
  }

  /** It could not be settled: it comes last, unless its operation has become owed anew meanwhile. */
  putBack(debt: Debt): void {
    const key = keyOf(debt);
    if (!this.#waiting.has(key)) this.#waiting.set(key, debt);
  }

  /** It was settled, or needs not be any more. */
  paid(debt: Debt, outcome: string): void {
    const key = keyOf(debt);
    const waiting = this.#waiting.get(key);
    if (waiting === debt) this.#waiting.delete(key);
    // The same operation was owed anew while it was being settled: that is still to be paid.
    if (waiting === undefined || waiting === debt) this.#journal?.paid(debt, outcome);
  }

  /** Forgets what is only in memory, and says how much that was. */
  abandon(): void {
    if (!this.#journal) for (const { operations = 1 } of this.values()) this.#givenUp += operations;
    this.#waiting.clear();
  }

  #hasRoom({ fate }: Debt, beside: number): boolean {
    const owed = this.#waiting.size + beside;
    if (fate === 'unknown') return owed < MAX_OWED;
    return owed < MAX_OWED - RESERVED_FOR_UNKNOWN && !this.#journal?.isFull;
  }

  #addUp(debt: Debt): Debt | undefined {
    const sum = debt.fate === 'none' ? this.#sums.add(debt) : undefined;
    if (sum) this.#summed++;
    return sum;
  }
}
