import { differenceOfAmounts, startsAtOf, sumOfAmounts } from '@sundial/engine/ports';
import type { PendingSettlement } from './pending-settlement.js';

/** Counters and windows whose operations are added up at once, about 1 KB each. */
const MAX_SUMS = 10_000;

/**
 * Adds up operations that certainly never ran, meter by meter, one sum for the same windows of the same counters. A sum is settled
 * like an operation, under an id that no caller can use. Its operations are not remembered one by one, so one that is
 * repeated under its id later counts again.
 */
export class SettlementSums {
  readonly #open = new Map<string, PendingSettlement>();

  /** The sum with this operation in it; nothing when there are too many sums. */
  add(pending: PendingSettlement): PendingSettlement | undefined {
    const place = placeOf(pending);
    const before = this.#open.get(place);
    if (!before && this.#open.size >= MAX_SUMS) return undefined;
    const sum = before ? grown(before, pending) : begun(pending);
    this.#open.set(place, sum);
    return sum;
  }

  canAdd(pending: PendingSettlement): boolean {
    return this.#open.size < MAX_SUMS || this.#open.has(placeOf(pending));
  }

  /** The sum that this operation was added to without it again; nothing when that sum may have been sent. */
  takeOff(pending: PendingSettlement, sum: PendingSettlement): PendingSettlement | undefined {
    const place = placeOf(pending);
    const before = this.#open.get(place);
    if (before?.settlement.operation.id !== sum.settlement.operation.id) return undefined;
    const amount = before.settlement.amount - pending.settlement.amount;
    if (amount < 0) return undefined;
    const amounts = differenceOfAmounts(before.settlement.amounts, pending.settlement.amounts);
    const operations = operationsOf(before) - 1;
    const rest = { ...before, settlement: { ...before.settlement, amount, amounts }, operations };
    this.#open.set(place, rest);
    return rest;
  }

  /** It is about to be sent: from now on it must not grow, or the store would take the larger one for settled. */
  end(pending: PendingSettlement): void {
    if (pending.operations !== undefined) this.#open.delete(placeOf(pending));
  }
}

/** How many decisions a settlement is about. */
export function operationsOf({ operations = 1 }: PendingSettlement): number {
  return operations;
}

function begun(pending: PendingSettlement): PendingSettlement {
  const { settlement } = pending;
  // A tab is not printable, so no caller has this id.
  const operation = { ...settlement.operation, id: `sum\t${settlement.operation.attempt}`, content: '0' };
  return { ...pending, settlement: { ...settlement, operation }, operations: 1 };
}

function grown(sum: PendingSettlement, { settlement }: PendingSettlement): PendingSettlement {
  const amount = Math.min(sum.settlement.amount + settlement.amount, Number.MAX_SAFE_INTEGER);
  const amounts = sumOfAmounts(sum.settlement.amounts, settlement.amounts);
  return { ...sum, settlement: { ...sum.settlement, amount, amounts }, operations: operationsOf(sum) + 1 };
}

function placeOf({ settlement: { counters } }: PendingSettlement): string {
  let place = '';
  for (const { key, limits } of counters) {
    place += ` ${key}`;
    for (const limit of limits) place += ` ${limit.field}${startsAtOf(limit, limit.windowIndex)}`;
  }
  return place;
}
