import { FairQueue } from '@sundial/engine';
import { countersToTake, startByOf, type TakeRequest, type TakeResult } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { scripts } from '@sundial/lua';
import type { OperationPlace } from './operation-place.js';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript } from '../connection/redis-script.js';
import { decodeTakes, encodeTakes, type BatchItem } from './redis-take-batch.js';
import type { StoreClock } from './store-clock.js';
import { WireWindow } from './wire-window.js';

/** Up to here a full call leaves before its turn ends, so that Redis works while more are asked; then turns are fair. */
const MAX_ON_WIRE_EARLY = 128;
/** Checks in one script call: keeps Redis free for others every few hundred microseconds. */
const MAX_BATCH = 32;

/** A check, and where it goes. */
export interface QueuedTake {
  readonly request: TakeRequest;
  readonly place: OperationPlace;
  /** The server: one that is slow or frozen holds back nothing that is for another. */
  readonly shard: string;
  /** What may be in one script call. */
  readonly group: string;
}

/**
 * Checks on their way to Redis. Those that are asked in the same turn of the event loop travel together, and of those
 * that wait for room on the wire each fairness key has its turn, so that a flood of one resource does not delay another.
 */
export class RedisTakeQueue {
  readonly #take = new RedisScript(scripts.take);
  /** Servers with checks that wait or are on the wire, and those that were used lately. */
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
      const shard = this.#open(name);
      shard.waiting.add({ request, place, group, resolve, reject, startBy: 0 }, request.fairnessKey ?? '');
      if (shard.waiting.size >= MAX_BATCH && shard.window.inFlight < MAX_ON_WIRE_EARLY) this.#sendNext(shard);
      else this.#flushSoon();
    });
  }

  #open(name: string): ShardQueue {
    let shard = this.#shards.get(name);
    if (shard === undefined) {
      if (this.#shards.size >= MAX_SHARDS) this.#forgetIdle();
      this.#shards.set(name, (shard = { waiting: new FairQueue(), window: new WireWindow() }));
    }
    return shard;
  }

  /**
   * What was learnt of a server is kept while there is room: its window would otherwise start over after each idle
   * moment.
   */
  #forgetIdle(): void {
    for (const [name, { waiting, window }] of this.#shards)
      if (waiting.size === 0 && window.inFlight === 0) this.#shards.delete(name);
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    for (const shard of this.#shards.values())
      while (shard.waiting.size > 0 && shard.window.hasRoom) this.#sendNext(shard);
  }

  #sendNext(shard: ShardQueue): void {
    const wanted = shard.waiting.take(MAX_BATCH).filter(isDispatched);
    if (wanted.length > 0) for (const call of splitByGroup(wanted)) void this.#send(shard.window, call);
  }

  async #send(window: WireWindow, call: readonly WaitingTake[]): Promise<void> {
    window.sent(call.length);
    try {
      const script = encodeTakes(call, this.offsetMs);
      const sentAt = performance.now();
      const sentAtStore = this.clock.now();
      const reply = await this.#take.run(this.client, script);
      const receivedAt = performance.now();
      const { now, taken } = decodeTakes(call, reply);
      window.answered(call.length, { sentAt, receivedAt, delayMs: now - sentAtStore });
      this.clock.observe({ sentAt, receivedAt, storeNow: now });
      for (const { item, result } of taken) item.resolve(result);
    } catch (error) {
      window.failed(call.length);
      for (const { reject } of call) reject(error);
    } finally {
      this.#flushSoon();
    }
  }
}

/** As many as the largest Cluster has masters. */
const MAX_SHARDS = 1_000;

interface ShardQueue {
  readonly waiting: FairQueue<WaitingTake>;
  readonly window: WireWindow;
}

interface WaitingTake extends BatchItem {
  /** Known when it leaves, as its limits are. */
  startBy: number;
  request: TakeRequest;
  readonly group: string;
  readonly resolve: (result: TakeResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Notes deadline and limits of a check that leaves now; false where its caller has stopped waiting: then it is not sent. */
function isDispatched(take: WaitingTake): boolean {
  const { request } = take;
  const startBy = startByOf(request);
  if (startBy === undefined) {
    take.resolve(EXPIRED);
    return false;
  }
  take.startBy = startBy;
  const counters = countersToTake(request);
  if (counters !== request.counters) take.request = { ...request, counters };
  return true;
}

const EXPIRED = { outcome: 'expired' } as const;

function splitByGroup(takes: readonly WaitingTake[]): Iterable<readonly WaitingTake[]> {
  const [first] = takes;
  if (takes.every(({ group }) => group === first?.group)) return [takes];
  const groups = new Map<string, WaitingTake[]>();
  for (const take of takes) {
    const together = groups.get(take.group);
    if (together) together.push(take);
    else groups.set(take.group, [take]);
  }
  return groups.values();
}
