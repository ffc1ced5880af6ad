import {
  amountsByMeter,
  committedOf,
  encodeContent,
  endById,
  type EndedById,
  type Ending,
  REMEMBER_MS,
  type StoredReservation,
} from '@sundial/engine/ports';
import type { PendingSettlement } from '../outbox/pending-settlement.js';

/** A pending settlement of a reservation. */
export type PendingReservation = PendingSettlement & {
  readonly settlement: { readonly intent: 'hold' | 'commit' | 'release' };
};

export function isReservation(pending: PendingSettlement | undefined): pending is PendingReservation {
  const intent = pending?.settlement.intent;
  return intent === 'hold' || intent === 'commit' || intent === 'release';
}

/** A reservation as this node has promised it, and the store does not know yet. */
export function promisedReservation({ settlement }: PendingReservation, now: number): StoredReservation {
  const { intent, decidedAt, committed = {} } = settlement;
  const { takenAt: at = decidedAt, expiresAt = decidedAt, onExpiry = 'release' } = settlement.hold ?? {};
  const amounts = amountsByMeter(settlement);
  const held = { amounts, at, expiresAt, onExpiry, late: false, until: expiresAt + REMEMBER_MS } as const;
  switch (intent) {
    case 'hold':
      return asItStands({ ...held, state: 'held' }, now);
    case 'commit': {
      const late = decidedAt >= expiresAt;
      return { ...held, state: 'committed', committed: committedOf(amounts, { amounts: committed }), late };
    }
    case 'release':
      return { ...held, state: 'released' };
    default:
      return intent satisfies never;
  }
}

/** What becomes of a reservation as this node knows it: where it has ended, the first ending holds. */
export function endKnown(known: StoredReservation, ending: Ending, now: number): EndedById {
  const { state, at, expiresAt, onExpiry, amounts } = known;
  if (state === 'committed' || state === 'released') {
    const isSame = ending.kind === (state === 'committed' ? 'commit' : 'release');
    return {
      outcome: ending.kind === 'look' ? 'found' : isSame ? 'ended' : 'ended-otherwise',
      reservation: known,
    };
  }
  const { units: amount = 0, ...others } = amounts;
  return endById(
    { at, expiresAt, onExpiry, content: encodeContent({ amount, amounts: others }) },
    ending,
    now,
  );
}

/** Held until it expires. */
function asItStands(held: StoredReservation, now: number): StoredReservation {
  const found = endKnown(held, { kind: 'look' }, now);
  return 'reservation' in found ? found.reservation : { ...held, state: 'expired' };
}
