import {
  type CountedBefore,
  type Counts,
  type EndHoldRequest,
  type EndHoldResult,
  type GiveBackRequest,
  type GiveBackResult,
  REMEMBER_MS,
  settledCounters,
  type SettleRequest,
  type SettleResult,
  type SetUsageRequest,
  type SetUsageResult,
  startByOf,
  type StoredReservation,
  StoreError,
  takesNothing,
  type TakeRequest,
  type TakenFromPack,
  type TakeResult,
} from '@sundial/engine/ports';
import {
  drawsOnOthers,
  packsOfGroups,
  endOnShards,
  giveBackOnShards,
  refundOnShards,
  setOnShards,
  withPacksOf,
} from './cross-shard-holds.js';
import { settleOnShards, takenAsFirst } from './cross-shard-settlements.js';
import type { ShardHoldTerms } from './redis-hold-batch.js';
import type { ShardExtension, UndoneExtension } from './redis-ending-batch.js';
import type { ShardRefund, ShardRefundResult, ShardReturn } from './redis-reversal-batch.js';
import { inOrderOf, splitByShard, type Shard } from './shards.js';

/** What one shard does with counters that all live on it. */
export interface ShardCalls {
  take(request: TakeRequest): Promise<TakeResult>;
  settle(request: SettleRequest, rememberUntil: number): Promise<SettleResult>;
  endHold(request: EndHoldRequest): Promise<EndHoldResult>;
  extendHold(request: EndHoldRequest): Promise<ShardExtension>;
  undoExtension(request: UndoneExtension): Promise<void>;
  refund(request: ShardRefund): Promise<ShardRefundResult>;
  giveBack(request: ShardReturn): Promise<GiveBackResult>;
  setUsage(request: SetUsageRequest): Promise<SetUsageResult>;
  /** Store clock. */
  now(): number;
}

/** What a store does with counters that may live on several shards. */
export type StoreCalls = Omit<ShardCalls, 'extendHold' | 'undoExtension'>;

/**
 * Checks and settlements of a Cluster, whose counters may live on several shards: those are taken shard by shard, and
 * what was taken is given back when a later shard refuses or fails.
 */
export class CrossShardCalls implements StoreCalls {
  constructor(private readonly calls: ShardCalls) {}

  now(): number {
    return this.calls.now();
  }

  /**
   * All or nothing over several shards: never above a limit, at worst strict for the time of a round trip. A shard
   * that knows the operation is no reason to stop: another attempt may be on its way through the shards, or may
   * have died there, and then this one takes what is missing.
   */
  async take(asked: TakeRequest): Promise<TakeResult> {
    const shards = splitByShard(asked.counters);
    if (shards.length === 1) return this.calls.take(asked);
    let request = this.#atOneInstant(asked);
    const counted: CountedShard[] = [];
    try {
      for (const shard of shards) {
        const its = { ...request, counters: shard.counters };
        const taken = await this.calls.take(its);
        const result = counted.length === 0 ? taken : await takenAsFirst(this.calls, its, taken);
        if (result.outcome === 'taken' && drawsOnOthers(result, counted)) {
          await this.#giveBack(request, [...counted, result]);
          return await this.#refusalOfAll(request, shards);
        }
        if (result.outcome !== 'taken' && result.outcome !== 'replayed') {
          await this.#giveBack(request, counted);
          if (result.outcome !== 'refused' && result.outcome !== 'too-many-holds') return result;
          return await this.#refusal(request, shard, { shards, ...result });
        }
        counted.push(result);
        request = asHeld(request, result.reservation);
      }
    } catch (error) {
      // Whatever happened to the call that failed, the shards before it have counted.
      throw counted.length === 0 ? error : new StoreError((error as Error).message, 'unknown');
    }
    const counts = inOrderOf(
      request.counters,
      counted.flatMap((each) => each.counts),
    );
    const before = counted.flatMap((each) => each.counted ?? []);
    const reservation = reservationOf(counted);
    const held = reservation === undefined ? undefined : { reservation };
    const taken = counted.flatMap((each) => each.packs ?? []);
    const packs = taken.length > 0 && { packs: taken, packsOfGroups: packsOfGroups(counted.map(drawingOf)) };
    if (before.length < counted.length) return { outcome: 'taken', counts, ...held, ...packs };
    const at = Math.max(...before.map((each) => each.at));
    const until = Math.min(...before.map((each) => each.until));
    return { outcome: 'replayed', counts, counted: { at, until }, ...held, ...packs };
  }

  settle(request: SettleRequest, rememberUntil: number): Promise<SettleResult> {
    return settleOnShards(this.calls, request, rememberUntil);
  }

