import { textHash } from '../../../counters/text-hash.js';
import type { CounterRef, LimitCount, LimitSpec, WindowIndex } from '../../counter-ref.js';
import { startsAtOf } from '../../window-index.js';
import { CounterRecords, NO_LIMIT, type LimitState, type Windows } from './counter-records.js';
import { HashIndex } from './hash-index.js';
import { Place } from './record-arena.js';

/**
 * Counters by key: of each limit its latest window. A counter is the address of its record, and that is good until the
 * counter is put into a window of a limit that it has not had, or is dropped; then it has to be found again.
 *
 * A key is found by a keyed hash, so that no choice of subjects makes a look-up slow. A caller who comes again with the
 * same reference is spared that: it keeps the place where its counter was found.
 */
export class CounterTable {
  readonly records = new CounterRecords();
  readonly #index = new HashIndex();
  #sought = '';
  readonly #isSought = (record: number) => this.records.hasKey(record, this.#sought);

  get size(): number {
    return this.#index.size;
  }

  find(ref: CounterRef): number | undefined {
    const { place } = ref;
    const known = place instanceof Place ? this.records.recordAt(place) : undefined;
    if (known !== undefined) return known;
    const counter = this.#lookUp(ref.key, hashOf(ref));
    if (counter !== undefined) ref.place = this.records.placeOf(counter);
    return counter;
  }

  /** The counter, made when there is none, with room for the reference's limits. */
  open(ref: CounterRef): number {
    let counter = this.find(ref);
    if (counter === undefined) {
      counter = this.#add(ref.key, hashOf(ref), ref.limits.length);
      ref.place = this.records.placeOf(counter);
    }
    return counter;
  }

  /** The counter with this key, made with room for so many limits when there is none. */
  restore(key: string, limits: number): number {
    const hash = textHash(key) >>> 0;
    return this.#lookUp(key, hash) ?? this.#add(key, hash, limits);
  }

  /** Puts one of its limits into this window, in which so much is used; returns where the counter is then. */
  put(counter: number, windows: Windows, windowIndex: WindowIndex, used: number): number {
    const { records } = this;
    let at = counter;
    let limit = records.limitOf(at, windows.field);
    if (limit === NO_LIMIT) {
      if (!records.hasRoom(at)) at = this.#widen(at);
      limit = records.addLimit(at, windows.field);
    }
    records.setWindow(limit, windows, windowIndex, used);
    return at;
  }

  /** What was used in this window of the limit, or in the later of the two when the counter is already in that. */
  count<L extends LimitSpec>(
    record: number | undefined,
    counter: CounterRef<L>,
    limit: L,
    windowIndex: WindowIndex,
  ): MutableCount<L> {
    const { records } = this;
    const at = record === undefined ? NO_LIMIT : records.limitOf(record, limit.field);
    if (at === NO_LIMIT) return { counter, limit, windowIndex, used: 0, reserved: 0 };
    const startsAt = records.startsAt(at);
    const isNext = startsAt === limit.bounds[1];
    if (!isNext && startsAt !== startsAtOf(limit, windowIndex))
      return { counter, limit, windowIndex, used: 0, reserved: 0 };
    const [used, reserved] = [records.used(at), records.reserved(at)];
    return { counter, limit, windowIndex: isNext ? 'next' : windowIndex, used, reserved };
  }

  /** The latest window of the counter's limit that has this name. */
  window(ref: CounterRef, field: string): LimitState | undefined {
    const counter = this.find(ref);
    const limit = counter === undefined ? NO_LIMIT : this.records.limitOf(counter, field);
    return limit === NO_LIMIT ? undefined : this.records.state(limit);
  }

  drop(counter: number): void {
    this.#index.remove(this.records.hash(counter), counter);
    this.records.free(counter);
  }

  #lookUp(key: string, hash: number): number | undefined {
    this.#sought = key;
    const counter = this.#index.find(hash, this.#isSought);
    return counter < 0 ? undefined : counter;
  }

  #add(key: string, hash: number, room: number): number {
    const counter = this.records.create(key, { hash, room });
    this.#index.put(hash, counter, -1);
    return counter;
  }

  #widen(counter: number): number {
    const hash = this.records.hash(counter);
    const wider = this.records.widen(counter);
    this.#index.put(hash, wider, counter);
    return wider;
  }
}

/** The lower 32 of its 53 bits. */
function hashOf(ref: CounterRef): number {
  return (ref.hash ??= textHash(ref.key)) >>> 0;
}

/** One take's own, until it is answered. */
export type MutableCount<L extends LimitSpec = LimitSpec> = {
  -readonly [Field in keyof LimitCount<L>]: LimitCount<L>[Field];
};
