import type { Debt } from '../journal/debt.js';

/** Counters and windows whose operations are added up at once, about 1 KB each. */
const MAX_SUMS = 10_000;

/**
 * Adds up operations that certainly never ran, one sum for the same windows of the same counters. A sum is settled
 * like an operation, under an id that no caller can use. Its operations are not remembered one by one, so one that is
 * repeated under its id later counts again.
 */
export class DebtSums {
  readonly #open = new Map<string, Debt>();

  /** The sum with this operation in it; nothing when there are too many of them. */
  add(debt: Debt): Debt | undefined {
    const place = placeOf(debt);
    const before = this.#open.get(place);
    if (!before && this.#open.size >= MAX_SUMS) return undefined;
    const sum = before ? grown(before, debt) : begun(debt);
    this.#open.set(place, sum);
    return sum;
  }

  canAdd(debt: Debt): boolean {
    return this.#open.size < MAX_SUMS || this.#open.has(placeOf(debt));
  }

  /** The sum without this operation again; nothing when it is being settled. */
  takeOff(debt: Debt): Debt | undefined {
    const place = placeOf(debt);
    const before = this.#open.get(place);
    const amount = (before?.settlement.amount ?? 0) - debt.settlement.amount;
    if (!before || amount < 0) return undefined;
    const rest = {
      ...before,
      settlement: { ...before.settlement, amount },
      operations: before.operations! - 1,
    };
    this.#open.set(place, rest);
    return rest;
  }

  /** It is about to be settled: from now on it must not grow, or the store would take the larger one for settled. */
  end(debt: Debt): void {
    if (debt.operations) this.#open.delete(placeOf(debt));
  }
}

function begun(debt: Debt): Debt {
  const { settlement } = debt;
  // A tab is not printable, so no caller has this id.
  const operation = { ...settlement.operation, id: `sum\t${settlement.operation.attempt}`, content: '0' };
  return { ...debt, settlement: { ...settlement, operation }, operations: 1 };
}

function grown(sum: Debt, { settlement }: Debt): Debt {
  const amount = Math.min(sum.settlement.amount + settlement.amount, Number.MAX_SAFE_INTEGER);
  return { ...sum, settlement: { ...sum.settlement, amount }, operations: sum.operations! + 1 };
}

function placeOf({ settlement: { counters, picks } }: Debt): string {
  let place = '';
  let index = 0;
  for (const { key, ladder } of counters) {
    place += ` ${key}`;
    for (const { field, bounds } of ladder) place += ` ${field}${bounds[picks[index++]!]}`;
  }
  return place;
}
