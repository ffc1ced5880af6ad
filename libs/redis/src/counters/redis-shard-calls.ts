import type {
  EndHoldRequest,
  EndHoldResult,
  GiveBackResult,
  OperationRefundResult,
  ReadRequest,
  SettleRequest,
  SettleResult,
  SetUsageRequest,
  SetUsageResult,
  TakeRequest,
  TakeResult,
} from '@sundial/engine/ports';
import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/redis-connection.js';
import { slotOfTag } from '../connection/redis-slots.js';
import type { ShardCalls } from './cross-shard-calls.js';
import { operationPlace, type OperationPlace } from './operation-place.js';
import { RedisCallQueue, type QueuedCall, type QueuedRequest } from './redis-call-queue.js';
import {
  ENDINGS,
  EXTENSIONS,
  UNDONE_EXTENSIONS,
  type ShardExtension,
  type UndoneExtension,
} from './redis-ending-batch.js';
import { HOLDS } from './redis-hold-batch.js';
import {
  CORRECTIONS,
  GIVE_BACKS,
  REFUNDS,
  type ShardRefund,
  type ShardRefundResult,
  type ShardReturn,
} from './redis-reversal-batch.js';
import { CHECK_SETTLEMENTS, HOLD_SETTLEMENTS } from './redis-settle-batch.js';
import { RedisSettleQueue } from './redis-settle-queue.js';
import { TAKES } from './redis-take-batch.js';
import type { StoreClock } from './store-clock.js';

/** The scripts of every verb, each for counters that all live on one shard. */
export class RedisShardCalls implements ShardCalls {
  readonly #isCluster: boolean;
  readonly #takes;
  readonly #holds;
  readonly #endings;
  readonly #extensions;
  readonly #undoneExtensions;
  readonly #refunds;
  readonly #giveBacks;
  readonly #corrections;
  readonly #checkSettlements: RedisSettleQueue;
  readonly #holdSettlements: RedisSettleQueue;

  constructor(
    private readonly client: RedisClient,
    private readonly clock: StoreClock,
    offsetMs: number,
  ) {
    this.#isCluster = client instanceof Cluster;
    this.#takes = new RedisCallQueue(TAKES, client, clock, offsetMs);
    this.#holds = new RedisCallQueue(HOLDS, client, clock, offsetMs);
    this.#endings = new RedisCallQueue(ENDINGS, client, clock, offsetMs);
    this.#extensions = new RedisCallQueue(EXTENSIONS, client, clock, offsetMs);
    this.#undoneExtensions = new RedisCallQueue(UNDONE_EXTENSIONS, client, clock, offsetMs);
    this.#refunds = new RedisCallQueue(REFUNDS, client, clock, offsetMs);
    this.#giveBacks = new RedisCallQueue(GIVE_BACKS, client, clock, offsetMs);
    this.#corrections = new RedisCallQueue(CORRECTIONS, client, clock, offsetMs);
    this.#checkSettlements = new RedisSettleQueue(CHECK_SETTLEMENTS, client, offsetMs);
    this.#holdSettlements = new RedisSettleQueue(HOLD_SETTLEMENTS, client, offsetMs);
  }

  now(): number {
    return this.clock.now();
  }

  take(request: TakeRequest): Promise<TakeResult> {
    const takes = request.hold === undefined ? this.#takes : this.#holds;
    return takes.ask(this.#queued(request, request.operation.id));
  }

  async settle(request: SettleRequest, rememberUntil: number): Promise<SettleResult> {
    const { intent, operation, counters, hold } = request;
    if (intent === 'refund') {
      const result = await this.refund({
        operation,
        counters,
        rememberUntil,
        deadlineAt: Number.MAX_SAFE_INTEGER,
      });
      return { outcome: SETTLED_REFUNDS[result.outcome] };
    }
    const group = this.#isCluster ? shardGroupIn(request) : '';
    const place = this.#placeOf(request, operation.id);
    const queue = hold === undefined ? this.#checkSettlements : this.#holdSettlements;
    return queue.ask({ request, place, group, rememberUntil });
  }

  async endHold(request: EndHoldRequest): Promise<EndHoldResult> {
    if (request.ending.kind !== 'extend')
      return this.#endings.ask(this.#queued(request, request.operation.id));
    const { undo: _, ...result } = await this.extendHold(request);
    return result as EndHoldResult;
  }

  extendHold(request: EndHoldRequest): Promise<ShardExtension> {
    return this.#extensions.ask(this.#queued(request, request.operation.id));
  }

  async undoExtension(request: UndoneExtension): Promise<void> {
    await this.#undoneExtensions.ask(this.#queued(request, request.operation.id));
  }

  refund(request: ShardRefund): Promise<ShardRefundResult> {
    return this.#refunds.ask(this.#queued(request, request.operation.id));
  }

  giveBack(request: ShardReturn): Promise<GiveBackResult> {
    return this.#giveBacks.ask(this.#queued(request, request.operation.id));
  }

  setUsage(request: SetUsageRequest): Promise<SetUsageResult> {
    return this.#corrections.ask(this.#queued(request, ''));
  }

  /** `host:port` of a Cluster's master, or nothing where it is not known or there are no shards. */
  masterOf(shardGroup: string): string {
    if (!(this.client instanceof Cluster)) return '';
    return this.client.slots[slotOfTag(shardGroup)]?.[0] ?? '';
  }

  #queued<Request extends QueuedRequest>(request: Request, operationId: string): QueuedCall<Request> {
    const shardGroup = shardGroupIn(request);
    return {
      request,
      place: this.#placeOf(request, operationId),
      shard: this.masterOf(shardGroup),
      group: this.#isCluster ? shardGroup : '',
    };
  }

  #placeOf(request: ReadRequest, operationId: string): OperationPlace {
    return operationPlace(operationId, this.#isCluster ? shardGroupIn(request) : undefined);
  }
}

/** Of a request whose counters all live on one shard. */
function shardGroupIn({ counters: [first] }: ReadRequest): string {
  return first?.shardGroup ?? '';
}

/** What a refund that was decided without the store has made of the counters. */
const SETTLED_REFUNDS: Record<
  (OperationRefundResult | ShardRefundResult)['outcome'],
  SettleResult['outcome']
> = {
  refunded: 'reversed',
  voided: 'voided',
  'not-found': 'voided',
  held: 'conflict',
  'wrong-type': 'wrong-type',
  'window-mismatch': 'late',
  expired: 'late',
};