  endHold(request: EndHoldRequest): Promise<EndHoldResult> {
    return endOnShards(this.calls, request);
  }

  refund(request: ShardRefund): Promise<ShardRefundResult> {
    return refundOnShards(this.calls, request);
  }

  giveBack(request: GiveBackRequest): Promise<GiveBackResult> {
    return giveBackOnShards(this.calls, request);
  }

  setUsage(request: SetUsageRequest): Promise<SetUsageResult> {
    return setOnShards(this.calls, request);
  }

  /** A reservation is known by when it was taken: on every shard it is the same. */
  #atOneInstant(request: TakeRequest): TakeRequest {
    if (request.hold === undefined) return request;
    const hold: ShardHoldTerms = { ...request.hold, takenAt: Math.floor(this.calls.now()) };
    return { ...request, hold };
  }

  /** After the deadline the caller's node has decided without the store: only its settlement knows what to make of it. */
  async #giveBack(request: TakeRequest, counted: readonly CountedShard[]): Promise<void> {
    if ((takesNothing(request) && !request.hold) || counted.length === 0) return;
    const decidedAt = this.calls.now();
    if (isLate(request, decidedAt)) throw new StoreError('Taken in part, and late', 'unknown');
    const { operation, amount, amounts } = request;
    const voids = counted.map(({ counts, reservation }) => {
      const counters = settledCounters(counts);
      const hold = reservation && { ...reservation, takenAt: reservation.at, isDegraded: false };
      return this.calls.settle(
        { intent: 'void', operation, counters, amount, amounts, decidedAt, ...(hold && { hold }) },
        decidedAt + REMEMBER_MS,
      );
    });
    await Promise.all(voids);
  }

  async #refusalOfAll({ counters }: TakeRequest, shards: readonly Shard[]): Promise<TakeResult> {
    const looks = await Promise.all(shards.map((shard) => this.calls.take({ ...LOOK, ...shard })));
    const counts: Counts[number][] = [];
    for (const look of looks) {
      if (!('counts' in look)) return look;
      counts.push(...look.counts);
    }
    return { outcome: 'refused', counts: inOrderOf(counters, counts) };
  }

  /** What one shard refused, with the limits of the others as they are now. */
  async #refusal(
    { counters }: TakeRequest,
    refusing: Shard,
    { shards, outcome, counts: refused }: Refused & { readonly shards: readonly Shard[] },
  ): Promise<TakeResult> {
    const others = shards.filter((shard) => shard !== refusing);
    const looks = await Promise.all(others.map((shard) => this.calls.take({ ...LOOK, ...shard })));
    const counts = [...refused];
    for (const look of looks) {
      if (!('counts' in look)) return look;
      counts.push(...look.counts);
    }
    return { outcome, counts: inOrderOf(counters, counts) };
  }
}

/** The first shard's, with what packs give on any of them. */
function reservationOf(counted: readonly CountedShard[]): StoredReservation | undefined {
  const reservation = counted[0]?.reservation;
  return reservation && withPacksOf(reservation, counted.map(drawingOf));
}

/** A shard, with what its packs gave. */
function drawingOf({ counts, packs, reservation }: CountedShard) {
  return { counters: counts.map(({ counter }) => counter), packs: packs ?? reservation?.packs };
}

/** A shard that answered this attempt that the operation is counted, now or `counted` before, and in which windows. */
interface CountedShard {
  readonly counts: Counts;
  readonly counted?: CountedBefore;
  readonly packs?: readonly TakenFromPack[];
  readonly reservation?: StoredReservation;
}

/** A shard that has no room, or no room for another hold. */
interface Refused {
  readonly outcome: 'refused' | 'too-many-holds';
  readonly counts: Counts;
}

/** What another attempt has begun is one reservation: the other shards hold it from when the first one did. */
function asHeld(request: TakeRequest, reservation: StoredReservation | undefined): TakeRequest {
  if (request.hold === undefined || reservation === undefined) return request;
  const { at: takenAt, expiresAt } = reservation;
  const hold: ShardHoldTerms = { ...request.hold, takenAt, ttlMs: expiresAt - takenAt };
  return { ...request, hold };
}

/** A take that only looks. */
export const LOOK = {
  amount: 0,
  operation: { id: '-', content: '0', attempt: '-' },
  deadlineAt: Number.MAX_SAFE_INTEGER,
};

/** Whether the caller of a take that was sent has stopped waiting. */
function isLate(request: TakeRequest, now: number): boolean {
  const startBy = startByOf(request);
  return startBy === undefined || now > startBy;
}
