import type { HeldWindow } from '../../holds.js';
import type { CounterRef, WindowIndex } from '../../counter-ref.js';
import type { LimitState, Windows } from '../state/counter-records.js';
import type { MemoryState } from '../state/memory-state.js';
import { CONCURRENT_FIELD, type HeldCounter, type HeldEntry } from './memory-reservation.js';

/** Changes what is used and held in windows of counters. A window that a counter is no longer in is left alone. */
export class CounterUnits {
  readonly #state: MemoryState;
  /** The counter that was meant last: it is nearly always the next one, too, and keeps the place where it was found. */
  #last: CounterRef = { key: '', shardGroup: '', limits: [], place: undefined, hash: undefined };

  constructor(state: MemoryState) {
    this.#state = state;
  }

  /** Holds units in a window of a limit, which becomes the counter's. */
  hold(counter: CounterRef, limit: Windows, windowIndex: WindowIndex, units: Units): void {
    this.#state.put(counter, limit, windowIndex, units.used);
    this.#state.setReserved(counter, limit.field, units.reserved);
  }

  /** Ends what an entry holds, of which `kept` units stay counted. */
  end({ key }: Pick<HeldCounter, 'key'>, entry: HeldEntry, kept: number): void {
    const window = this.#windowOf(key, entry);
    if (window === undefined) return;
    const used = window.used + (entry.field === CONCURRENT_FIELD ? 0 : kept);
    this.#set(key, window, { used, reserved: window.reserved - Math.min(entry.units, window.reserved) });
  }

  /** Holds what an entry says once more: its expiry had ended it, and `kept` of its units stayed counted. */
  holdAgain({ key }: Pick<HeldCounter, 'key'>, entry: HeldEntry, kept: number): void {
    const window = this.#windowOf(key, entry);
    if (window === undefined) return;
    const used = window.used - (entry.field === CONCURRENT_FIELD ? 0 : kept);
    this.#set(key, window, { used, reserved: window.reserved + entry.units });
  }

  /** Adds to what is used in the window of an entry; with a negative number it takes back. */
  add({ key }: Pick<HeldCounter, 'key'>, entry: Pick<HeldEntry, 'field' | 'startsAt'>, units: number): void {
    const window = this.#windowOf(key, entry);
    if (window === undefined || entry.field === CONCURRENT_FIELD || units === 0) return;
    this.#set(key, window, { used: window.used + units, reserved: window.reserved });
  }

  /** The windows of a reservation that its counters are still in. */
  windows(held: readonly HeldCounter[], counters: readonly CounterRef[]): HeldWindow[] {
    return held.flatMap(({ key, entries }, index) => {
      const fields = new Set<string>();
      return entries.flatMap((entry): HeldWindow[] => {
        const window = this.#windowOf(key, entry);
        if (window === undefined || fields.has(entry.field)) return [];
        fields.add(entry.field);
        const { field, startsAt, used, reserved } = window;
        return [{ counter: counters[index]!, field, startsAt, used, reserved }];
      });
    });
  }

  #windowOf(key: string, { field, startsAt }: Pick<HeldEntry, 'field' | 'startsAt'>): LimitState | undefined {
    const window = this.#state.counters.window(this.#refTo(key), field);
    return window?.startsAt === startsAt ? window : undefined;
  }

  #set(key: string, { field, startsAt, resetsAt }: LimitState, { used, reserved }: Units): void {
    const total = Math.min(Math.max(used, 0), Number.MAX_SAFE_INTEGER);
    const counter = this.#refTo(key);
    this.#state.put(counter, { field, bounds: [startsAt, resetsAt, resetsAt] }, 'current', total);
    this.#state.setReserved(counter, field, reserved);
  }

  #refTo(key: string): CounterRef {
    if (this.#last.key !== key)
      this.#last = { key, shardGroup: '', limits: [], place: undefined, hash: undefined };
    return this.#last;
  }
}

export interface Units {
  readonly used: number;
  readonly reserved: number;
}
