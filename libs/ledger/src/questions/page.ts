import type { LedgerPage, LedgerRows } from '../contract/ledger-questions.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

export function limitOf({ limit = DEFAULT_LIMIT }: LedgerPage): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new RangeError(`limit is ${limit}: it is a whole number from 1 to ${MAX_LIMIT}.`);
}

/** Of one row more than the page shows: whether there is a next page, and its cursor. */
export function pageOf<T>(found: readonly T[], limit: number, cursorOf: (last: T) => string): LedgerRows<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, ...(last !== undefined && found.length > limit && { next: cursorOf(last) }) };
}
