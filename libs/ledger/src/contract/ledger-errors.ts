/** The database did not answer in time, or not at all. A retry later helps. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';
}

/** A cursor that no answer of the ledger gave. */
export class LedgerCursorError extends Error {
  override readonly name = 'LedgerCursorError';

  constructor(cursor: string) {
    super(`"${cursor.slice(0, 64)}" is not a cursor: pass "next" of the page before, or none.`);
  }
}
