import type { ReservationPack } from '@sundial/contract';
import {
  type Counts,
  type EndHoldRequest,
  type EndHoldResult,
  type Ending,
  type HeldWindow,
  type PacksOfGroups,
  REMEMBER_SETTLED_MS,
  type GiveBackRequest,
  type GiveBackResult,
  type SetUsageRequest,
  type SetUsageResult,
  StoreError,
  type StoredReservation,
  type TakenFromPack,
  takenOf,
} from '@sundial/engine/ports';
import { LOOK, type ShardCalls } from './cross-shard-calls.js';
import type { ShardRefund, ShardRefundResult } from './redis-reversal-batch.js';
import { inOrderOf, splitByShard, type Shard } from './shards.js';

type Calls = Omit<ShardCalls, 'settle' | 'now'>;

/**
 * Ends a reservation that is held on several shards, which each have a record of it. The first shard decides between endings
 * that meet; the others follow it. One that was ended on some of them only, because a node died, is ended on the others when
 * its ending is repeated, or when it expires.
 */
export async function endOnShards(calls: Calls, request: EndHoldRequest): Promise<EndHoldResult> {
  const [first, ...others] = splitByShard(request.counters);
  if (first === undefined || others.length === 0) return calls.endHold(request);
  if (request.ending.kind === 'extend') return extendOnShards(calls, request, [...others, first]);
  const decided = await calls.endHold({ ...request, ...first });
  if (decided.outcome !== 'ended' && decided.outcome !== 'found') return decided;
  const ending = inFull(request.ending, decided.reservation);
  const rest = await Promise.all(others.map((shard) => calls.endHold({ ...request, ...shard, ending })));
  const failed = rest.find(({ outcome }) => outcome === 'wrong-type' || outcome === 'window-mismatch');
  if (failed !== undefined) return failed;
  if (decided.outcome === 'ended' && rest.some((its) => isMissing(its, decided.reservation)))
    throw new StoreError('Ended on some of its shards only', 'unknown');
  const { outcome } = decided;
  const ended = [decided, ...rest].map((result, at) => ({
    counters: [first, ...others][at]!.counters,
    packs: 'reservation' in result ? result.reservation.packs : undefined,
  }));
  const reservation = withPacksOf(decided.reservation, ended);
  const windows = [decided, ...rest].flatMap((result): HeldWindow[] =>
    'windows' in result ? [...result.windows] : [],
  );
  return { outcome, reservation, windows };
}

/** The packs of one subject stand in for a meter: where a second shard took from others, there is no room. */
export function drawsOnOthers({ packs }: Drawing, before: readonly Drawing[]): boolean {
  if (packs === undefined) return false;
  const meters = new Set(packs.map(({ meter }) => meter));
  return before.some((other) => (other.packs ?? []).some(({ meter }) => meters.has(meter)));
}

interface Drawing {
  readonly packs?: readonly TakenFromPack[];
}

/** What packs gave on a shard. */
interface GivingShard extends Shard {
  readonly packs: readonly ReservationPack[] | undefined;
}

/** A reservation as one shard says it, with what packs give on all of them. */
export function withPacksOf(
  reservation: StoredReservation,
  shards: readonly GivingShard[],
): StoredReservation {
  const packs = shards.flatMap((shard) => shard.packs ?? []);
  return packs.length === 0 ? reservation : { ...reservation, packs, packsOfGroups: packsOfGroups(shards) };
}

export function packsOfGroups(shards: readonly GivingShard[]): PacksOfGroups {
  return new Map(
    shards.flatMap(({ counters, packs }) => (packs ? [[counters[0]!.shardGroup, packs] as const] : [])),
  );
}

/** The shard has not ended it: the call came there too late, or it knows another one, or none. Only a settlement makes all shards agree. */
function isMissing(result: EndHoldResult, { at }: StoredReservation): boolean {
  const { outcome } = result;
  if (outcome === 'ended-otherwise') return result.reservation.at !== at;
  return outcome === 'expired' || outcome === 'not-found';
}

/** A commit as the first shard has counted it, with each meter: so the others count the same, whatever they hold. */
function inFull(ending: Ending, { committed }: StoredReservation): Ending {
  if (ending.kind !== 'commit' || committed === undefined) return ending;
  const { amount, amounts = {} } = takenOf(committed);
  return { kind: 'commit', amount, amounts };
}

/**
 * All or nothing over several shards, one after the other: what the shards before it have added is taken back when one refuses or
 * fails. The shard that decides between endings is the last: until it is extended, the reservation is not. So what is left of
 * an extension where a shard or a node dies meanwhile is strict, at worst until the reservation ends, and no more.
 */
