import { startsAtOf, type LimitCount, type LimitSet } from '@sundial/engine/ports';
import { FieldNumbers } from './field-numbers.js';

/** 8 MiB: 116,508 counters of two limits, 69,905 of four. */
const WORDS = 1_048_576;
const MAX_COUNTERS = 131_072;
/** A power of two, at least twice as many. */
const PLACES = 262_144;

// A counter's record begins with its name, the units that are being asked for, and the number of limits that it has room for.
const NAME = 0;
const ASKED = 1;
const ROOM = 2;
const HEADER_WORDS = 3;
// Of each limit it has the field's number (0: no limit yet), the window's start, and the units used in it.
const FIELD = 0;
const STARTS_AT = 1;
const USED = 2;
const LIMIT_WORDS = 3;

/** What this node knows of one limit's current window. */
export interface KnownLimit {
  readonly field: string;
  startsAt: number;
  /** As the store said last. */
  used: number;
  /** Allowed here since, and not yet recorded in the store. */
  local: number;
  /** What of that is held by reservations. */
  held?: number;
}

/** What this node knows of a counter. */
export interface KnownCounter {
  readonly limits: KnownLimit[];
  /** Units, of the meter `units`, that the store is being asked for. */
  asked: number;
}

/**
 * What this node was last answered of the counters whose units are all recorded in the store, by the hash of their keys
 * (`textHash`: the chance that a key meets another one's counter is one in 10^10, and then the node is wrong about it
 * only until the store answers). All of it is numbers in 18 MiB of arrays, and none of it an object: objects that live
 * for seconds, one for each subject, are what makes a garbage collector mark the whole heap again and again.
 *
 * Records are written one behind the other. When the array or its index is full, records go into the other array, and
 * what that had is forgotten; a counter that is used is copied there. So the most recently used counters stay, as many
 * as one array holds, and up to twice as many (the generations of quick-lru).
 */
export class SettledCounters {
  #current = new Generation();
  #previous = new Generation();
  readonly #fields = new FieldNumbers(() => {
    this.#current.forget();
    this.#previous.forget();
  });

  /** Notes that the store is being asked for units of a counter, or with a negative amount that it is not any more. */
  ask(name: number, limits: LimitSet, amount: number): void {
    const at = this.#open(name, limits.length);
    const { words } = this.#current;
    words[at + ASKED] = Math.max(0, words[at + ASKED]! + amount);
  }

  /** Notes what the store said of one limit of a counter. */
  hear(name: number, { counter, limit, windowIndex, used, reserved }: LimitCount): void {
    const field = this.#fields.numberOf(limit.field);
    let at = this.#open(name, counter.limits.length);
    let place = this.#current.limitOf(at, field);
    if (place < 0) {
      at = this.#widen(at);
      place = this.#current.limitOf(at, field);
    }
    this.#current.setLimit(place, field, startsAtOf(limit, windowIndex), used + reserved);
  }

  /** What is known of a counter. It is the caller's: changes are known when it is stored. */
  load(name: number): KnownCounter | undefined {
    const at = this.#find(name);
    return at < 0 ? undefined : this.#current.read(at, this.#fields);
  }

  /** Replaces what is known of a counter that has no unsettled units. */
  store(name: number, { limits, asked }: KnownCounter): void {
    const fields = limits.map(({ field }) => this.#fields.numberOf(field));
    let at = this.#open(name, limits.length);
    while (this.#current.words[at + ROOM]! < limits.length) at = this.#widen(at);
    this.#current.clear(at);
    this.#current.words[at + ASKED] = asked;
    limits.forEach(({ startsAt, used }, index) => {
      const field = fields[index]!;
      this.#current.setLimit(this.#current.limitOf(at, field), field, startsAt, used);
    });
  }

  /** Where the counter's record is in the current generation, made when there is none. */
  #open(name: number, room: number): number {
    const at = this.#find(name);
    return at < 0 ? this.#add(name, room) : at;
  }

  #find(name: number): number {
    const at = this.#current.find(name);
    if (at >= 0) return at;
    const before = this.#previous.find(name);
    return before < 0 ? -1 : this.#copy(this.#previous, before, 0);
  }

  /** A record with room for one more limit takes this one's place: its rule has got limits since. */
  #widen(at: number): number {
    return this.#copy(this.#current, at, 1);
  }

  #copy(from: Generation, at: number, more: number): number {
    const name = from.words[at + NAME]!;
    const record = from.words.slice(at, at + from.lengthOf(at));
    const copy = this.#add(name, record[ROOM]! + more);
    const room = this.#current.words[copy + ROOM]!;
    this.#current.words.set(record, copy);
    this.#current.words[copy + ROOM] = room;
    return copy;
  }

  #add(name: number, room: number): number {
    if (!this.#current.hasRoomFor(room)) {
      [this.#current, this.#previous] = [this.#previous, this.#current];
      this.#current.forget();
    }
    return this.#current.add(name, room);
  }
}

