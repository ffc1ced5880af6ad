import { saidFinding, type SaidFinding } from '@sundial/contract';
import type { StoreCapacity } from '../store.js';
import type { FindingListener, StoreFinding } from '../store-finding.js';
import type { MemoryState } from './state/memory-state.js';

/** Whether there is room again is looked at as often. */
const CHECK_EVERY_MS = 1_000;
/** It is over when so much of the room is free: a store that is full for every other subject is full. */
const FREE_SHARE = 0.01;

/** The finding `capacity`: from the first subject that the store had no room for, until a part of it is free again. */
export class FullStore {
  readonly #state: MemoryState;
  readonly #listeners: FindingListener[] = [];
  #finding: StoreFinding | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  get capacity(): StoreCapacity {
    return { counters: this.#state.size.counters, max: this.#state.maxCounters };
  }

  get findings(): readonly StoreFinding[] {
    return this.#finding ? [this.#finding] : [];
  }

  listen(listener: FindingListener): void {
    this.#listeners.push(listener);
    for (const finding of this.findings) listener(finding, true);
  }

  /** A subject was not counted for want of room. */
  begins(): void {
    if (this.#finding) return;
    this.#finding = { finding: 'capacity', severity: 'warn', server: null, ...this.#said() };
    this.#report(this.#finding, true);
    this.#timer = setInterval(() => this.#look(), CHECK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { counters, max } = this.capacity;
    if (!this.#finding || counters > Math.floor(max * (1 - FREE_SHARE))) return;
    const over = this.#finding;
    this.#finding = undefined;
    clearInterval(this.#timer);
    this.#report(over, false);
  }

  #said(): SaidFinding {
    return saidFinding('capacity', { max: this.#state.maxCounters });
  }

  #report(finding: StoreFinding, holds: boolean): void {
    for (const listener of this.#listeners) listener(finding, holds);
  }
}
