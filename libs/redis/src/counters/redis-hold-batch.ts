import { type HoldTerms, REMEMBER_MS, type TakeRequest, type TakeResult } from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import type { CallCodec } from './redis-call-queue.js';
import { encodeTakes, identityOf, type TakeItem } from './redis-take-batch.js';
import { ReplyWords } from './reply-words.js';

/** The terms of a hold on one shard. */
export interface ShardHoldTerms extends HoldTerms {
  /** When it is taken, where that must be the same on several shards; absent: now. */
  readonly takenAt?: number;
}

/** A take that holds (`hold.lua`). */
export const HOLDS: CallCodec<TakeRequest, TakeResult> = {
  lua: scripts.hold,
  encode: (items, offsetMs) => encodeTakes(items, offsetMs, holdIdentity),
  decode: decodeHolds,
};

function holdIdentity({ place, request: { operation, hold } }: TakeItem): string {
  const { ttlMs, onExpiry, takenAt } = (hold ?? NO_TERMS) as ShardHoldTerms;
  const at = takenAt === undefined ? '-' : Math.floor(takenAt).toString(36);
  return `${identityOf(place, operation)} ${operation.attempt} ${ttlMs} ${letterOf(onExpiry)} ${at}`;
}

const NO_TERMS: HoldTerms = { ttlMs: 0, onExpiry: 'release' };

export function letterOf(onExpiry: HoldTerms['onExpiry']): string {
  return onExpiry === 'commit' ? 'c' : 'r';
}

function decodeHolds(
  items: readonly TakeItem[],
  reply: unknown,
): { readonly now: number; readonly results: readonly TakeResult[] } {
  const words = new ReplyWords('hold.lua', reply);
  const results = items.map(({ request: { counters } }): TakeResult => {
    const { outcome: said, adds } = words.outcome();
    if (!adds.reserved) return words.withoutCounts<WithoutCounts>(said, counters);
    const outcome = said as 'taken' | 'packed' | 'replayed' | 'refused' | 'too-many-holds';
    const counts = words.counts(counters, adds);
    switch (outcome) {
      case 'refused':
      case 'too-many-holds':
        return { outcome, counts };
      case 'taken':
        return { outcome, counts, reservation: words.reservation() };
      case 'packed':
        return { outcome: 'taken', counts, reservation: words.reservation(), packs: words.packs() };
      case 'replayed': {
        const reservation = words.reservation();
        const counted = {
          at: reservation.at,
          until: Math.max(reservation.until, reservation.at + REMEMBER_MS),
        };
        return { outcome, counts, reservation, counted };
      }
      default:
        return outcome satisfies never;
    }
  });
  return { now: words.now, results };
}

type WithoutCounts = 'conflict' | 'refunded' | 'expired' | 'wrong-type';