/** Records, and an index of them by name: an open-addressing table of offsets with linear probing. */
class Generation {
  readonly words = new Float64Array(WORDS);
  /** An offset plus 1; 0 where there is none. */
  readonly #index = new Int32Array(PLACES);
  #end = 0;
  #count = 0;

  /** The offset of the record, or -1. */
  find(name: number): number {
    return this.#index[this.#placeOf(name)]! - 1;
  }

  hasRoomFor(room: number): boolean {
    return this.#count < MAX_COUNTERS && this.#end + HEADER_WORDS + room * LIMIT_WORDS <= WORDS;
  }

  /** A record without limits; it takes the place of an earlier one of the same name. */
  add(name: number, room: number): number {
    const at = this.#end;
    this.words[at + NAME] = name;
    this.words[at + ROOM] = room;
    this.#end = at + this.lengthOf(at);
    this.#count++;
    this.#index[this.#placeOf(name)] = at + 1;
    this.clear(at);
    return at;
  }

  clear(at: number): void {
    this.words.fill(0, at + ROOM + 1, at + this.lengthOf(at));
    this.words[at + ASKED] = 0;
  }

  lengthOf(at: number): number {
    return HEADER_WORDS + this.words[at + ROOM]! * LIMIT_WORDS;
  }

  /** Where the limit with this field is, or the first place for another one; -1 when there is none. */
  limitOf(at: number, field: number): number {
    const end = at + this.lengthOf(at);
    for (let limit = at + HEADER_WORDS; limit < end; limit += LIMIT_WORDS) {
      const known = this.words[limit + FIELD];
      if (known === field || known === 0) return limit;
    }
    return -1;
  }

  setLimit(limit: number, field: number, startsAt: number, used: number): void {
    this.words[limit + FIELD] = field;
    this.words[limit + STARTS_AT] = startsAt;
    this.words[limit + USED] = used;
  }

  read(at: number, fields: FieldNumbers): KnownCounter {
    const limits: KnownLimit[] = [];
    const end = at + this.lengthOf(at);
    for (
      let limit = at + HEADER_WORDS;
      limit < end && this.words[limit + FIELD] !== 0;
      limit += LIMIT_WORDS
    ) {
      const field = fields.fieldOf(this.words[limit + FIELD]!);
      limits.push({
        field,
        startsAt: this.words[limit + STARTS_AT]!,
        used: this.words[limit + USED]!,
        local: 0,
      });
    }
    return { limits, asked: this.words[at + ASKED]! };
  }

  forget(): void {
    this.#index.fill(0);
    this.#end = 0;
    this.#count = 0;
  }

  /** The place of the name in the index, or the free one where it would be. */
  #placeOf(name: number): number {
    let place = name & (PLACES - 1);
    for (;;) {
      const at = this.#index[place]! - 1;
      if (at < 0 || this.words[at + NAME] === name) return place;
      place = (place + 1) & (PLACES - 1);
    }
  }
}
