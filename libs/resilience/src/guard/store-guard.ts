import type { EngineStatus, Store, StoreMode } from '@sundial/engine';
import { type Answer, type CounterRef, type Dispatch, StoreError } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DegradedCause } from '@sundial/contract';
import { DeadlineQueue } from './deadline-queue.js';
import type { GuardedShard } from './guarded-shard.js';
import { GuardedShards, type SomeShards } from './guarded-shards.js';
import { NotAsked } from './not-asked.js';
import { QueuedCall, type GiveUp } from './queued-call.js';
import { BREAKER_OPEN, OVERLOADED, SHED, type Shed, type Unavailable } from './unavailable.js';
import { WaitingCalls } from './waiting-calls.js';

/** Calls sent to the store and not yet answered; about 2 KB each while the store is frozen. */
export const MAX_IN_FLIGHT = 4_096;
/** A call that could not be sent within this is shed: its caller is better served by another node, or later. */
export const MAX_WAIT_MS = 2_000;
/** A connection that is idle for this long is probed, so that a dead one is found before a caller finds it. */
export const IDLE_PROBE_MS = 500;
const WATCH_EVERY_MS = 100;
/** One that fails a probe is asked again after this long, until it answers or its breaker opens: known in about a second. */
const SUSPECT_PROBE_MS = 50;

/**
 * Stands between the engine and a store that can be slow, frozen or gone: whatever the store does, an answer comes
 * by the deadline. The deadline runs from when the call is sent: what it waits before that, for the event loop or behind
 * other calls, is this process's own delay and no failure of the store (I16). A call in flight is counted until its reply
 * or its socket's end, not until its deadline, so that a frozen store never has more than `MAX_IN_FLIGHT` commands.
 *
 * Each shard of the store has a breaker of its own, so that one that is away costs the others nothing (I9). A call
 * to several shards that fails counts against none of them; they are probed, and a probe that fails counts.
 */
export class StoreGuard {
  readonly #store: Pick<Store, 'probe' | 'shardsOf' | 'now'>;
  readonly #deadlineMs: number;
  readonly #checkMs: number;
  readonly #shards: GuardedShards;
  readonly #deadlines = new DeadlineQueue<QueuedCall>((call) => this.#declareLate(call));
  readonly #notAsked = new NotAsked();
  readonly #watchdog: NodeJS.Timeout;
  #inFlight = 0;
  readonly #waiting = new WaitingCalls<QueuedCall>();
  #isLeft = false;

