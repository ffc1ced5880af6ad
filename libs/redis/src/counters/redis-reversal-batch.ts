import {
  type GiveBackRequest,
  type GiveBackResult,
  type OperationRefund,
  type OperationRefundResult,
  type SetUsageRequest,
  type SetUsageResult,
  type TakeRequest,
} from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import type { CallCodec, CallItem } from './redis-call-queue.js';
import { keysOf } from './redis-ending-batch.js';
import { common, encodeTakes, identityOf, LimitSetList } from './redis-take-batch.js';
import { metersOf, ReplyWords } from './reply-words.js';

/** A refund. Of one that was decided without the store: until when that is remembered at least, by the store's clock. */
export interface ShardRefund extends OperationRefund {
  readonly rememberUntil?: number;
}

/** What `refund.lua` says: `voided` only where it was decided without the store. */
export type ShardRefundResult = OperationRefundResult | { readonly outcome: 'voided' };

export const REFUNDS: CallCodec<ShardRefund, ShardRefundResult> = {
  lua: scripts.refund,
  encode: (items, offsetMs) => {
    const limitSets = new LimitSetList();
    const refunds = items.map(({ request, place, startBy }) => {
      const { rememberUntil } = request;
      const until = Math.floor(rememberUntil ?? 0).toString(36);
      const intent = rememberUntil === undefined ? 'refund' : 'settle';
      const text = `;${place.last} ${Math.floor(startBy)} ${intent} ${until}`;
      return text + positionsOf(request, limitSets);
    });
    return { keys: keysOf(items), args: [common(offsetMs), limitSets.text, ...refunds] };
  },
  decode: (items, reply) => {
    const words = new ReplyWords('refund.lua', reply);
    const results = items.map((): ShardRefundResult => {
      const outcome = words.next() as ShardRefundResult['outcome'];
      return outcome === 'refunded' ? { outcome, amounts: metersOf(words.next()) } : { outcome };
    });
    return { now: words.now, results };
  },
};

/** A return, or one that is taken back since another shard has refused it. */
export interface ShardReturn extends GiveBackRequest {
  readonly isUndone?: boolean;
}

export const GIVE_BACKS: CallCodec<ShardReturn, GiveBackResult> = {
  lua: scripts.giveBack,
  // Its groups are those of checks.
  encode: (items, offsetMs) =>
    encodeTakes(items as readonly CallItem<TakeRequest>[], offsetMs, ({ place, request }) => {
      const { isUndone = false } = request as Pick<ShardReturn, 'isUndone'>;
      return `${identityOf(place, request.operation)} ${isUndone ? 'undo' : 'return'}`;
    }),
  decode: (items, reply) => {
    const words = new ReplyWords('give-back.lua', reply);
    const results = items.map(({ request }): GiveBackResult => {
      const said = words.next();
      if (!said.startsWith('+')) return words.withoutCounts<'conflict' | 'expired'>(said, request.counters);
      const outcome = said.slice(1) as 'returned' | 'replayed' | 'nothing-to-return';
      return { outcome, counts: words.counts(request.counters, { reserved: true }) };
    });
    return { now: words.now, results };
  },
};

export const CORRECTIONS: CallCodec<SetUsageRequest, SetUsageResult> = {
  lua: scripts.setUsage,
  encode: (items, offsetMs) => {
    const limitSets = new LimitSetList();
    const corrections = items.map(({ request, startBy }) => {
      const counters = request.counters.map(({ limits }) => ({
        limits: limits.map((limit) => ({ ...limit, max: limit.setTo, enforced: true })),
      }));
      return `${Math.floor(startBy)}${positionsOf({ counters }, limitSets)}`;
    });
    const keys = items.flatMap(({ request }) => request.counters.map(({ key }) => key));
    return { keys, args: [common(offsetMs), limitSets.text, ...corrections] };
  },
  decode: (items, reply) => {
    const words = new ReplyWords('set-usage.lua', reply);
    const results = items.map(({ request }): SetUsageResult => {
      const said = words.next();
      if (said !== '+set') return words.withoutCounts<'wrong-type' | 'expired'>(said, request.counters);
      return { outcome: 'set', counts: words.counts(request.counters, { reserved: true }) };
    });
    return { now: words.now, results };
  },
};

function positionsOf(
  { counters }: { readonly counters: readonly Pick<TakeRequest['counters'][number], 'limits'>[] },
  limitSets: LimitSetList,
): string {
  return counters.map(({ limits }) => ` ${limitSets.positionOf(limits)}`).join('');
}
