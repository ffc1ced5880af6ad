import { performance } from 'node:perf_hooks';
import { scripts } from '@sundial/lua';
import { FairQueue } from './fair-queue.js';
import type { RedisClient } from './redis-connection.js';
import { RedisScript } from './redis-script.js';
import { decodeTakes, encodeTakes, type BatchItem } from './redis-take-batch.js';
import type { StoreClock } from './store-clock.js';
import type { TakeResult } from './store.js';

/**
 * Checks sent to one server and not answered: as many as keep it busy over the time of a round trip, and no more, since
 * whoever comes next waits for them. Others wait here, in a fair order.
 */
const MAX_ON_WIRE = 256;
/** Up to here a full call leaves before its turn ends, so that Redis works while more are asked; then turns are fair. */
const MAX_ON_WIRE_EARLY = 128;
/** Checks in one script call: keeps Redis free for others every few hundred microseconds. */
const MAX_BATCH = 32;

/** A check, and where it goes. */
export interface QueuedTake extends BatchItem {
  /** The server: one that is slow or frozen holds back nothing that is for another. */
  readonly shard: string;
  /** What may be in one script call. */
  readonly group: string;
}

/**
 * Checks on their way to Redis. Those that are asked in the same turn of the event loop travel together, and of those
 * that wait for room on the wire each lane has its turn, so that a flood of one resource does not delay another.
 */
export class RedisTakeQueue {
  readonly #take = new RedisScript(scripts.take);
  /** Servers with checks that wait or are on the wire. */
  readonly #shards = new Map<string, ShardQueue>();
  #isFlushing = false;

  constructor(
    private readonly client: RedisClient,
    private readonly clock: StoreClock,
    private readonly offsetMs: number,
  ) {}

  /** @throws StoreError saying whether it may have counted. */
  ask({ request, place, shard: name, group }: QueuedTake): Promise<TakeResult> {
    return new Promise((resolve, reject) => {
      let shard = this.#shards.get(name);
      if (!shard) this.#shards.set(name, (shard = { waiting: new FairQueue(), onWire: 0 }));
      shard.waiting.add(request.lane ?? '', { request, place, group, resolve, reject });
      if (shard.waiting.size >= MAX_BATCH && shard.onWire < MAX_ON_WIRE_EARLY) this.#sendNext(shard);
      else this.#flushSoon();
    });
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    for (const [name, shard] of this.#shards) {
      while (shard.waiting.size > 0 && shard.onWire < MAX_ON_WIRE) this.#sendNext(shard);
      if (shard.waiting.size === 0 && shard.onWire === 0) this.#shards.delete(name);
    }
  }

  #sendNext(shard: ShardQueue): void {
    for (const call of splitByGroup(shard.waiting.take(MAX_BATCH))) void this.#send(shard, call);
  }

  async #send(shard: ShardQueue, call: readonly Waiting[]): Promise<void> {
    shard.onWire += call.length;
    try {
      const script = encodeTakes(call, this.offsetMs);
      const sentAt = performance.now();
      const reply = await this.#take.run(this.client, script);
      const { now, results } = decodeTakes(call, reply);
      this.clock.observe({ sentAt, receivedAt: performance.now(), storeNow: now });
      call.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      for (const { reject } of call) reject(error);
    } finally {
      shard.onWire -= call.length;
      this.#flushSoon();
    }
  }
}

interface ShardQueue {
  readonly waiting: FairQueue<string, Waiting>;
  onWire: number;
}

interface Waiting extends BatchItem {
  readonly group: string;
  readonly resolve: (result: TakeResult) => void;
  readonly reject: (error: unknown) => void;
}

function splitByGroup(takes: readonly Waiting[]): Iterable<readonly Waiting[]> {
  const [first] = takes;
  if (takes.every(({ group }) => group === first!.group)) return [takes];
  const groups = new Map<string, Waiting[]>();
  for (const take of takes) {
    const together = groups.get(take.group);
    if (together) together.push(take);
    else groups.set(take.group, [take]);
  }
  return groups.values();
}
