import {
  type CountedBefore,
  type Counts,
  REMEMBER_MS,
  settledCounters,
  type SettleRequest,
  type SettleResult,
  startByOf,
  StoreError,
  takesNothing,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';
import { inOrderOf, splitByShard, type Shard } from './shards.js';

/** What one shard does with counters that all live on it. */
export interface ShardCalls {
  take(request: TakeRequest): Promise<TakeResult>;
  settle(request: SettleRequest, rememberUntil: number): Promise<SettleResult>;
  /** Store clock. */
  now(): number;
}

/**
 * Checks and settlements of a Cluster, whose counters may live on several shards: those are taken shard by shard, and
 * what was taken is given back when a later shard refuses or fails.
 */
export class CrossShardCalls {
  constructor(private readonly calls: ShardCalls) {}

  /**
   * All or nothing over several shards: never above a limit, at worst strict for the time of a round trip. A shard
   * that knows the operation is no reason to stop: another attempt may be on its way through the shards, or may
   * have died there, and then this one takes what is missing.
   */
  async take(request: TakeRequest): Promise<TakeResult> {
    const shards = splitByShard(request.counters);
    if (shards.length === 1) return this.calls.take(request);
    const counted: CountedShard[] = [];
    try {
      for (const shard of shards) {
        const result = await this.calls.take({ ...request, counters: shard.counters });
        if (result.outcome !== 'taken' && result.outcome !== 'replayed') {
          await this.#giveBack(request, counted);
          if (result.outcome !== 'refused') return result;
          return await this.#refusal(request, shard, { shards, counts: result.counts });
        }
        counted.push(result);
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
    if (before.length < counted.length) return { outcome: 'taken', counts };
    const at = Math.max(...before.map((each) => each.at));
    const until = Math.min(...before.map((each) => each.until));
    return { outcome: 'replayed', counts, counted: { at, until } };
  }

  async settle(request: SettleRequest, rememberUntil: number): Promise<SettleResult> {
    const shards = splitByShard(request.counters);
    if (shards.length === 1) return this.calls.settle(request, rememberUntil);
    const results = await Promise.all(
      shards.map(({ counters }) => this.calls.settle({ ...request, counters }, rememberUntil)),
    );
    // What any of them has changed says more than what another one had done before.
    const { outcome } = results.reduce((one, other) => (isChange(other) && !isChange(one) ? other : one));
    const forced = results.flatMap((result) => result.forced ?? []);
    return forced.length > 0 ? { outcome, forced } : { outcome };
  }

  /** After the deadline the caller's node has decided without the store: only its settlement knows what to make of it. */
  async #giveBack(request: TakeRequest, counted: readonly CountedShard[]): Promise<void> {
    if (takesNothing(request) || counted.length === 0) return;
    const decidedAt = this.calls.now();
    if (isLate(request, decidedAt)) throw new StoreError('Taken in part, and late', 'unknown');
    const { operation, amount, amounts } = request;
    const voids = counted.map(({ counts }) =>
      this.calls.settle(
        { intent: 'void', operation, counters: settledCounters(counts), amount, amounts, decidedAt },
        decidedAt + REMEMBER_MS,
      ),
    );
    await Promise.all(voids);
  }

  /** What one shard refused, with the limits of the others as they are now. */
  async #refusal(
    { counters }: TakeRequest,
    refusing: Shard,
    { shards, counts: refused }: { readonly shards: readonly Shard[]; readonly counts: Counts },
  ): Promise<TakeResult> {
    const others = shards.filter((shard) => shard !== refusing);
    const looks = await Promise.all(others.map((shard) => this.calls.take({ ...LOOK, ...shard })));
    const counts = [...refused];
    for (const look of looks) {
      if (!('counts' in look)) return look;
      counts.push(...look.counts);
    }
    return { outcome: 'refused', counts: inOrderOf(counters, counts) };
  }
}

/** A shard that answered this attempt that the operation is counted, now or `counted` before, and in which windows. */
interface CountedShard {
  readonly counts: Counts;
  readonly counted?: CountedBefore;
}

/** A take that only looks. */
export const LOOK = {
  amount: 0,
  operation: { id: '-', content: '0', attempt: '-' },
  deadlineAt: Number.MAX_SAFE_INTEGER,
};

function isChange({ outcome }: SettleResult): boolean {
  return outcome === 'counted' || outcome === 'reversed';
}

/** Whether the caller of a take that was sent has stopped waiting. */
function isLate(request: TakeRequest, now: number): boolean {
  const startBy = startByOf(request);
  return startBy === undefined || now > startBy;
}
