import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineStatus, StoreMode } from '../observer.js';
import type { DegradedCause } from '../quota.js';
import type { Answer } from '../stores/answer.js';
import { StoreError, type CounterRef, type ShardRef, type Store } from '../stores/store.js';
import { DeadlineQueue } from './deadline-queue.js';
import { GuardedShard } from './guarded-shard.js';

/** Calls given to the store and not yet answered; about 2 KB each while the store is frozen. */
export const MAX_IN_FLIGHT = 4_096;
/** Of these, for one resource: a flood on it sheds only itself (I9). */
export const MAX_IN_FLIGHT_A_RESOURCE = MAX_IN_FLIGHT / 2;
/** A connection nobody used for this long is probed, so that a dead one is found before a caller finds it. */
export const IDLE_PROBE_MS = 500;
const WATCH_EVERY_MS = 100;
/** One that fails a probe is asked again after this long, until it answers or its breaker opens: known in about a second. */
const SUSPECT_PROBE_MS = 50;
/** As many as the largest Cluster has masters; the counters of further ones share the breaker of what has no name. */
const MAX_SHARDS = 1_000;
/** A shard nobody asked for this long is forgotten: nodes of a Cluster come and go. */
const FORGET_SHARD_MS = 60_000;

/** The store did not decide. `fate` says whether it may have executed the call, or still will. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  readonly cause: DegradedCause;
  readonly fate: StoreError['fate'];
}

/**
 * Stands between the engine and a store that can be slow, frozen or gone: whatever the store does, an answer comes
 * by the deadline. A call in flight is counted until its reply or its socket's end, not until its deadline, so
 * that a frozen store is never owed more than `MAX_IN_FLIGHT` commands.
 *
 * Each shard of the store has a breaker of its own, so that one that is away costs the others nothing (I9). A call
 * to several shards that fails accuses none of them; they are probed, and a probe that fails counts.
 */
export class StoreGuard {
  readonly #store: Pick<Store, 'probe' | 'shardsOf'>;
  readonly #deadlineMs: number;
  readonly #onMode: (mode: StoreMode, cause: DegradedCause | null) => void;
  readonly #shards = new Map<string, GuardedShard>();
  /** What all calls go to where the store has no shards. */
  readonly #whole: readonly [GuardedShard];
  readonly #deadlines = new DeadlineQueue<Call>((call) => this.#declareLate(call));
  readonly #watchdog: NodeJS.Timeout;
  #inFlight = 0;
  /** Of each resource that has any. */
  readonly #shares = new Map<string, Share>();
  #mode: StoreMode = 'exact';
  #isLeft = false;

  constructor(
    store: Pick<Store, 'probe' | 'shardsOf'>,
    options: { deadlineMs: number; onMode?: (mode: StoreMode, cause: DegradedCause | null) => void },
  ) {
    this.#store = store;
    this.#deadlineMs = options.deadlineMs;
    this.#onMode = options.onMode ?? (() => undefined);
    this.#whole = [this.#add(WHOLE)];
    this.#watchdog = setInterval(() => this.#watch(), WATCH_EVERY_MS).unref();
  }

  get status(): Pick<EngineStatus, 'mode' | 'cause' | 'breaker' | 'inFlight' | 'openShards'> {
    const troubled = [...this.#shards].filter(([, { isClosed }]) => !isClosed);
    const states = troubled.map(([, { state }]) => state);
    return {
      mode: this.#mode,
      cause: troubled[0]?.[1].cause ?? null,
      breaker: states.includes('open') ? 'open' : (states[0] ?? 'closed'),
      inFlight: this.#inFlight,
      openShards: troubled.map(([name]) => name).filter((name) => name !== WHOLE.name),
    };
  }

  /** Nobody answers, as far as is known. */
  get isCutOff(): boolean {
    return [...this.#shards.values()].every(({ isClosed }) => !isClosed);
  }

  /** Whether a call for these counters would be given to the store now. */
  wouldAsk(counters: readonly CounterRef[]): boolean {
    return this.#shardsOf(counters).every(isClosed) && this.#inFlight < MAX_IN_FLIGHT;
  }

  /**
   * Asks the store something about these counters, and waits until `dueAt` (monotonic) at the latest. Never rejects.
   */
  ask<T>(
    call: () => Answer<T>,
    dueAt: number,
    counters: readonly CounterRef[],
    { resource, late }: AskOptions<T> = {},
  ): Promise<T | Unavailable> {
    const shards = this.#shardsOf(counters);
    if (!shards.every(isClosed)) return NOT_ASKED['breaker-open'];
    if (this.#inFlight >= MAX_IN_FLIGHT) return NOT_ASKED.overloaded;
    const share = resource === undefined ? undefined : this.#shareOf(resource);
    if (share && share.inFlight >= MAX_IN_FLIGHT_A_RESOURCE) return NOT_ASKED.overloaded;
    return this.#send({ call, dueAt, shards, period: shards[0]!.period, late, share });
  }

  close(): void {
    this.#isLeft = true;
    clearInterval(this.#watchdog);
    for (const shard of this.#shards.values()) shard.leave();
  }

  #send<T>({ call, dueAt, shards, period, late, share }: Asking<T>): Promise<T | Unavailable> {
    return new Promise((resolve) => {
      const sent = { giveUp: resolve as GiveUp, shards, period };
      const deadline = this.#deadlines.add(sent, dueAt);
      this.#begun(share);
      Promise.resolve(call()).then(
        (result) => {
          this.#ended(share);
          this.#answered(sent, deadline.done);
          if (deadline.done) return late?.(result);
          deadline.done = true;
          resolve(result);
        },
        (error: unknown) => {
          this.#ended(share);
          if (deadline.done) return;
          deadline.done = true;
          this.#failed(sent, 'store-error');
          resolve({ outcome: 'unavailable', cause: 'store-error', fate: fateOf(error) });
        },
      );
    });
  }

  #shareOf(resource: string): Share {
    let share = this.#shares.get(resource);
    if (share === undefined) this.#shares.set(resource, (share = { resource, inFlight: 0 }));
    return share;
  }

  #begun(share: Share | undefined): void {
    this.#inFlight++;
    if (share) share.inFlight++;
  }

  #ended(share: Share | undefined): void {
    this.#inFlight--;
    if (share && --share.inFlight === 0) this.#shares.delete(share.resource);
  }

  #answered({ shards, period }: Call, isLate: boolean): void {
    const now = performance.now();
    for (const shard of shards) shard.lastAnswerAt = now;
    if (!isLate && shards.length === 1) shards[0]!.succeeded(period);
  }

