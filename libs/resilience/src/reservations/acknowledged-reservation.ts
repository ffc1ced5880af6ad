import {
  endingSettlement,
  inWindows,
  type PlannedEnding,
  type PlannedReserve,
  settledCounters,
  settledInCurrent,
  type SettledHold,
  type StoredReservation,
  takenOf,
  type TakeResult,
  withoutPacks,
} from '@sundial/engine/ports';
import type { AcknowledgedOperation } from '../replay/acknowledged-operations.js';

type Held = Extract<TakeResult, { readonly reservation?: StoredReservation }>;

/** A reserve that the store has answered, as this node would replay it. */
export function acknowledgedReserve(
  check: PlannedReserve,
  { counts, reservation }: Held,
  now: number,
): AcknowledgedOperation | undefined {
  if (reservation?.state !== 'held') return undefined;
  const { operation } = check;
  // What packs gave is in no window; with the data, they have lost that it was taken.
  const { amount, amounts } = reservation.packs ? withoutPacks(check, reservation.packs) : check;
  return {
    intent: 'hold',
    operation,
    amount,
    amounts,
    counters: settledCounters(counts),
    acknowledgedAt: now,
    decidedAt: reservation.at,
    hold: lostHold(reservation),
  };
}

/** An ending that the store has answered; nothing for one that changed nothing. */
export function acknowledgedEnding(
  planned: PlannedEnding,
  reservation: StoredReservation,
  now: number,
): AcknowledgedOperation | undefined {
  const { operation, ending, isDegraded, countersAt } = planned;
  const { state, at, expiresAt, onExpiry, late, committed } = reservation;
  const hold = lostHold(reservation);
  // As of a reserve: what packs gave is in no window.
  const { packs = [] } = reservation;
  const held = takenOf(inWindows(reservation.amounts, packs));
  // By the store's clock, of which this node has an idea: it is on the side of the expiry that the store has said.
  const decidedAt = late ? Math.max(now, expiresAt) : Math.min(now, expiresAt - 1);
  if (ending.kind === 'extend') {
    const attempted = { ...operation, attempt: `e${at.toString(36)}` };
    const counters = settledInCurrent(countersAt(now));
    const extended = reservation.amounts;
    return {
      ...{ intent: 'hold', operation: attempted, ...held, counters, extended, hold },
      ...{ acknowledgedAt: now, decidedAt },
    };
  }
  if (state !== 'committed' && state !== 'released') return undefined;
  const inFull = committed
    ? ({ kind: 'commit', amounts: inWindows(committed, packs) } as const)
    : ({ kind: 'release' } as const);
  const terms = { at, expiresAt, onExpiry };
  const named = { operation, ending: inFull, held, terms, isDegraded, countersAt };
  const settlement = endingSettlement(named, decidedAt);
  return settlement && { ...settlement, hold, acknowledgedAt: now };
}

function lostHold({ at, expiresAt, onExpiry }: StoredReservation): SettledHold {
  return { takenAt: at, isDegraded: false, isLost: true, expiresAt, onExpiry };
}
