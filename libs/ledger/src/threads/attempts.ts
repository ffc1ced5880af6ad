import { setTimeout as sleep } from 'node:timers/promises';
import type { WriterNotice } from './writer-notice.js';

/** How a failing database is tried again: after twice as long each time, up to 2 s. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Work on a database that may be away: one piece at a time, and the owner hears when it goes and when it is back. */
export class Attempts {
  readonly #gaveUp = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #isAway = false;

  constructor(private readonly notify: (notice: WriterNotice) => void) {}

  readonly inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  };

  async once<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (this.#isAway) this.notify({ kind: 'back' });
      this.#isAway = false;
      return result;
    } catch (error) {
      if (error instanceof TypeError) throw error;
      this.#isAway = true;
      this.notify({ kind: 'away', message: messageOf(error), isFull: isFull(error) });
      throw error;
    }
  }

  /** Until it succeeds, or the ledger closes. */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.once(work);
      } catch (error) {
        const { signal } = this.#gaveUp;
        if (signal.aborted) throw error;
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  giveUp(): void {
    this.#gaveUp.abort();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** SQLite's and the system's words, and PostgreSQL's SQLSTATE. */
function isFull(error: unknown): boolean {
  const { code = '' } = error as { readonly code?: string };
  return /FULL|ENOSPC|EDQUOT|^53100$/.test(code) || /disk is full|no space left/i.test(messageOf(error));
}
