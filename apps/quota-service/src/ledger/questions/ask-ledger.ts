import { QuotaError, said } from '@sundial/contract';
import { LedgerCursorError, type LedgerQuestions, LedgerUnavailableError } from '@sundial/ledger';
import { Problem } from '../../http/problems/problem.js';
import type { NodeLedger } from '../recording/node-ledger.js';

/** Asks, and also which nodes the answer covers. @throws Problem `ledger-off`, `ledger-unavailable`, QuotaError `invalid-request` */
export async function askLedger<T>(
  node: NodeLedger,
  ask: (questions: LedgerQuestions) => Promise<T>,
): Promise<{ readonly answer: T; readonly nodes: readonly string[] }> {
  const { questions } = node;
  try {
    // What this node has just done is in the answer.
    await node.ledger?.flush();
    const [answer, nodes] = await Promise.all([ask(questions), questions.nodes()]);
    return { answer, nodes };
  } catch (error) {
    if (error instanceof LedgerCursorError)
      throw QuotaError.invalid('invalid-request', [{ path: 'cursor', ...said('cursor') }]);
    if (error instanceof LedgerUnavailableError)
      throw new Problem(
        'ledger-unavailable',
        `The database of the ledger did not answer: ${error.message}. Checks are not affected; ask again later.`,
      );
    throw error;
  }
}