  constructor(store: Pick<Store, 'probe' | 'shardsOf' | 'now'>, options: StoreGuardOptions) {
    this.#store = store;
    this.#deadlineMs = options.deadlineMs;
    this.#checkMs = options.checkMs ?? options.deadlineMs;
    this.#shards = new GuardedShards({
      refsOf: (counters) => this.#store.shardsOf?.(counters) ?? [],
      probe: (shard) => this.#probe(shard, NO_GENERATION),
      opened: (shard) => this.#opened(shard),
      onMode: options.onMode ?? (() => undefined),
    });
    this.#watchdog = setInterval(() => this.#watch(), WATCH_EVERY_MS).unref();
  }

  get status(): Pick<EngineStatus, 'mode' | 'cause' | 'breaker' | 'inFlight' | 'openShards'> {
    return { ...this.#shards.status, inFlight: this.#inFlight };
  }

  /** No part of the store answers, as far as is known. */
  get isCutOff(): boolean {
    return this.#shards.isCutOff;
  }

  /** Whether a call for these counters would be given to the store now. */
  wouldAsk(counters: readonly CounterRef[]): boolean {
    return this.#shards.of(counters).every(isClosed) && this.#inFlight < MAX_IN_FLIGHT;
  }

  /** How long calls have waited to be sent, of the shard that is least behind: 0 where any takes what it is given. */
  get backlogMs(): number {
    let since = -Infinity;
    for (const shard of this.#shards.values()) {
      if (!this.#shards.isCalled(shard)) continue;
      const oldest = shard.isClosed ? this.#waiting.oldestOf(shard) : undefined;
      if (oldest === undefined) return 0;
      since = Math.max(since, oldest);
    }
    return performance.now() - since;
  }

  /**
   * Sends the store something about these counters at once, and waits until `dueAt` (monotonic) at the latest; `late` is
   * called with an answer that comes after it. Never rejects.
   */
  ask<T>(
    call: () => Answer<T>,
    dueAt: number,
    counters: readonly CounterRef[],
    { late }: AskOptions<T> = {},
  ): Promise<T | Unavailable> {
    const shards = this.#shards.of(counters);
    if (!shards.every(isClosed)) return this.#notAsked.answer(BREAKER_OPEN);
    if (this.#inFlight >= MAX_IN_FLIGHT) return this.#notAsked.answer(OVERLOADED);
    return this.#askNow(call, { shards, dueAt, late });
  }

  /**
   * Gives the store a call that it sends when its turn comes. Waits for that, and from then on until the deadline of a
   * check at the latest. Never rejects.
   */
  askInTurn<T>(
    call: (dispatch: Dispatch) => Answer<T>,
    counters: readonly CounterRef[],
    { resource, late }: TurnOptions<T>,
  ): Promise<T | Unavailable | Shed> {
    const shards = this.#shards.of(counters);
    if (!shards.every(isClosed)) return this.#notAsked.answer(BREAKER_OPEN);
    if (this.#waiting.isFull(resource))
      return this.#isSilent(shards) ? this.#notAsked.answer(OVERLOADED) : NOT_SENT;
    return new Promise((resolve) => {
      const giveUp = resolve as GiveUp;
      const asked = new QueuedCall(giveUp, { resource, shards, generation: shards[0].generation });
      this.#waiting.add(asked);
      this.#follow(
        call(() => this.#dispatch(asked)),
        asked,
        late,
      );
    });
  }

  close(): void {
    this.#isLeft = true;
    clearInterval(this.#watchdog);
    this.#shards.leave();
  }

  #askNow<T>(
    call: () => Answer<T>,
    { shards, dueAt, late, generation = shards[0].generation }: Asking<T>,
  ): Promise<T | Unavailable> {
    return new Promise((resolve) => {
      const asked = new QueuedCall(resolve as GiveUp, { resource: '', shards, generation });
      this.#sent(asked, dueAt);
      this.#follow(call(), asked, late);
    });
  }

  /** What the store asks for a call whose turn has come: by when it must start, or nothing if it is not wanted any more. */
  #dispatch(call: QueuedCall): number | undefined {
    if (call.isDone) return undefined;
    if (call.deadline === undefined) {
      const now = performance.now();
      this.#waiting.remove(call);
      if (this.#inFlight >= MAX_IN_FLIGHT) return this.#settle(call, OVERLOADED);
      if (now - call.askedAt > MAX_WAIT_MS)
        return this.#settle(call, this.#isSilent(call.shards) ? OVERLOADED : SHED);
      this.#sent(call, now + this.#checkMs);
      call.startBy = this.#store.now() + this.#checkMs;
    }
    return call.startBy;
  }

  #sent(call: QueuedCall, dueAt: number): void {
    this.#inFlight++;
    call.deadline = this.#deadlines.add(call, dueAt);
  }

  #follow<T>(answer: Answer<T>, call: QueuedCall, late: ((answer: T) => void) | undefined): void {
    Promise.resolve(answer).then(
      (result) => {
        const wasSent = this.#ended(call);
        if (wasSent) this.#answered(call);
        if (call.isDone) return wasSent ? late?.(result) : undefined;
        this.#settle(call, result);
      },
      (error: unknown) => {
        this.#ended(call);
        if (call.isDone) return;
        this.#settle(call, {
          outcome: 'unavailable',
          cause: 'store-error',
          executionStatus: executionStatusOf(error),
        });
        this.#failed(call, 'store-error');
      },
    );
  }

  #settle(call: QueuedCall, answer: unknown): undefined {
    call.isDone = true;
    if (call.deadline) call.deadline.done = true;
    call.giveUp(answer);
  }

  /** The store no longer holds a call; false where it was never sent. */
  #ended(call: QueuedCall): boolean {
    if (call.deadline !== undefined) this.#inFlight--;
    else if (!call.isDone) this.#waiting.remove(call);
    return call.deadline !== undefined;
  }

  #answered({ shards, generation, isDone }: QueuedCall): void {
    const now = performance.now();
    for (const shard of shards) shard.lastAnswerAt = now;
    if (!isDone && shards.length === 1) shards[0].succeeded(generation);
  }

  #declareLate(call: QueuedCall): void {
    this.#settle(call, { outcome: 'unavailable', cause: 'timeout', executionStatus: 'unknown' });
    this.#failed(call, 'timeout');
  }

  /** One that has calls in flight and has not answered any for half the time that one of them has. */
  #isSilent(shards: readonly GuardedShard[]): boolean {
    const since = performance.now() - this.#checkMs / 2;
    return this.#inFlight > 0 && shards.some(({ lastAnswerAt }) => lastAnswerAt < since);
  }

  #failed({ shards, generation }: QueuedCall, cause: DegradedCause): void {
    if (shards.length === 1) shards[0].failed(generation, cause);
    else for (const shard of shards) void this.#suspect(shard);
  }

  async #suspect(shard: GuardedShard): Promise<void> {
    if (shard.isSuspected || !shard.isClosed) return;
    shard.isSuspected = true;
    while (shard.isClosed && !this.#isLeft && !(await this.#probe(shard, shard.generation)))
      await sleep(SUSPECT_PROBE_MS, undefined, { ref: false });
    shard.isSuspected = false;
  }

  /** A probe that hangs has failed at its deadline: the next one may meet a new connection. */
  async #probe(shard: GuardedShard, generation: number): Promise<boolean> {
    const probe = () => this.#store.probe(shard.group).then(() => PROBED);
    const dueAt = performance.now() + this.#deadlineMs;
    return (await this.#askNow(probe, { dueAt, shards: [shard], generation })) === PROBED;
  }

  /** A half-open connection says nothing until it is used. */
  #watch(): void {
    const now = performance.now();
    this.#shards.forgetUnused(now);
    for (const shard of this.#shards.values()) {
      const isIdle = now - shard.lastAnswerAt >= IDLE_PROBE_MS;
      if (shard.isClosed && isIdle && this.#inFlight < MAX_IN_FLIGHT) void this.#suspect(shard);
    }
  }

  /** What waits for a shard whose breaker opens is decided without it: the oldest first. */
  #opened(shard: GuardedShard): void {
    for (const call of this.#waiting.of(shard)) {
      this.#waiting.remove(call);
      this.#settle(call, BREAKER_OPEN);
    }
  }
}

export interface StoreGuardOptions {
  /** How long a probe or another call that is sent at once may take. */
  readonly deadlineMs: number;
  /** How long a check may take from when it is sent. Default: the same. */
  readonly checkMs?: number;
  readonly onMode?: (mode: StoreMode, cause: DegradedCause | null) => void;
}

export interface AskOptions<T> {
  /** Called with an answer that comes after the deadline. */
  readonly late?: ((answer: T) => void) | undefined;
}

export interface TurnOptions<T> extends AskOptions<T> {
  /** What the caller wants to use: of each resource only so many calls wait. */
  readonly resource: string;
}

interface Asking<T> {
  readonly shards: SomeShards;
  readonly dueAt: number;
  /** Default: that of the first shard. */
  readonly generation?: number;
  readonly late?: ((answer: T) => void) | undefined;
}

const PROBED = { outcome: 'probed' } as const;
/** A probe of an open breaker: its outcome reaches the breaker by another call. */
const NO_GENERATION = -1;

const NOT_SENT = Promise.resolve(SHED);

function isClosed(shard: GuardedShard): boolean {
  return shard.isClosed;
}

function executionStatusOf(error: unknown): StoreError['executionStatus'] {
  return error instanceof StoreError ? error.executionStatus : 'unknown';
}
