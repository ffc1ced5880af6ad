import type { ConditionListener, Store, StoreCondition } from '@sundial/engine';
import {
  type CountedBefore,
  type CounterRef,
  type Counts,
  type Dispatch,
  type MarkKeeper,
  type ReadRequest,
  type ReadResult,
  REMEMBER_MS,
  REMEMBER_SETTLED_MS,
  type SettleRequest,
  type SettleResult,
  type ShardRef,
  type SharedSecret,
  startByOf,
  StoreError,
  type StoreLoss,
  type TakeRequest,
  type TakeResult,
  type LimitCeiling,
} from '@sundial/engine/ports';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { operationPlace, type OperationPlace } from './operation-place.js';
import { connectRedis, type RedisClient, type RedisTarget } from '../connection/redis-connection.js';
import { RedisLossWatch } from './redis-loss-watch.js';
import { RedisExaminer } from '../diagnostics/redis-examiner.js';
import { RedisSecret } from './redis-secret.js';
import { slotOfTag } from '../connection/redis-slots.js';
import { RedisSettleQueue } from './redis-settle-queue.js';
import { RedisTakeQueue } from './redis-take-queue.js';
import { tryOut } from '../diagnostics/redis-trial.js';
import { splitByShard, joinCounts, type Shard } from './shards.js';
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
  readonly #client: RedisClient;
  readonly #isCluster: boolean;
  readonly #clock: StoreClock;
  readonly #offsetMs: number;
  readonly #examiner: RedisExaminer;
  readonly #lossWatch: RedisLossWatch;
  readonly #secret: RedisSecret;
  readonly #takes: RedisTakeQueue;
  readonly #settlements: RedisSettleQueue;
  #refused = false;

  constructor(target: RedisTarget, options: RedisStoreOptions = {}) {
    this.#offsetMs = options.clockOffsetMs ?? 0;
    this.#clock = new StoreClock(this.#offsetMs);
    this.#client = connectRedis(target, `sundial-${randomBytes(3).toString('hex')}`);
    this.#isCluster = this.#client instanceof Cluster;
    this.#takes = new RedisTakeQueue(this.#client, this.#clock, this.#offsetMs);
    this.#settlements = new RedisSettleQueue(this.#client, this.#offsetMs);
    this.#examiner = new RedisExaminer(this.#client);
    this.#secret = new RedisSecret(this.#client, options.directory, (condition) =>
      this.#examiner.secretIs(condition),
    );
    this.secret = this.#secret.secret;
    this.#client.on('ready', () => {
      void this.#readClock();
      this.#secret.sync();
    });
    this.#lossWatch = new RedisLossWatch(this.#client, () => this.now());
  }

  now(): number {
    return this.#clock.now();
  }

  /** Replies hand out the very limits of the request. */
  take<L extends LimitCeiling>(request: TakeRequest<L>): Promise<TakeResult<L>> {
    return this.#take(request) as Promise<TakeResult<L>>;
  }

  async read<L extends LimitCeiling>(
    { counters }: ReadRequest<L>,
    deadlineAt: Dispatch = NO_DEADLINE,
  ): Promise<ReadResult<L>> {
    const result = await this.take({ counters, amount: 0, operation: NO_OPERATION, deadlineAt });
    return 'counts' in result ? { outcome: 'read', counts: result.counts } : (result as ReadResult<L>);
  }

  settle(request: SettleRequest): Promise<SettleResult> {
    const shards = this.#isCluster ? splitByShard(request.counters) : undefined;
    const rememberUntil = request.decidedAt + REMEMBER_SETTLED_MS;
    if (shards === undefined || shards.length === 1) return this.#settleShard(request, rememberUntil);
    return this.#settleShards(request, shards, rememberUntil);
  }

  /** By doing what checks and rules do, since a Redis that reads may not write, and one user may not what another may. */
  async probe(shardGroup = 'probe'): Promise<void> {
    const { failed } = await tryOut(this.#client, shardGroup).catch((error: unknown) => {
      this.#findMasters();
      throw error;
    });
    const [refusal] = failed;
    if (this.#refused || refusal) this.#examiner.examine();
    this.#refused = refusal !== undefined;
    if (!refusal) return;
    this.#findMasters();
    throw new StoreError(refusal.error, 'none');
  }

  shardsOf(counters: readonly CounterRef[]): readonly ShardRef[] {
    if (!(this.#client instanceof Cluster)) return NO_SHARDS;
    const shards = new Map<string, ShardRef>();
    for (const { shardGroup: group } of counters) {
      const name = this.#masterOf(group);
      shards.set(name, { name, group });
    }
    return [...shards.values()];
  }

  get conditions(): readonly StoreCondition[] {
    return this.#examiner.conditions;
  }

  onCondition(listener: ConditionListener): void {
    this.#examiner.listen(listener);
  }

  onLoss(listener: (loss: StoreLoss) => void, keeper?: MarkKeeper): void {
    const lost = (loss: StoreLoss) => {
      this.#secret.sync();
      listener(loss);
    };
    this.#lossWatch.listen(lost, keeper);
  }

  /**
   * What is wrong with the servers, as soon as all are known and the secret of their nodes is, or as much as is known after
   * a while.
   */
  async examined(withinMs: number): Promise<readonly StoreCondition[]> {
    const known = Promise.all([this.#examiner.firstFindings, this.#secret.agreed]);
    await Promise.race([known, sleep(withinMs, undefined, { ref: false })]);
    return this.conditions;
  }

  async close(): Promise<void> {
    this.#examiner.close();
    this.#secret.close();
    await this.#lossWatch.close();
    this.#client.disconnect();
  }

  #take(request: TakeRequest): Promise<TakeResult> {
    const shards = this.#isCluster ? splitByShard(request.counters) : undefined;
    if (shards === undefined || shards.length === 1) return this.#enqueue(request);
    return this.#takeShardByShard(request, shards);
  }

  /** `host:port` of a Cluster's master, or nothing where it is not known or there are no shards. */
  #masterOf(shardGroup: string): string {
    if (!(this.#client instanceof Cluster)) return '';
    return this.#client.slots[slotOfTag(shardGroup)]?.[0] ?? '';
  }

  /** A master that is cut off from its Cluster goes on answering, and never says that another one has its place. */
  #findMasters(): void {
    if (this.#client instanceof Cluster) this.#client.refreshSlotsCache();
  }

  /**
   * All or nothing over several shards: never above a limit, at worst strict for the time of a round trip. A shard
   * that knows the operation is no reason to stop: another attempt may be on its way through the shards, or may
   * have died there, and then this one takes what is missing.
   */
  async #takeShardByShard(request: TakeRequest, shards: readonly Shard[]): Promise<TakeResult> {
    const counted: CountedShard[] = [];
    try {
      for (const shard of shards) {
        const result = await this.#enqueue({ ...request, counters: shard.counters });
        if (result.outcome !== 'taken' && result.outcome !== 'replayed') {
          await this.#giveBack(request, counted);
          return result.outcome === 'refused' ? await this.#refusal(shards, shard, result.counts) : result;
        }
        counted.push({ ...result, shard });
      }
    } catch (error) {
      // Whatever became of the call that failed, the shards before it have counted.
      throw counted.length === 0 ? error : new StoreError((error as Error).message, 'unknown');
    }
    const counts = joinCounts(
      shards,
      counted.map((each) => each.counts),
    );
    const before = counted.flatMap((each) => each.counted ?? []);
    if (before.length < counted.length) return { outcome: 'taken', counts };
    const at = Math.max(...before.map((each) => each.at));
    const until = Math.min(...before.map((each) => each.until));
    return { outcome: 'replayed', counts, counted: { at, until } };
  }

  /** After the deadline whoever asked has decided by himself: only his settlement knows what to make of it. */
  async #giveBack(request: TakeRequest, counted: readonly CountedShard[]): Promise<void> {
    if (request.amount === 0 || counted.length === 0) return;
    const decidedAt = this.now();
    if (isLate(request, decidedAt)) throw new StoreError('Taken in part, and late', 'unknown');
    const voids = counted.map(({ shard: { counters }, counts }) =>
      this.#settleShard(
        { ...request, counters, picks: counts.map(({ pick }) => pick), intent: 'void', decidedAt },
        decidedAt + REMEMBER_MS,
      ),
    );
    await Promise.all(voids);
  }

  /** What one shard refused, with the limits of the others as they are now. */
  async #refusal(shards: readonly Shard[], refusing: Shard, refused: Counts): Promise<TakeResult> {
    const looks = await Promise.all(
      shards.map((shard): Promise<ReadResult> | ReadResult =>
        shard === refusing ? { outcome: 'read', counts: refused } : this.read({ counters: shard.counters }),
      ),
    );
    const counts: Counts[] = [];
    for (const look of looks) {
      if (look.outcome !== 'read') return look;
      counts.push(look.counts);
    }
    return { outcome: 'refused', counts: joinCounts(shards, counts) };
  }

  async #settleShards(
    request: SettleRequest,
    shards: readonly Shard[],
    rememberUntil: number,
  ): Promise<SettleResult> {
    const results = await Promise.all(
      shards.map(async (shard) => {
        const part = { ...request, counters: shard.counters, picks: shard.ofLimits(request.picks) };
        const { outcome, forced = [] } = await this.#settleShard(part, rememberUntil);
        return { outcome, forced: forced.map((each) => ({ ...each, limit: shard.positions[each.limit]! })) };
      }),
    );
    const isChange = ({ outcome }: SettleResult) => outcome === 'counted' || outcome === 'reversed';
    const { outcome } = results.find(isChange) ?? results[0]!;
    const forced = results.flatMap((result) => result.forced);
    return forced.length > 0 ? { outcome, forced } : { outcome };
  }

  #settleShard(request: SettleRequest, rememberUntil: number): Promise<SettleResult> {
    const group = this.#isCluster ? request.counters[0]!.shardGroup : '';
    return this.#settlements.ask({ request, place: this.#placeOf(request), group, rememberUntil });
  }

  #enqueue(request: TakeRequest): Promise<TakeResult> {
    const { shardGroup } = request.counters[0]!;
    return this.#takes.ask({
      request,
      place: this.#placeOf(request),
      shard: this.#masterOf(shardGroup),
      group: this.#isCluster ? shardGroup : '',
    });
  }

  #placeOf({ operation, counters }: TakeRequest | SettleRequest): OperationPlace {
    return operationPlace(operation.id, this.#isCluster ? counters[0]!.shardGroup : undefined);
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

/** A shard that told this attempt that the operation is counted, now or `counted` before, and in which windows. */
interface CountedShard {
  readonly shard: Shard;
  readonly counts: Counts;
  readonly counted?: CountedBefore;
}

const NO_SHARDS: readonly ShardRef[] = [];
const NO_DEADLINE: Dispatch = () => Number.MAX_SAFE_INTEGER;
const NO_OPERATION = { id: '-', content: '0', attempt: '-' };

/** Whether the caller of a take that was sent has stopped waiting. */
function isLate(request: TakeRequest, now: number): boolean {
  const startBy = startByOf(request);
  return startBy === undefined || now > startBy;
}
