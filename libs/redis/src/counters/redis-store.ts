import type { FindingListener, Store, StoreFinding } from '@sundial/engine';
import {
  type CounterRef,
  type Dispatch,
  type EndHoldRequest,
  type EndHoldResult,
  type GiveBackRequest,
  type GiveBackResult,
  type OperationRefund,
  type OperationRefundResult,
  type WatermarkKeeper,
  type ReadRequest,
  type ReadResult,
  REMEMBER_SETTLED_MS,
  type SettleRequest,
  type LiveHold,
  type ScannedKeys,
  type ScanRequest,
  type SettleResult,
  type SetUsageRequest,
  type SetUsageResult,
  type ShardRef,
  type SharedSecret,
  StoreError,
  type DataLoss,
  type TakeRequest,
  type TakeResult,
  type LimitSpec,
} from '@sundial/engine/ports';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { CrossShardCalls, LOOK, type StoreCalls } from './cross-shard-calls.js';
import { connectRedis, type RedisClient, type RedisTarget } from '../connection/redis-connection.js';
import { liveHoldsOf, scanCounters } from './redis-counter-scan.js';
import { RedisDataLossDetector } from './redis-data-loss-detector.js';
import { RedisDiagnostics } from '../diagnostics/redis-diagnostics.js';
import { RedisOverrides } from './redis-overrides.js';
import { RedisPacks } from './redis-packs.js';
import { RedisSecret } from './redis-secret.js';
import { RedisShardCalls } from './redis-shard-calls.js';
import { probeCapabilities } from '../diagnostics/capability-probe.js';
import { StoreClock } from './store-clock.js';

export interface RedisStoreOptions {
  /** Milliseconds added to Redis' clock; only tests set it. */
  readonly clockOffsetMs?: number;
  /** Where the secret of Redis' nodes is kept, for a start while Redis is away. Absent: in memory only. */
  readonly directory?: string;
}

/**
 * Counters on Redis, shared by any number of nodes. A check is one round trip; checks that are asked in the same
 * turn of the event loop travel as one script call, and so do settlements. On a Cluster, a check whose counters live on several shards
 * is taken shard by shard, and what was taken is given back when a later one refuses.
 */
export class RedisStore implements Store {
  readonly kind = 'redis';
  readonly secret: SharedSecret;
  readonly overrides: RedisOverrides;
  readonly packs: RedisPacks;
  readonly #client: RedisClient;
  readonly #clock: StoreClock;
  readonly #offsetMs: number;
  readonly #diagnostics: RedisDiagnostics;
  readonly #dataLossDetector: RedisDataLossDetector;
  readonly #secret: RedisSecret;
  readonly #shard: RedisShardCalls;
  readonly #calls: StoreCalls;
  #refused = false;

