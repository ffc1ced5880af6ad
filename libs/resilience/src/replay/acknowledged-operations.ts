import {
  type Amounts,
  type CounterRef,
  idOf,
  numberOf,
  type LimitSet,
  type MeterAmounts,
  type Operation,
  REMEMBER_MS,
  settledInCurrent,
  type SettleRequest,
  shardGroupOf,
} from '@sundial/engine/ports';
import { AcknowledgedHolds } from './acknowledged-holds.js';
import { ShortTexts } from './short-texts.js';

/**
 * Operations kept, the latest: 13 MB of arrays, and two strings more for each under its caller's id. At 1,000 a second it is a
 * minute.
 */
export const MAX_ACKNOWLEDGED = 65_536;
/** A store may have forgotten older ones while its counters show them: a replay could count them twice. */
export const REPLAYABLE_MS = REMEMBER_MS - 60_000;

/** What a store said that it had done, so that this node can replay it. */
export interface AcknowledgedOperation
  extends Amounts, Pick<SettleRequest, 'intent' | 'hold' | 'committed' | 'extended'> {
  readonly operation: Operation;
  /** Store clock. */
  readonly decidedAt: number;
  /**
   * Store clock, where it is another instant: until `REMEMBER_MS` after it the store knows the operation, unless it has lost
   * that.
   */
  readonly acknowledgedAt?: number;
  /** Limits that name no window (`SettledLimit`) were decided in their current ones, as nearly all are. */
  readonly counters: readonly CounterRef[];
}

/**
 * The latest operations that the store acknowledged to this node: what the node can replay when the store has lost them.
 *
 * Every check comes by here, and objects that live for minutes cost a garbage collector much: so numbers are kept
 * in arrays of numbers, keys as bytes, and of the rest only the strings. An id of this process is its number.
 */
export class AcknowledgedOperations {
  readonly #numbers = {
    at: new Float64Array(MAX_ACKNOWLEDGED),
    amount: new Float64Array(MAX_ACKNOWLEDGED),
    /** Of ids of this process; NaN where it is the caller's. */
    id: new Float64Array(MAX_ACKNOWLEDGED),
    isVoid: new Uint8Array(MAX_ACKNOWLEDGED),
  };
  readonly #ids: (string | null)[] = [];
  /** Where it is more than the amount. */
  readonly #contents: (string | null)[] = [];
  readonly #attempts: (string | null)[] = [];
  /** The key of the counter, where there is only one. */
  readonly #keys = new ShortTexts(MAX_ACKNOWLEDGED);
  /** Null where the key is among `#keys`. */
  readonly #places: (string | readonly CounterRef[] | null)[] = [];
  readonly #limitSets: (LimitSet | null)[] = [];
  /** Of those that take of other meters than `units`, by place. */
  readonly #amounts = new Map<number, MeterAmounts>();
  readonly #holds = new AcknowledgedHolds(MAX_ACKNOWLEDGED);
  #next = 0;
  #first = Infinity;
  #noted = 0;

  note(acknowledged: AcknowledgedOperation): void {
    const { decidedAt, acknowledgedAt: at = decidedAt } = acknowledged;
    const { intent, operation, counters, amount, amounts } = acknowledged;
    const place = this.#next;
    this.#next = (place + 1) % MAX_ACKNOWLEDGED;
    this.#noted++;
    if (this.#first === Infinity) this.#first = at;
    this.#numbers.at[place] = at;
    this.#numbers.amount[place] = amount;
    keep(this.#amounts, place, amounts);
    this.#holds.set(place, acknowledged);
    const { content } = operation;
    this.#contents[place] = content === amount.toString(36) ? null : content;
    this.#numbers.isVoid[place] = intent === 'void' ? 1 : 0;
    const number = operation.number ?? (acknowledged.hold && numberOf(operation.id));
    this.#numbers.id[place] = number ?? NaN;
    this.#ids[place] = number === undefined ? operation.id : null;
    this.#attempts[place] = operation.number === undefined ? operation.attempt : null;
    const only = counters.length === 1 ? counters[0] : undefined;
    this.#places[place] = only === undefined ? counters : this.#keys.set(place, only.key) ? null : only.key;
    this.#limitSets[place] = only?.limits ?? null;
  }

  /** Those that can still be replayed at `now`, the oldest first. */
  replayable(now: number): SettleRequest[] {
    const kept = Math.min(this.#noted, MAX_ACKNOWLEDGED);
    const oldest = this.#noted > MAX_ACKNOWLEDGED ? this.#next : 0;
    const places = Array.from({ length: kept }, (_, index) => (oldest + index) % MAX_ACKNOWLEDGED);
    return places
      .filter((place) => this.#numbers.at[place]! > now - REPLAYABLE_MS)
      .map((place) => this.#operationAt(place));
  }

  /** The latest of an operation, if it is still kept. All of them are looked through: for rare questions. */
  find(id: string): SettleRequest | undefined {
    const own = numberOf(id) ?? NaN;
    for (let back = 1; back <= Math.min(this.#noted, MAX_ACKNOWLEDGED); back++) {
      const place = (this.#next - back + MAX_ACKNOWLEDGED) % MAX_ACKNOWLEDGED;
      if (this.#ids[place] === id || this.#numbers.id[place] === own) return this.#operationAt(place);
    }
    return undefined;
  }

  /** From when to when operations were acknowledged that cannot be replayed at `now`, and how many are known to be. */
  missing(now: number): { from: number; to: number; operations: number } | undefined {
    const replayable = this.replayable(now);
    const kept = Math.min(this.#noted, MAX_ACKNOWLEDGED);
    const operations = this.#noted - replayable.length;
    if (operations === 0) return undefined;
    const oldest = this.#noted > MAX_ACKNOWLEDGED ? this.#next : 0;
    const first = (oldest + kept - replayable.length) % MAX_ACKNOWLEDGED;
    const to = replayable.length > 0 ? this.#numbers.at[first]! : now;
    return { from: this.#first, to, operations };
  }

  #operationAt(place: number): SettleRequest {
    const { at, amount, isVoid, id: ownId } = this.#numbers;
    const kept = this.#places[place] ?? this.#keys.get(place);
    const counters =
      typeof kept === 'string'
        ? [{ key: kept, shardGroup: shardGroupOf(kept), limits: this.#limitSets[place]! }]
        : kept;
    const id = this.#ids[place] ?? idOf(ownId[place]!);
    const content = this.#contents[place] ?? amount[place]!.toString(36);
    const operation = { id, content, attempt: this.#attempts[place] ?? id };
    return {
      decidedAt: at[place]!,
      intent: isVoid[place] ? 'void' : 'count',
      ...this.#holds.at(place, { amount: amount[place]!, amounts: this.#amounts.get(place) }),
      operation,
      counters: settledInCurrent(counters),
      amount: amount[place]!,
      amounts: this.#amounts.get(place),
    };
  }
}

/** What only some operations have: another one's place may have it from before. */
function keep<T>(some: Map<number, T>, place: number, its: T | undefined): void {
  if (its !== undefined) some.set(place, its);
  else if (some.size > 0) some.delete(place);
}
