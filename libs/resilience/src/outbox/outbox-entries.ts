import type { DegradedCause } from '@sundial/contract';
import {
  bytesOf,
  comesBefore,
  countKey,
  earlierKey,
  keyOf,
  type PendingSettlement,
} from './pending-settlement.js';
import { RefusedOperations } from './refused-operations.js';

/**
 * `writing`: on its way to the disk; no caller has an answer yet, so it is not to be sent. `waiting`: in the queue.
 * `sent`: the store is being asked. `over`: the store has recorded it, or never will.
 */
type State = 'writing' | 'waiting' | 'sent' | 'over';

export interface Entry {
  pending: PendingSettlement;
  key: string;
  state: State;
  /** What the store has to record before. */
  after?: Entry | undefined;
  /** While it is being written: whether the disk takes it in time. */
  isKept?: Promise<boolean> | undefined;
}

/** What is pending, by key: each settlement once, what comes before another one of its operation in front of that. */
export class OutboxEntries {
  readonly #byKey = new Map<string, Entry>();
  readonly #refused = new RefusedOperations();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  /** The entry of a settlement that was given out; nothing where that is over, or a later one has its key. */
  of(pending: PendingSettlement): Entry | undefined {
    const entry = this.#byKey.get(keyOf(pending));
    if (entry?.pending === pending) return entry;
    const earlier = this.#byKey.get(earlierKey(pending));
    return earlier?.pending === pending ? earlier : undefined;
  }

  *values(): Generator<PendingSettlement> {
    for (const { pending } of this.#byKey.values()) yield pending;
  }

  /** Of the reservation that was taken then under the operation's id. */
  reservation(operationId: string, takenAt: number): PendingSettlement | undefined {
    let entry = this.#byKey.get(countKey(operationId));
    while (entry && entry.pending.settlement.hold?.takenAt !== takenAt) entry = notOver(entry.after);
    return entry?.pending;
  }

  /** Why what the store says of an operation is not what this node has answered: an attempt of it is to be voided. */
  refusedBy(operationId: string): DegradedCause | undefined {
    return this.#refused.causeOf(operationId);
  }

  /** In the place of what has its key, or behind that. */
  enter(entry: Entry): void {
    const { key, pending } = entry;
    const known = this.#byKey.get(key);
    if (known && comesBefore(known.pending, pending)) {
      this.#rename(known, earlierKey(known.pending));
      entry.after = known;
    } else if (known) {
      entry.after = known.after;
      this.#count(known.pending, -1);
    }
    this.#byKey.set(key, entry);
    this.#count(pending, 1);
  }

  /** The same entry is for another settlement under its key from now on. */
  change(entry: Entry, pending: PendingSettlement): void {
    this.#count(entry.pending, -1);
    entry.pending = pending;
    this.#count(pending, 1);
  }

  /** False where it is no longer pending. */
  delete(entry: Entry): boolean {
    if (this.#byKey.get(entry.key) !== entry) return false;
    this.#byKey.delete(entry.key);
    this.#count(entry.pending, -1);
    entry.state = 'over';
    const before = notOver(entry.after);
    if (before && entry.key === keyOf(entry.pending)) this.#rename(before, entry.key);
    return true;
  }

  #rename(entry: Entry, key: string): void {
    this.#byKey.delete(entry.key);
    entry.key = key;
    this.#byKey.set(key, entry);
  }

  #count(pending: PendingSettlement, sign: 1 | -1): void {
    this.#bytes += sign * bytesOf(pending);
    if (sign > 0) this.#refused.add(pending);
    else this.#refused.remove(pending);
  }
}

/** The store has not recorded yet what comes before it. */
export function isBehind(entry: Entry): boolean {
  entry.after = notOver(entry.after);
  return entry.after !== undefined;
}

function notOver(entry: Entry | undefined): Entry | undefined {
  let before = entry;
  while (before?.state === 'over') before = before.after;
  return before;
}
