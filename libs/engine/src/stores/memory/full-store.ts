import type { ConditionListener, StoreCapacity, StoreCondition } from '../store.js';
import type { MemoryBooks } from './state/memory-books.js';

/** Whether there is room again is looked at as often. */
const LOOK_MS = 1_000;
/** It is over when so much of the room is free: a store that is full for every other subject is full. */
const FREE_SHARE = 0.01;

/** The condition `capacity`: from the first subject that the store had no room for, until a part of it is free again. */
export class FullStore {
  readonly #books: MemoryBooks;
  readonly #listeners: ConditionListener[] = [];
  #condition: StoreCondition | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(books: MemoryBooks) {
    this.#books = books;
  }

  get capacity(): StoreCapacity {
    return { counters: this.#books.size.counters, max: this.#books.maxCounters };
  }

  get conditions(): readonly StoreCondition[] {
    return this.#condition ? [this.#condition] : [];
  }

  listen(listener: ConditionListener): void {
    this.#listeners.push(listener);
    for (const condition of this.conditions) listener(condition, true);
  }

  /** A subject was not counted for want of room. */
  begins(): void {
    if (this.#condition) return;
    this.#condition = { condition: 'capacity', severity: 'warn', sentence: this.#sentence(), server: null };
    this.#tell(this.#condition, true);
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { counters, max } = this.capacity;
    if (!this.#condition || counters > Math.floor(max * (1 - FREE_SHARE))) return;
    const over = this.#condition;
    this.#condition = undefined;
    clearInterval(this.#timer);
    this.#tell(over, false);
  }

  #sentence(): string {
    return (
      `The embedded store has ${this.#books.maxCounters} counters and no room for more (SUNDIAL_MAX_SUBJECTS): ` +
      "subjects that it does not know are decided by their rules' degrade policies, and policy local refuses them. " +
      'Raise SUNDIAL_MAX_SUBJECTS where there is memory (docs/configuration.md), or count in Redis (REDIS_URL).'
    );
  }

  #tell(condition: StoreCondition, holds: boolean): void {
    for (const listener of this.#listeners) listener(condition, holds);
  }
}