  #declareLate(call: Call): void {
    this.#failed(call, 'timeout');
    call.giveUp({ outcome: 'unavailable', cause: 'timeout', fate: 'unknown' });
  }

  #failed({ shards, period }: Call, cause: DegradedCause): void {
    if (shards.length === 1) shards[0]!.failed(period, cause);
    else for (const shard of shards) void this.#suspect(shard);
  }

  async #suspect(shard: GuardedShard): Promise<void> {
    if (shard.isSuspected || !shard.isClosed) return;
    shard.isSuspected = true;
    while (!(await this.#probe(shard, shard.period)) && shard.isClosed && !this.#isLeft)
      await sleep(SUSPECT_PROBE_MS, undefined, { ref: false });
    shard.isSuspected = false;
  }

  /** A probe that hangs has failed at its deadline: the next one may meet a new connection. */
  async #probe(shard: GuardedShard, period: number): Promise<boolean> {
    const probe = () => this.#store.probe(shard.group).then(() => PROBED);
    const dueAt = performance.now() + this.#deadlineMs;
    return (await this.#send({ call: probe, dueAt, shards: [shard], period })) === PROBED;
  }

  /** A half-open connection says nothing until it is used. */
  #watch(): void {
    const now = performance.now();
    for (const [name, shard] of this.#shards) {
      if (!shard.isClosed) continue;
      if (shard !== this.#whole[0] && now - shard.lastAskedAt >= FORGET_SHARD_MS) this.#shards.delete(name);
      else if (now - shard.lastAnswerAt >= IDLE_PROBE_MS && this.#inFlight < MAX_IN_FLIGHT)
        void this.#suspect(shard);
    }
  }

  #shardsOf(counters: readonly CounterRef[]): readonly GuardedShard[] {
    const refs = this.#store.shardsOf?.(counters) ?? [];
    return refs.length === 0 ? this.#whole : refs.map((ref) => this.#open(ref));
  }

  #open(ref: ShardRef): GuardedShard {
    const shard = this.#shards.get(ref.name) ?? this.#add(ref);
    shard.lastAskedAt = performance.now();
    if (shard.isClosed) shard.group = ref.group;
    return shard;
  }

  #add({ name, group }: ShardRef): GuardedShard {
    if (this.#shards.size >= MAX_SHARDS) return this.#whole[0];
    const shard = new GuardedShard(group, {
      probe: (probed) => this.#probe(probed, NO_PERIOD),
      changed: () => this.#changeMode(),
    });
    this.#shards.set(name, shard);
    return shard;
  }

  #changeMode(): void {
    const troubled = [...this.#shards.values()].find(({ isClosed }) => !isClosed);
    const mode = troubled ? 'degraded' : 'exact';
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#onMode(mode, troubled?.cause ?? null);
  }
}

export interface AskOptions<T> {
  /** What the caller wants to use; without it the call has no bound but the one for all. */
  readonly resource?: string;
  /** Told an answer that comes after the deadline. */
  readonly late?: ((answer: T) => void) | undefined;
}

/** A call that is given to the store. */
interface Asking<T> {
  readonly call: () => Answer<T>;
  readonly dueAt: number;
  readonly shards: readonly GuardedShard[];
  readonly period: number;
  readonly late?: ((answer: T) => void) | undefined;
  readonly share?: Share | undefined;
}

/** The calls in flight for one resource. */
interface Share {
  readonly resource: string;
  inFlight: number;
}

/** A call in flight: how to answer its caller without the store, whom it went to, and in which period of theirs. */
interface Call {
  readonly giveUp: GiveUp;
  readonly shards: readonly GuardedShard[];
  readonly period: number;
}

type GiveUp = (answer: Unavailable) => void;

/** Stands for the store itself, and for whatever of it has no name. */
const WHOLE: ShardRef = { name: '', group: 'probe' };
const PROBED = { outcome: 'probed' } as const;
/** A probe of an open breaker: its outcome is told to the breaker by another word. */
const NO_PERIOD = -1;

const NOT_ASKED = {
  'breaker-open': Promise.resolve<Unavailable>({
    outcome: 'unavailable',
    cause: 'breaker-open',
    fate: 'none',
  }),
  overloaded: Promise.resolve<Unavailable>({ outcome: 'unavailable', cause: 'overloaded', fate: 'none' }),
};

function isClosed(shard: GuardedShard): boolean {
  return shard.isClosed;
}

function fateOf(error: unknown): StoreError['fate'] {
  return error instanceof StoreError ? error.fate : 'unknown';
}
