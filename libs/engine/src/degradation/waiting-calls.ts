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
}

/** The calls that wait to be sent, by resource and by shard, the oldest of each shard first. */
export class WaitingCalls<Call extends WaitingCall> {
  readonly #byShard = new Map<GuardedShard, Set<Call>>();
  readonly #ofResource = new Map<string, number>();
  #count = 0;

  /** Whether there is no room for one more of this resource. */
  isFull(resource: string): boolean {
    if (this.#count >= MAX_WAITING) return true;
    return (this.#ofResource.get(resource) ?? 0) >= MAX_WAITING_A_RESOURCE;
  }

  add(call: Call): void {
    this.#count++;
    this.#ofResource.set(call.resource, (this.#ofResource.get(call.resource) ?? 0) + 1);
    for (const shard of call.shards) {
      const calls = this.#byShard.get(shard);
      if (calls) calls.add(call);
      else this.#byShard.set(shard, new Set([call]));
    }
  }

  remove(call: Call): void {
    this.#count--;
    const left = this.#ofResource.get(call.resource)! - 1;
    if (left === 0) this.#ofResource.delete(call.resource);
    else this.#ofResource.set(call.resource, left);
    for (const shard of call.shards) {
      const calls = this.#byShard.get(shard)!;
      calls.delete(call);
      if (calls.size === 0) this.#byShard.delete(shard);
    }
  }

  /** What waits for this shard, the oldest first; a copy, so that calls may be removed meanwhile. */
  of(shard: GuardedShard): readonly Call[] {
    return [...(this.#byShard.get(shard) ?? [])];
  }

  /** Since when the oldest call for this shard has waited, if any does. */
  oldestOf(shard: GuardedShard): number | undefined {
    return this.#byShard.get(shard)?.values().next().value?.askedAt;
  }
}
