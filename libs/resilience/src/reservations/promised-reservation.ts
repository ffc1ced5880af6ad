import {
  amountsByMeter,
  committedOf,
  endById,
  type EndedById,
  type Ending,
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
  const { intent, operation, decidedAt, committed = {} } = settlement;
  const { takenAt: at = decidedAt, expiresAt = decidedAt, onExpiry = 'release' } = settlement.hold ?? {};
  const said = { at, expiresAt, onExpiry, content: operation.content };
  const held = {
    state: 'held',
    late: false,
    amounts: amountsByMeter(settlement),
    at,
    expiresAt,
    onExpiry,
    until: expiresAt,
  } as const;
  switch (intent) {
    case 'hold': {
      const found = endById(said, { kind: 'look' }, now);
      return 'reservation' in found ? found.reservation : { ...held, state: 'expired' };
    }
    case 'commit':
      return { ...held, state: 'committed', committed: committedOf(held.amounts, { amounts: committed }) };
    case 'release':
      return { ...held, state: 'released' };
    default:
      return intent satisfies never;
  }
}

/** What becomes of a reservation whose ending is promised already: the first one holds. */
export function endPromised(promised: PendingReservation, ending: Ending, now: number): EndedById {
  const reservation = promisedReservation(promised, now);
  const isSame = ending.kind === 'look' || ending.kind === promised.settlement.intent;
  return { outcome: isSame ? 'ended' : 'ended-otherwise', reservation };
}
