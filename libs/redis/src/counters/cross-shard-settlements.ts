import {
  REMEMBER_MS,
  settledCounters,
  type SettledHold,
  type SettledLimit,
  type SettleRequest,
  type SettleResult,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';
import type { ShardCalls } from './cross-shard-calls.js';
import { AT_ANY_TIME } from './cross-shard-holds.js';
import type { ShardHoldTerms } from './redis-hold-batch.js';
import type { ShardSettledHold } from './redis-settle-batch.js';
import { splitByShard, type Shard } from './shards.js';

type Calls = Pick<ShardCalls, 'take' | 'settle' | 'endHold' | 'now'>;
type HoldSettlement = SettleRequest & { readonly hold: SettledHold };

/** Settles on all shards: those of a reservation agree on when it was taken, by which its endings find it. */
export async function settleOnShards(
  calls: Calls,
  request: SettleRequest,
  rememberUntil: number,
): Promise<SettleResult> {
  const shards = splitByShard(request.counters);
  if (shards.length === 1) return calls.settle(request, rememberUntil);
  const { hold, intent } = request;
  const results = await (hold === undefined || intent === 'void'
    ? settleAll(calls, request, shards, rememberUntil)
    : settleHold(calls, { ...request, hold }, shards, rememberUntil));
  // What any of them has changed says more than what another one had done before.
  const { outcome } = results.reduce((one, other) => (isChange(other) && !isChange(one) ? other : one));
  const forced = results.flatMap((result) => result.forced ?? []);
  return forced.length > 0 ? { outcome, forced } : { outcome };
}

/**
 * What a later shard has answered to a reserve. What it holds by an attempt that the first shard does not know (that one was voided there,
 * and not here yet) becomes the reservation of this attempt: taken when the first shard says, and held until the later expiry.
 */
export async function takenAsFirst(
  calls: Calls,
  request: TakeRequest,
  taken: TakeResult,
): Promise<TakeResult> {
  const terms: ShardHoldTerms | undefined = request.hold;
  if (terms?.takenAt === undefined || taken.outcome !== 'replayed') return taken;
  const { reservation, counts } = taken;
  const { takenAt, ttlMs, onExpiry } = terms;
  if (reservation?.state !== 'held' || reservation.at === takenAt) return taken;
  const { operation, amount, amounts } = request;
  const expiresAt = Math.max(reservation.expiresAt, takenAt + ttlMs);
  const hold: ShardSettledHold = { takenAt, expiresAt, onExpiry, isDegraded: true, isFollowing: true };
  const decidedAt = Math.floor(calls.now());
  const settled = { operation, amount, amounts, counters: settledCounters(counts), hold, decidedAt };
  const { outcome } = await calls.settle({ intent: 'hold', ...settled }, decidedAt + REMEMBER_MS);
  // It was released meanwhile.
  if (outcome !== 'already-counted') return calls.take(request);
  return { ...taken, reservation: { ...reservation, at: takenAt, expiresAt } };
}

function settleAll(
  calls: Calls,
  request: SettleRequest,
  shards: readonly Shard<SettledLimit>[],
  rememberUntil: number,
): Promise<SettleResult[]> {
  return Promise.all(shards.map((shard) => calls.settle({ ...request, ...shard }, rememberUntil)));
}

/** What another attempt has begun is one reservation, which was taken when the first shard says: so it was on the others. */
async function settleHold(
  calls: Calls,
  request: HoldSettlement,
  [first, ...others]: readonly Shard<SettledLimit>[],
  rememberUntil: number,
): Promise<SettleResult[]> {
  const decided = await calls.settle({ ...request, ...first }, rememberUntil);
  const takenAt = await takenAtFirst(calls, request, first!, decided);
  const hold: ShardSettledHold =
    takenAt === undefined ? request.hold : { ...request.hold, takenAt, isFollowing: true };
  return [decided, ...(await settleAll(calls, { ...request, hold }, others, rememberUntil))];
}

/**
 * When the first shard says that what is settled was taken; nothing where it has another reservation under the id, or none. It is
 * asked, unless it has just placed the hold: what it knew before may be of another attempt, which was answered another instant.
 */
async function takenAtFirst(
  calls: Calls,
  { intent, operation, hold: { takenAt, isDegraded } }: HoldSettlement,
  first: Shard,
  { outcome }: SettleResult,
): Promise<number | undefined> {
  if (intent === 'hold' && (outcome === 'counted' || outcome === 'late')) return takenAt;
  const look = await calls.endHold({ operation, ...first, ending: { kind: 'look' }, ...AT_ANY_TIME });
  const at = 'reservation' in look ? look.reservation.at : undefined;
  const isAnother = !isDegraded && (outcome === 'voided' || outcome === 'conflict') && at !== takenAt;
  return isAnother ? undefined : at;
}

function isChange({ outcome }: SettleResult): boolean {
  return outcome === 'counted' || outcome === 'reversed';
}
