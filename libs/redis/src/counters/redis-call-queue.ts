import { FairQueue } from '@sundial/engine';
import { startByOf, type CounterRef, type Dispatch } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import type { OperationPlace } from './operation-place.js';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript, type ScriptCall } from '../connection/redis-script.js';
import type { StoreClock } from './store-clock.js';
import { WireWindow } from './wire-window.js';

/** Up to here a full call leaves before its turn ends, so that Redis works while more are asked; then turns are fair. */
const MAX_ON_WIRE_EARLY = 128;
/** Calls of verbs in one script call: keeps Redis free for others every few hundred microseconds. */
const MAX_BATCH = 32;

/** What a caller asks of counters, and by when. */
export interface QueuedRequest {
  readonly counters: readonly CounterRef[];
  readonly deadlineAt: number | Dispatch;
  readonly fairnessKey?: string;
  asEnforced?(counters: readonly CounterRef[]): readonly CounterRef[];
}

/** A request as a script takes it, and where its operation is remembered. */
export interface CallItem<Request> {
  readonly request: Request;
  readonly place: OperationPlace;
  /** Store clock: when it may start at the latest. */
  readonly startBy: number;
}

/** How a script is called with many requests. */
export interface CallCodec<Request, Result> {
  readonly lua: string;
  encode(items: readonly CallItem<Request>[], offsetMs: number): ScriptCall;
  /** The store's clock, and of each item its result. */
  decode(
    items: readonly CallItem<Request>[],
    reply: unknown,
  ): { readonly now: number; readonly results: readonly Result[] };
}

/** A request, and where it goes. */
export interface QueuedCall<Request> {
  readonly request: Request;
  readonly place: OperationPlace;
  /** The server: one that is slow or frozen holds back nothing that is for another. */
  readonly shard: string;
  /** What may be in one script call. */
  readonly group: string;
}

/**
 * Calls of one verb on their way to Redis. Those that are asked in the same turn of the event loop travel together, and of
 * those that wait for room on the wire each fairness key has its turn, so that a flood of one resource does not delay another.
 */
export class RedisCallQueue<Request extends QueuedRequest, Result extends { readonly outcome: string }> {
  readonly #script: RedisScript;
  /** Servers with checks that wait or are on the wire, and those that were used lately. */
  readonly #shards = new Map<string, ShardQueue<Request, Result>>();
  #isFlushing = false;

  constructor(
    private readonly codec: CallCodec<Request, Result>,
    private readonly client: RedisClient,
    private readonly clock: StoreClock,
    private readonly offsetMs: number,
  ) {
    this.#script = new RedisScript(codec.lua);
  }

  /** @throws StoreError saying whether it may have counted. */
  ask({ request, place, shard: name, group }: QueuedCall<Request>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const shard = this.#open(name);
      shard.waiting.add({ request, place, group, resolve, reject, startBy: 0 }, request.fairnessKey ?? '');
      if (shard.waiting.size >= MAX_BATCH && shard.window.inFlight < MAX_ON_WIRE_EARLY) this.#sendNext(shard);
      else this.#flushSoon();
    });
  }

  #open(name: string): ShardQueue<Request, Result> {
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

  #sendNext(shard: ShardQueue<Request, Result>): void {
    const wanted = shard.waiting.take(MAX_BATCH).filter((call) => isDispatched(call));
    if (wanted.length > 0) for (const call of splitByGroup(wanted)) void this.#send(shard.window, call);
  }

  async #send(window: WireWindow, call: readonly WaitingCall<Request, Result>[]): Promise<void> {
    window.sent(call.length);
    try {
      const script = this.codec.encode(call, this.offsetMs);
      const sentAt = performance.now();
      const sentAtStore = this.clock.now();
      const reply = await this.#script.run(this.client, script);
      const receivedAt = performance.now();
      const { now, results } = this.codec.decode(call, reply);
      window.answered(call.length, { sentAt, receivedAt, delayMs: now - sentAtStore });
      this.clock.observe({ sentAt, receivedAt, storeNow: now });
      for (const [index, { resolve }] of call.entries()) resolve(results[index]!);
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

interface ShardQueue<Request, Result> {
  readonly waiting: FairQueue<WaitingCall<Request, Result>>;
  readonly window: WireWindow;
}

interface WaitingCall<Request, Result> extends CallItem<Request> {
  /** Known when it leaves, as its limits are. */
  startBy: number;
  request: Request;
  readonly group: string;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Notes deadline and limits of a check that leaves now; false where its caller has stopped waiting: then it is not sent. */
function isDispatched<Request extends QueuedRequest, Result extends { readonly outcome: string }>(
  call: WaitingCall<Request, Result>,
): boolean {
  const { request } = call;
  const startBy = startByOf(request);
  if (startBy === undefined) {
    call.resolve(EXPIRED as unknown as Result);
    return false;
  }
  call.startBy = startBy;
  const counters = request.asEnforced?.(request.counters) ?? request.counters;
  if (counters !== request.counters) call.request = { ...request, counters };
  return true;
}

const EXPIRED = { outcome: 'expired' } as const;

function splitByGroup<Call extends { readonly group: string }>(
  calls: readonly Call[],
): Iterable<readonly Call[]> {
  const [first] = calls;
  if (calls.every(({ group }) => group === first?.group)) return [calls];
  const groups = new Map<string, Call[]>();
  for (const call of calls) {
    const together = groups.get(call.group);
    if (together) together.push(call);
    else groups.set(call.group, [call]);
  }
  return groups.values();
}
