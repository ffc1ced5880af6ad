import type { Answers } from '../questions/answers.js';

/** The rows of a statement of the query builder on the main thread. */
export interface StatementResult {
  readonly rows: readonly unknown[];
  readonly affected: number | undefined;
}

/** What answers questions and runs the statements of other parts. */
export interface LedgerReader {
  readonly answers: Answers;
  run(sql: string, parameters: readonly unknown[]): Promise<StatementResult>;
  close(): Promise<void>;
}
