import type { GuardedShard } from './guarded-shard.js';

/** Calls that wait in this process to be sent, about 2 KB each. */
export const MAX_WAITING = 32_768;
/** Of these, for one resource: a flood on it sheds only itself (I9). */
export const MAX_WAITING_A_RESOURCE = MAX_WAITING / 2;

/** A call that the store has been given and has not sent yet. */
export interface WaitingCall {
  readonly resource: string;
  readonly shards: readonly GuardedShard[];
  /** Monotonic. */
  readonly askedAt: number;
  /** Set here. */
  isWaiting: boolean;
}

/** The calls that wait to be sent, by resource and by shard, the oldest of each shard first. */
export class WaitingCalls<Call extends WaitingCall> {
  readonly #byShard = new WeakMap<GuardedShard, WaitingList<Call>>();
  readonly #ofResource = new Map<string, number>();
  #count = 0;

  /** Whether there is no room for one more of this resource. */
  isFull(resource: string): boolean {
    if (this.#count >= MAX_WAITING) return true;
    return (this.#ofResource.get(resource) ?? 0) >= MAX_WAITING_A_RESOURCE;
  }

  add(call: Call): void {
    this.#count++;
    call.isWaiting = true;
    this.#ofResource.set(call.resource, (this.#ofResource.get(call.resource) ?? 0) + 1);
    for (const shard of call.shards) this.#listOf(shard).add(call);
  }

  remove(call: Call): void {
    this.#count--;
    call.isWaiting = false;
    const left = (this.#ofResource.get(call.resource) ?? 1) - 1;
    if (left === 0) this.#ofResource.delete(call.resource);
    else this.#ofResource.set(call.resource, left);
    for (const shard of call.shards) this.#listOf(shard).forget();
  }

  /** What waits for this shard, the oldest first; a copy, so that calls may be removed meanwhile. */
  of(shard: GuardedShard): readonly Call[] {
    return this.#listOf(shard).all;
  }

  /** Since when the oldest call for this shard has waited, if any does. */
  oldestOf(shard: GuardedShard): number | undefined {
    return this.#listOf(shard).oldest?.askedAt;
  }

  #listOf(shard: GuardedShard): WaitingList<Call> {
    let list = this.#byShard.get(shard);
    if (list === undefined) this.#byShard.set(shard, (list = new WaitingList()));
    return list;
  }
}

/** So many places of calls that no longer wait are given back together. */
const FORGET_AT = 256;

/** Calls in the order in which they were asked. Those that no longer wait leave when they are the oldest. */
class WaitingList<Call extends WaitingCall> {
  #calls: (Call | undefined)[] = [];
  #first = 0;

  get oldest(): Call | undefined {
    return this.#calls[this.#first];
  }

  get all(): readonly Call[] {
    return this.#calls.slice(this.#first).flatMap((call) => (call?.isWaiting ? [call] : []));
  }

  add(call: Call): void {
    this.#calls.push(call);
  }

  forget(): void {
    while (this.oldest?.isWaiting === false) this.#calls[this.#first++] = undefined;
    if (this.#first === this.#calls.length || this.#first >= FORGET_AT) {
      this.#calls.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
