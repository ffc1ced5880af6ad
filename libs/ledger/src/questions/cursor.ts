import { LedgerCursorError } from '../contract/ledger-errors.js';

const WIDTH = 11;
const ID = /^[0-9a-z]{11}$/;

/** The id of a row: its position in the ledger, as text that sorts as the positions do. */
export function idOf(position: number): string {
  return position.toString(36).padStart(WIDTH, '0');
}

export function positionOf(cursor: string): number {
  if (!ID.test(cursor)) throw new LedgerCursorError(cursor);
  return Number.parseInt(cursor, 36);
}

/** A cursor of several values, for lists that have no ids. */
export function cursorOf(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

export function valuesOf(
  cursor: string,
  types: readonly ('string' | 'number')[],
): readonly (string | number)[] {
  try {
    const values = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (
      Array.isArray(values) &&
      values.length === types.length &&
      types.every((type, at) => typeof values[at] === type)
    ) {
      return values as (string | number)[];
    }
  } catch {
    // Said below.
  }
  throw new LedgerCursorError(cursor);
}
