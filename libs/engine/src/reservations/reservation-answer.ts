import type { Amounts, Reservation } from '@sundial/contract';
import { unitsIn } from '../operations/amounts-by-meter.js';
import type { StoredReservation } from '../stores/holds.js';
import { zoneOf } from '../counters/own-rule.js';
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
  { state, expiresAt, amounts, committed, late, packs }: StoredReservation,
): Reservation {
  const reservation: Reservation = {
    id,
    operationId,
    resource,
    subject,
    state,
    expiresAt: isoText(expiresAt, rules[0] === undefined ? 'UTC' : zoneOf(rules[0])),
    amounts,
    ...(packs && { packs }),
  };
  if (committed === undefined) return reservation;
  const overage = overageOf(amounts, committed);
  if (overage === undefined && !late) return { ...reservation, committed };
  return { ...reservation, committed, ...(overage && { overage }), ...(late && { late }) };
}

/** By how much more was committed than was held, of each meter where it is. */
function overageOf(held: Amounts, committed: Amounts): Amounts | undefined {
  let overage: [meter: string, units: number][] | undefined;
  for (const meter of Object.keys(committed)) {
    const more = committed[meter]! - unitsIn(held, meter);
    if (more > 0) (overage ??= []).push([meter, more]);
  }
  return overage && Object.fromEntries(overage);
}