  constructor(target: RedisTarget, options: RedisStoreOptions = {}) {
    this.#offsetMs = options.clockOffsetMs ?? 0;
    this.#clock = new StoreClock(this.#offsetMs);
    this.#client = connectRedis(target, `sundial-${randomBytes(3).toString('hex')}`);
    this.#shard = new RedisShardCalls(this.#client, this.#clock, this.#offsetMs);
    this.#calls = this.#client instanceof Cluster ? new CrossShardCalls(this.#shard) : this.#shard;
    this.overrides = new RedisOverrides(this.#client, this.#offsetMs);
    this.packs = new RedisPacks(this.#client, this.#offsetMs);
    this.#diagnostics = new RedisDiagnostics(this.#client);
    this.#secret = new RedisSecret(this.#client, options.directory, (finding) =>
      this.#diagnostics.secretIs(finding),
    );
    this.secret = this.#secret.secret;
    this.#client.on('ready', () => {
      void this.#readClock();
      this.#secret.sync();
    });
    this.#dataLossDetector = new RedisDataLossDetector(this.#client, () => this.now());
  }

  now(): number {
    return this.#clock.now();
  }

  /** Replies hold the same limit objects as the request. */
  take<L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> {
    return this.#calls.take(request) as Promise<TakeResult<L>>;
  }

  async read<L extends LimitSpec>(
    { counters }: ReadRequest<L>,
    deadlineAt: Dispatch | number = LOOK.deadlineAt,
  ): Promise<ReadResult<L>> {
    const result = await this.take({ ...LOOK, counters, deadlineAt });
    return 'counts' in result ? { outcome: 'read', counts: result.counts } : (result as ReadResult<L>);
  }

  settle(request: SettleRequest): Promise<SettleResult> {
    const { decidedAt, rememberMs = REMEMBER_SETTLED_MS } = request;
    return this.#calls.settle(request, decidedAt + rememberMs);
  }

  endHold<L extends LimitSpec>(request: EndHoldRequest<L>): Promise<EndHoldResult<L>> {
    return this.#calls.endHold(request) as Promise<EndHoldResult<L>>;
  }

  refund(request: OperationRefund): Promise<OperationRefundResult> {
    return this.#calls.refund(request) as Promise<OperationRefundResult>;
  }

  giveBack<L extends LimitSpec>(request: GiveBackRequest<L>): Promise<GiveBackResult<L>> {
    return this.#calls.giveBack(request) as Promise<GiveBackResult<L>>;
  }

  setUsage<L extends LimitSpec>(request: SetUsageRequest<L>): Promise<SetUsageResult<L>> {
    return this.#calls.setUsage(request) as Promise<SetUsageResult<L>>;
  }

  scan(request: ScanRequest): Promise<ScannedKeys | undefined> {
    return scanCounters(this.#client, request);
  }

  liveHolds(key: string): Promise<readonly LiveHold[]> {
    return liveHoldsOf(this.#client, key, this.now());
  }

  /**
   * Runs every command of checks and rules, since a Redis that reads may refuse writes, and users have different
   * rights.
   */
  async probe(shardGroup = 'probe'): Promise<void> {
    const { failed } = await probeCapabilities(this.#client, shardGroup).catch((error: unknown) => {
      this.#findMasters();
      throw error;
    });
    const [refusal] = failed;
    if (this.#refused || refusal) this.#diagnostics.diagnose();
    this.#refused = refusal !== undefined;
    if (!refusal) return;
    this.#findMasters();
    throw new StoreError(refusal.error, 'not-executed');
  }

  shardsOf(counters: readonly CounterRef[]): readonly ShardRef[] {
    if (!(this.#client instanceof Cluster)) return NO_SHARDS;
    const shards = new Map<string, ShardRef>();
    for (const { shardGroup: group } of counters) {
      const name = this.#shard.masterOf(group);
      shards.set(name, { name, group });
    }
    return [...shards.values()];
  }

  get findings(): readonly StoreFinding[] {
    return this.#diagnostics.findings;
  }

  onFinding(listener: FindingListener): void {
    this.#diagnostics.listen(listener);
  }

  onDataLoss(listener: (loss: DataLoss) => void, keeper?: WatermarkKeeper): void {
    const lost = (loss: DataLoss) => {
      this.#secret.sync();
      listener(loss);
    };
    this.#dataLossDetector.listen(lost, keeper);
  }

  /**
   * What is wrong with the servers, as soon as all are known and the secret of their nodes is, or as much as is known after
   * a while.
   */
  async examined(withinMs: number): Promise<readonly StoreFinding[]> {
    const known = Promise.all([this.#diagnostics.firstFindings, this.#secret.agreed]);
    await Promise.race([known, sleep(withinMs, undefined, { ref: false })]);
    return this.findings;
  }

  async close(): Promise<void> {
    this.#diagnostics.close();
    this.#secret.close();
    await this.#dataLossDetector.close();
    this.#client.disconnect();
  }

  /** A master that is cut off from its Cluster goes on answering, and never says that another one has its place. */
  #findMasters(): void {
    if (this.#client instanceof Cluster) this.#client.refreshSlotsCache();
  }

  /** The clock is known before the first check of a connection, so that its deadline is right. */
  async #readClock(): Promise<void> {
    const sentAt = performance.now();
    const reply = await this.#client.call('TIME').catch(() => undefined);
    if (!Array.isArray(reply)) return;
    const storeNow = Number(reply[0]) * 1_000 + Math.floor(Number(reply[1]) / 1_000) + this.#offsetMs;
    this.#clock.observe({ sentAt, receivedAt: performance.now(), storeNow });
  }
}

const NO_SHARDS: readonly ShardRef[] = [];
