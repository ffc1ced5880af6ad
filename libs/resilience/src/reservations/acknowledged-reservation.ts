import {
  contentWithPacks,
  endingSettlement,
  type PlannedEnding,
  type PlannedReserve,
  settledCounters,
  settledInCurrent,
  type SettledHold,
  type StoredReservation,
  takenOf,
  type TakeResult,
} from '@sundial/engine/ports';
import type { AcknowledgedOperation } from '../replay/acknowledged-operations.js';
import { byGiving } from '../replay/by-giving.js';

type Held = Extract<TakeResult, { readonly reservation?: StoredReservation }>;

/** A reserve that the store has answered, as this node would replay it: once for counters beside packs, and for others. */
export function acknowledgedReserve(
  check: PlannedReserve,
  { counts, reservation }: Held,
  now: number,
): AcknowledgedOperation[] {
  if (reservation?.state !== 'held') return [];
  const { operation, amount, amounts } = check;
  const reserve: AcknowledgedOperation = {
    intent: 'hold',
    operation,
    amount,
    amounts,
    counters: settledCounters(counts),
    acknowledgedAt: now,
    decidedAt: reservation.at,
    hold: lostHold(reservation),
  };
  return withPacks(reserve, reservation);
}

/** An ending that the store has answered, in the same way; nothing for one that changed nothing. */
export function acknowledgedEnding(
  planned: PlannedEnding,
  reservation: StoredReservation,
  now: number,
): AcknowledgedOperation[] {
  const { operation, ending, isDegraded, countersAt } = planned;
  const { state, at, expiresAt, onExpiry, late, committed } = reservation;
  const hold = lostHold(reservation);
  const held = takenOf(reservation.amounts);
  // By the store's clock, of which this node has an idea: it is on the side of the expiry that the store has said.
  const decidedAt = late ? Math.max(now, expiresAt) : Math.min(now, expiresAt - 1);
  if (ending.kind === 'extend') {
    const attempted = { ...operation, attempt: `e${at.toString(36)}` };
    const counters = settledInCurrent(countersAt(now));
    const extended = reservation.amounts;
    const said = { acknowledgedAt: now, decidedAt };
    const extension = { intent: 'hold', operation: attempted, ...held, counters, extended, hold } as const;
    return withPacks({ ...extension, ...said }, reservation);
  }
  if (state !== 'committed' && state !== 'released') return [];
  const inFull = committed
    ? ({ kind: 'commit', amounts: committed } as const)
    : ({ kind: 'release' } as const);
  const terms = { at, expiresAt, onExpiry };
  const named = { operation, ending: inFull, held, terms, isDegraded, countersAt };
  const settlement = endingSettlement(named, decidedAt);
  return settlement ? withPacks({ ...settlement, hold, acknowledgedAt: now }, reservation) : [];
}

/** What packs gave stands behind the content: it is in no window beside them. */
function withPacks(
  acknowledged: AcknowledgedOperation,
  { packs, packsOfGroups }: Pick<StoredReservation, 'packs' | 'packsOfGroups'>,
): AcknowledgedOperation[] {
  if (packs === undefined) return [acknowledged];
  return byGiving(acknowledged.counters, { packs, packsOfGroups }).map(({ counters, parts }) => {
    if (parts.length === 0) return { ...acknowledged, counters };
    const { operation } = acknowledged;
    const content = contentWithPacks(operation.content, parts);
    return { ...acknowledged, counters, operation: { ...operation, content } };
  });
}

function lostHold({ at, expiresAt, onExpiry }: StoredReservation): SettledHold {
  return { takenAt: at, isDegraded: false, isLost: true, expiresAt, onExpiry };
}
