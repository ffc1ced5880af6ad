import { settledInCurrent } from '../stores/settled-limits.js';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { Operation } from '../operations/operation.js';
import type { Amounts } from '../operations/amounts.js';
import type { Ending, StoredReservation } from '../stores/holds.js';
import type { CounterRef } from '../stores/counter-ref.js';
import type { SettledLimit, SettleRequest } from '../stores/settlement.js';

/** A reservation as its id says it, and what is to become of it. */
export interface NamedEnding {
  readonly operation: Pick<Operation, 'id' | 'content'>;
  readonly ending: Ending;
  /** What it held when it was taken. */
  readonly held: Amounts;
  readonly terms: Pick<StoredReservation, 'at' | 'expiresAt' | 'onExpiry'>;
  /** It was decided without the store. */
  readonly isDegraded: boolean;
  /** Its counters with the limits of now, in their windows at an instant; a counter whose rule is gone has none. */
  countersAt(instant: number): readonly CounterRef<PlannedLimit>[];
}

/**
 * The settlement of an ending that the store did not answer: whatever became of the reservation, and whether or not its
 * hold has arrived, the counters are to be as the ending says, in the windows that the units were taken from.
 */
export function endingSettlement(
  { ending, operation, held, terms, isDegraded, countersAt }: NamedEnding,
  decidedAt: number,
): SettleRequest<PlannedLimit & SettledLimit> | undefined {
  if (ending.kind !== 'commit' && ending.kind !== 'release') return undefined;
  const { at, expiresAt, onExpiry } = terms;
  const request = {
    operation: { ...operation, attempt: `e${at.toString(36)}` },
    counters: settledInCurrent(countersAt(at)),
    amount: held.amount,
    amounts: held.amounts,
    hold: { takenAt: at, isDegraded, expiresAt, onExpiry },
    decidedAt,
  };
  if (ending.kind === 'release') return { ...request, intent: 'release' };
  const { amount, amounts } = ending;
  const committed = amount === undefined ? { ...amounts } : { units: amount, ...amounts };
  return { ...request, intent: 'commit', committed };
}
