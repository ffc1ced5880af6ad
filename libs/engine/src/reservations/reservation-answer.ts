import type { Amounts, Reservation } from '@sundial/contract';
import { unitsIn } from '../operations/amounts-by-meter.js';
import type { StoredReservation } from '../stores/holds.js';
import { isoText } from '../windows/iso-text.js';
import type { ReservationFacts } from './reservation-id.js';

/** A reservation as its caller sees it. */
export function reservationOf(
  id: string,
  {
    operationId,
    resource,
    subject,
    rules,
  }: Pick<ReservationFacts, 'operationId' | 'resource' | 'subject' | 'rules'>,
  { state, expiresAt, amounts, committed, late }: StoredReservation,
): Reservation {
  const overage = committed && overageOf(amounts, committed);
  return {
    id,
    operationId,
    resource,
    subject,
    state,
    expiresAt: isoText(expiresAt, rules[0]?.timeZone ?? 'UTC'),
    amounts,
    ...(committed && { committed }),
    ...(overage && { overage }),
    ...(late && { late }),
  };
}

/** By how much more was committed than was held, of each meter where it is. */
function overageOf(held: Amounts, committed: Amounts): Amounts | undefined {
  const more = Object.entries(committed)
    .map(([meter, units]): [string, number] => [meter, units - unitsIn(held, meter)])
    .filter(([, units]) => units > 0);
  return more.length > 0 ? Object.fromEntries(more) : undefined;
}
