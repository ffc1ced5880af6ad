import type { MessagePort } from 'node:worker_threads';
import type { Answers } from '../questions/answers.js';
import type { LedgerReader } from '../calls/ledger-reader.js';
import { LedgerCursorError, LedgerUnavailableError } from '../contract/ledger-errors.js';
import { answerCalls } from '../calls/thread-calls.js';

/** Answers one call after the other. `open` may reject, and is tried again by the next call. */
export function runReader(port: MessagePort, open: () => Promise<LedgerReader>): void {
  let opened: Promise<LedgerReader> | undefined;
  const reader = (): Promise<LedgerReader> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  answerCalls(port, {
    ask: async (question: keyof Answers, args: never[]) => {
      try {
        const { answers } = await reader();
        return await (answers[question] as (...args: never[]) => unknown)(...args);
      } catch (error) {
        throw isMisuse(error) ? error : unavailable(error);
      }
    },
    run: async (sql: string, parameters: readonly unknown[]) => (await reader()).run(sql, parameters),
    close: async () => {
      await opened?.then((one) => one.close()).catch(() => undefined);
      port.close();
    },
  });
}

function isMisuse(error: unknown): boolean {
  return error instanceof LedgerCursorError || error instanceof RangeError || error instanceof TypeError;
}

function unavailable(error: unknown): Error {
  if (error instanceof LedgerUnavailableError) return error;
  return new LedgerUnavailableError(error instanceof Error ? error.message : String(error), { cause: error });
}