async function extendOnShards(
  calls: Calls,
  request: EndHoldRequest,
  shards: readonly Shard[],
): Promise<EndHoldResult> {
  const extended: ExtendedShard[] = [];
  const undo = () =>
    Promise.all(extended.map((shard) => calls.undoExtension({ ...request, ...shard, ...AT_ANY_TIME })));
  let reservation: StoredReservation | undefined;
  try {
    for (const shard of shards) {
      const { undo: its = '', ...result } = await calls.extendHold({ ...request, ...shard });
      if (result.outcome !== 'extended') {
        await undo();
        return result.outcome === 'refused'
          ? await refusalOf(calls, request, result as Refused)
          : (result as EndHoldResult);
      }
      extended.push({ ...shard, ...result, undo: its });
      if (drawsOnOthers(result, extended.slice(0, -1))) {
        await undo();
        const look = await calls.endHold({ ...request, ...shard, ending: { kind: 'look' } });
        return 'reservation' in look ? await refusalOf(calls, request, look) : look;
      }
      reservation = withPacksOf(
        result.reservation,
        extended.map((each) => ({ counters: each.counters, packs: each.reservation.packs })),
      );
    }
  } catch (error) {
    if (extended.length === 0) throw error;
    await undo().catch(() => undefined);
    throw new StoreError((error as Error).message, 'unknown');
  }
  const counts = extended.flatMap((shard): Counts[number][] => [...shard.counts]);
  const packs = extended.flatMap((shard) => shard.packs ?? []);
  return {
    outcome: 'extended',
    reservation: reservation!,
    counts: inOrderOf(request.counters, counts),
    ...(packs.length > 0 && { packs }),
  };
}

interface ExtendedShard extends Shard {
  readonly undo: string;
  readonly counts: Counts;
  readonly packs?: readonly TakenFromPack[];
  readonly reservation: StoredReservation;
}

type Refused = Extract<EndHoldResult, { readonly outcome: 'extended' | 'refused' }>;

/** What makes shards agree does so however late it is. */
export const AT_ANY_TIME = { deadlineAt: Number.MAX_SAFE_INTEGER };

/** What one shard refused, with the limits of all as they are now. */
async function refusalOf(
  calls: Calls,
  { counters }: EndHoldRequest,
  { reservation }: Pick<Refused, 'reservation'>,
): Promise<EndHoldResult> {
  const shards = splitByShard(counters.filter(({ limits }) => limits.length > 0));
  const looks = await Promise.all(shards.map((shard) => calls.take({ ...LOOK, ...shard })));
  const counts = looks.flatMap((look): Counts[number][] => ('counts' in look ? [...look.counts] : []));
  return { outcome: 'refused', reservation, counts: inOrderOf(counters, counts) };
}

/**
 * What any shard gives back says more than what another one had not counted. One that knows nothing of it may have lost it: there the
 * refund is kept as one that was decided without the store, so that no node's replay counts it again.
 */
export async function refundOnShards(
  calls: Calls & Pick<ShardCalls, 'now'>,
  request: ShardRefund,
): Promise<ShardRefundResult> {
  const shards = splitByShard(request.counters);
  const results = await Promise.all(shards.map((shard) => calls.refund({ ...request, ...shard })));
  if (results.some(({ outcome }) => outcome === 'refunded')) {
    const kept = { ...AT_ANY_TIME, rememberUntil: Math.round(calls.now()) + REMEMBER_SETTLED_MS };
    const unknowing = shards.filter((_, index) => results[index]!.outcome === 'not-found');
    await Promise.all(unknowing.map((shard) => calls.refund({ ...request, ...kept, ...shard })));
  }
  for (const outcome of ['wrong-type', 'window-mismatch', 'expired', 'refunded', 'held', 'voided'] as const) {
    const result = results.find((each) => each.outcome === outcome);
    if (result) return result;
  }
  return { outcome: 'not-found' };
}

/**
 * Gives back on all shards or on none, one after the other: what was given back is counted again when a later one has nothing to
 * return, or fails. What another attempt had given back before stays.
 */
export async function giveBackOnShards(calls: Calls, request: GiveBackRequest): Promise<GiveBackResult> {
  const results: GiveBackResult[] = [];
  const done: Shard[] = [];
  const undo = () =>
    Promise.all(
      done.map((shard) => calls.giveBack({ ...request, ...shard, ...AT_ANY_TIME, isUndone: true })),
    );
  try {
    for (const shard of splitByShard(request.counters)) {
      const result = await calls.giveBack({ ...request, ...shard });
      if (result.outcome !== 'returned' && result.outcome !== 'replayed') {
        await undo();
        return result;
      }
      if (result.outcome === 'returned') done.push(shard);
      results.push(result);
    }
  } catch (error) {
    await undo().catch(() => undefined);
    throw error;
  }
  const outcome = results.some((result) => result.outcome === 'returned') ? 'returned' : 'replayed';
  return { outcome, counts: countsOf(request, results) };
}

export async function setOnShards(calls: Calls, request: SetUsageRequest): Promise<SetUsageResult> {
  const shards = splitByShard(request.counters) as (Shard & Pick<SetUsageRequest, 'counters'>)[];
  const results = await Promise.all(shards.map((shard) => calls.setUsage({ ...request, ...shard })));
  const failed = results.find(({ outcome }) => outcome !== 'set');
  if (failed !== undefined) return failed;
  return {
    outcome: 'set',
    counts: countsOf(request, results) as Extract<SetUsageResult, { outcome: 'set' }>['counts'],
  };
}

function countsOf(
  { counters }: Pick<GiveBackRequest, 'counters'>,
  results: readonly (GiveBackResult | SetUsageResult)[],
): Counts {
  return inOrderOf(
    counters,
    results.flatMap((result): Counts[number][] => ('counts' in result ? [...result.counts] : [])),
  );
}
