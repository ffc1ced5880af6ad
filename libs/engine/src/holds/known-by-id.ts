import type { Amounts as AmountsByMeter } from '@sundial/contract';
import { decodeContent } from '../operations/operation-content.js';
import type { Amounts } from '../operations/amounts.js';
import type { Ending, HoldTerms, StoredReservation } from '../stores/holds.js';
import { REMEMBER_MS } from '../stores/take.js';
import { amountsByMeter } from '../operations/amounts-by-meter.js';

/** What a reservation's id says of it. */
export interface SaidById extends Pick<StoredReservation, 'at' | 'expiresAt' | 'onExpiry'> {
  readonly content: string;
}

/** What becomes of a reservation of which nothing is known but what its id says. */
export type EndedById =
  | { readonly outcome: 'ended' | 'found' | 'ended-otherwise'; readonly reservation: StoredReservation }
  | { readonly outcome: 'not-found' };

/**
 * Ends a reservation by its id: what it holds, and what its expiry has made of it. That it was ended before is not in its id;
 * the store knows, when the ending is settled.
 */
export function endById(said: SaidById, ending: Ending, now: number): EndedById {
  const { at, expiresAt, onExpiry, content } = said;
  if (now >= expiresAt + REMEMBER_MS) return { outcome: 'not-found' };
  const amounts = amountsByMeter(decodeContent(content));
  const isOver = now >= expiresAt;
  const known = { at, expiresAt, onExpiry, amounts, late: false, until: expiresAt + REMEMBER_MS };
  const state = isOver ? 'expired' : 'held';
  const left = isOver && onExpiry === 'commit' ? { committed: amounts } : {};
  switch (ending.kind) {
    case 'commit': {
      const committed = committedOf(amounts, ending);
      return { outcome: 'ended', reservation: { ...known, state: 'committed', committed, late: isOver } };
    }
    case 'release':
      if (!isOver) return { outcome: 'ended', reservation: { ...known, state: 'released' } };
      return {
        outcome: onExpiry === 'commit' ? 'ended-otherwise' : 'ended',
        reservation: { ...known, ...left, state },
      };
    case 'extend':
      return { outcome: isOver ? 'ended-otherwise' : 'found', reservation: { ...known, ...left, state } };
    case 'look':
      return { outcome: 'found', reservation: { ...known, ...left, state } };
    default:
      return ending satisfies never;
  }
}

/** A reservation that this node places itself, now. */
export function heldHere(
  { amount, amounts, hold }: Amounts & { readonly hold: HoldTerms },
  at: number,
): StoredReservation {
  const { ttlMs, onExpiry } = hold;
  const expiresAt = at + ttlMs;
  const until = expiresAt + REMEMBER_MS;
  return {
    state: 'held',
    at,
    expiresAt,
    onExpiry,
    amounts: amountsByMeter({ amount, amounts }),
    late: false,
    until,
  };
}

/** A meter that is not named is committed as held, and one of which nothing is held or committed is not among them, as in a store. */
export function committedOf(
  held: AmountsByMeter,
  { amount, amounts }: { readonly amount?: number; readonly amounts?: AmountsByMeter },
): AmountsByMeter {
  const named = Object.entries(amounts ?? {}).filter(([meter, units]) => units > 0 || meter in held);
  return { ...held, ...(amount !== undefined && { units: amount }), ...Object.fromEntries(named) };
}
