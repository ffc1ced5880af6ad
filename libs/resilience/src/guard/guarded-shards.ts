import type { EngineStatus, StoreMode } from '@sundial/engine';
import type { CounterRef, ShardRef } from '@sundial/engine/ports';
import type { DegradedCause } from '@sundial/contract';
import { performance } from 'node:perf_hooks';
import { GuardedShard } from './guarded-shard.js';

/** As many as the largest Cluster has masters; the counters of further ones share one breaker. */
const MAX_SHARDS = 1_000;
/** A shard that no caller needed for this long is forgotten: nodes of a Cluster come and go. */
const FORGET_SHARD_MS = 60_000;
/** Stands for the store itself, and for its parts without a name. */
const WHOLE: ShardRef = { name: '', group: 'probe' };

export interface GuardedShardsOptions {
  /** The parts of the store that these counters live on; none where it fails as a whole. */
  readonly refsOf: (counters: readonly CounterRef[]) => readonly ShardRef[];
  /** Asks a shard whose breaker is open; false when it does not answer in time. */
  readonly probe: (shard: GuardedShard) => Promise<boolean>;
  /** Called when a breaker opens. */
  readonly opened: (shard: GuardedShard) => void;
  /** Called when the first breaker opens, and when the last one closes. */
  readonly onMode: (mode: StoreMode, cause: DegradedCause | null) => void;
}

/** What a call goes to: at least one. */
export type SomeShards = readonly [GuardedShard, ...GuardedShard[]];

/** The parts of a store that fail on their own, a breaker each: those that callers have asked for lately. */
export class GuardedShards {
  readonly #options: GuardedShardsOptions;
  readonly #byName = new Map<string, GuardedShard>();
  /** The shard of all calls where the store has no shards. */
  readonly #whole: readonly [GuardedShard];
  #mode: StoreMode = 'exact';

  constructor(options: GuardedShardsOptions) {
    this.#options = options;
    this.#whole = [this.#add(WHOLE)];
  }

  get status(): Pick<EngineStatus, 'mode' | 'cause' | 'breaker' | 'openShards'> {
    const troubled = [...this.#byName].filter(([, { isClosed }]) => !isClosed);
    const states = troubled.map(([, { state }]) => state);
    return {
      mode: this.#mode,
      cause: troubled[0]?.[1].cause ?? null,
      breaker: states.includes('open') ? 'open' : (states[0] ?? 'closed'),
      openShards: troubled.map(([name]) => name).filter((name) => name !== WHOLE.name),
    };
  }

  /** No shard answers, as far as is known. */
  get isCutOff(): boolean {
    return [...this.#byName.values()].every(({ isClosed }) => !isClosed);
  }

  values(): Iterable<GuardedShard> {
    return this.#byName.values();
  }

  /** Whether calls go to it: where the store has shards, none go to the whole. */
  isCalled(shard: GuardedShard): boolean {
    return shard !== this.#whole[0] || this.#byName.size === 1;
  }

  of(counters: readonly CounterRef[]): SomeShards {
    const [first, ...others] = this.#options.refsOf(counters);
    if (first === undefined) return this.#whole;
    return [this.#open(first), ...others.map((ref) => this.#open(ref))];
  }

  forgetUnused(now: number): void {
    for (const [name, shard] of this.#byName) {
      const isUnused = shard !== this.#whole[0] && now - shard.lastAskedAt >= FORGET_SHARD_MS;
      if (isUnused && shard.isClosed) this.#byName.delete(name);
    }
  }

  /** Ends the probing. */
  leave(): void {
    for (const shard of this.#byName.values()) shard.leave();
  }

  #open(ref: ShardRef): GuardedShard {
    const shard = this.#byName.get(ref.name) ?? this.#add(ref);
    shard.lastAskedAt = performance.now();
    if (shard.isClosed) shard.group = ref.group;
    return shard;
  }

  #add({ name, group }: ShardRef): GuardedShard {
    if (this.#byName.size >= MAX_SHARDS) return this.#whole[0];
    const shard = new GuardedShard(group, {
      probe: this.#options.probe,
      changed: (changed) => {
        this.#changeMode();
        if (!changed.isClosed) this.#options.opened(changed);
      },
    });
    this.#byName.set(name, shard);
    return shard;
  }

  #changeMode(): void {
    const troubled = [...this.#byName.values()].find(({ isClosed }) => !isClosed);
    const mode = troubled ? 'degraded' : 'exact';
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#options.onMode(mode, troubled?.cause ?? null);
  }
}
