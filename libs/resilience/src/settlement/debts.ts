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
  /** On their way to the disk: nobody has been promised anything, so they are not to be settled yet. */
  readonly #pending = new Map<string, PendingDebt>();
  /** Goes through them as they come: the first key of a map from which much was deleted is slow to find. */
  #next = this.#waiting.entries();
  readonly #sums = new DebtSums();
  #summed = 0;
  #givenUp = 0;
  #withheld = 0;

  constructor(journal?: Journal) {
    this.#journal = journal;
    for (const debt of journal?.debts() ?? []) this.#waiting.set(keyOf(debt), debt);
  }

  get size(): number {
    return this.#waiting.size + this.#pending.size;
  }

  /** Promises that were not made, because the disk did not take them in time. */
  get withheld(): number {
    return this.#withheld;
  }

  /** Operations that were added to others, and such for which there was no room even so. */
  get summed(): number {
    return this.#summed;
  }

  get givenUp(): number {
    return this.#givenUp;
  }

  get(key: string): Debt | undefined {
    return this.#waiting.get(key) ?? this.#pending.get(key)?.debt;
  }

  /** Of one that is on its way to the disk: whether it gets there, so that the promise holds. */
  isKept(key: string): Promise<boolean> | undefined {
    return this.#pending.get(key)?.isKept;
  }

  *values(): Generator<Debt> {
    yield* this.#waiting.values();
    for (const { debt } of this.#pending.values()) yield debt;
  }

  /**
   * With a strict journal a promise may be made when this has resolved with true: at `dueAt` at the latest. With false
   * nothing is owed. `beside`: how many are being settled.
   */
  add(debt: Debt, { beside, dueAt, isPromise }: Adding): Promise<boolean> | undefined {
    const kept = this.#hasRoom(debt, beside) ? debt : this.#addUp(debt);
    if (kept === undefined) {
      this.#givenUp++;
      return undefined;
    }
    const written = this.#journal?.owe(kept, dueAt);
    if (written && isPromise && kept === debt) return this.#await(debt, written);
    this.#waiting.set(keyOf(kept), kept);
    return written?.then(
      (isWritten) => isWritten || (isPromise ? this.#takeOff(debt) : this.#answerWithout()),
    );
  }

  /** Whether it could be kept, by itself or added to others. */
  canAdd(debt: Debt, beside: number): boolean {
    return this.#hasRoom(debt, beside) || (debt.fate === 'none' && this.#sums.canAdd(debt));
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
    const known = this.get(key);
    if (known === debt) {
      this.#waiting.delete(key);
      this.#pending.delete(key);
    }
    // The same operation was owed anew while it was being settled: that is still to be paid.
    if (known === undefined || known === debt) this.#journal?.paid(debt, outcome);
  }

  /** Forgets what is only in memory, and says how much that was. */
  abandon(): void {
    if (!this.#journal) for (const { operations = 1 } of this.values()) this.#givenUp += operations;
    this.#waiting.clear();
  }

  #await(debt: Debt, written: Promise<boolean>): Promise<boolean> {
    const key = keyOf(debt);
    const isKept = written.then((isWritten) => {
      // The store has said meanwhile that it counted it.
      if (this.#pending.get(key)?.debt !== debt) return true;
      this.#pending.delete(key);
      if (isWritten) this.#waiting.set(key, debt);
      else {
        // Its line may get to the disk all the same.
        this.#journal?.paid(debt, 'withheld');
        this.#withheld++;
      }
      return isWritten;
    });
    this.#pending.set(key, { debt, isKept });
    return isKept;
  }

  /** Takes an operation off the sum it was added to; true when that is on its way to the books. */
  #takeOff(debt: Debt): boolean {
    const rest = this.#sums.takeOff(debt);
    if (!rest) return true;
    this.#withheld++;
    if (rest.operations === 0) {
      this.#sums.end(rest);
      this.paid(this.#waiting.get(keyOf(rest))!, 'withheld');
    } else {
      this.#waiting.set(keyOf(rest), rest);
      void this.#journal?.owe(rest, 0);
    }
    return false;
  }

  #answerWithout(): true {
    this.#journal?.answeredWithout();
    return true;
  }

  #hasRoom({ fate }: Debt, beside: number): boolean {
    const owed = this.size + beside;
    if (fate === 'unknown') return owed < MAX_OWED;
    return owed < MAX_OWED - RESERVED_FOR_UNKNOWN && !this.#journal?.isFull;
  }

  #addUp(debt: Debt): Debt | undefined {
    const sum = debt.fate === 'none' ? this.#sums.add(debt) : undefined;
    if (sum) this.#summed++;
    return sum;
  }
}

interface PendingDebt {
  readonly debt: Debt;
  readonly isKept: Promise<boolean>;
}

interface Adding {
  readonly beside: number;
  readonly dueAt: number;
  /** The caller is to be told yes, and would rather be told no than yes for nothing. */
  readonly isPromise: boolean;
}
