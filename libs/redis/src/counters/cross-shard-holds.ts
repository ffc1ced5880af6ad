import type {
  Counts,
  EndHoldRequest,
  EndHoldResult,
  HeldWindow,
  GiveBackRequest,
  GiveBackResult,
  SetUsageRequest,
  SetUsageResult,
} from '@sundial/engine/ports';
import type { ShardCalls } from './cross-shard-calls.js';
import type { ShardRefund, ShardRefundResult } from './redis-reversal-batch.js';
import { inOrderOf, splitByShard, type Shard } from './shards.js';

type Calls = Pick<ShardCalls, 'endHold' | 'refund' | 'giveBack' | 'setUsage'>;

/**
 * Ends a reservation that is held on several shards, which each have a record of it. The first shard decides between endings
 * that meet; the others follow it. One that was ended on some of them only, because a node died, is ended on the others when
 * its ending is repeated, or when it expires.
 */
export async function endOnShards(calls: Calls, request: EndHoldRequest): Promise<EndHoldResult> {
  const [first, ...others] = splitByShard(request.counters);
  if (first === undefined || others.length === 0) return calls.endHold(request);
  const decided = await calls.endHold({ ...request, ...first });
  if (decided.outcome !== 'ended' && decided.outcome !== 'extended' && decided.outcome !== 'found')
    return decided;
  const rest = await Promise.all(others.map((shard) => calls.endHold({ ...request, ...shard })));
  const failed = rest.find(({ outcome }) => outcome === 'wrong-type' || outcome === 'window-mismatch');
  if (failed !== undefined) return failed;
  if (decided.outcome === 'extended') {
    const refused = rest.find(({ outcome }) => outcome === 'refused');
    const all = [decided, ...rest].flatMap((result): Counts[number][] =>
      'counts' in result ? [...result.counts] : [],
    );
    const { outcome, reservation } = refused?.outcome === 'refused' ? refused : decided;
    return { outcome, reservation, counts: inOrderOf(request.counters, all) };
  }
  const { outcome, reservation } = decided;
  const windows = [decided, ...rest].flatMap((result): HeldWindow[] =>
    'windows' in result ? [...result.windows] : [],
  );
  return { outcome, reservation, windows };
}

/** What any shard gives back says more than what another one had not counted. */
export async function refundOnShards(calls: Calls, request: ShardRefund): Promise<ShardRefundResult> {
  const shards = splitByShard(request.counters);
  const results = await Promise.all(shards.map((shard) => calls.refund({ ...request, ...shard })));
  for (const outcome of ['wrong-type', 'window-mismatch', 'expired', 'refunded', 'held', 'voided'] as const) {
    const result = results.find((each) => each.outcome === outcome);
    if (result) return result;
  }
  return { outcome: 'not-found' };
}

/** Gives back shard by shard, as long as there is something to return. */
export async function giveBackOnShards(calls: Calls, request: GiveBackRequest): Promise<GiveBackResult> {
  const results: GiveBackResult[] = [];
  for (const shard of splitByShard(request.counters)) {
    const result = await calls.giveBack({ ...request, ...shard });
    if (result.outcome !== 'returned' && result.outcome !== 'replayed') return result;
    results.push(result);
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
