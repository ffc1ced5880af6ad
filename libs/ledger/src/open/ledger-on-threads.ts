import { Kysely } from 'kysely';
import type { LedgerDatabase } from '../contract/ledger-database.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { DeletedSubjectData, LedgerQuestions } from '../contract/ledger-questions.js';
import type { Ledger, LedgerStatus } from '../contract/ledger.js';
import { migrate } from '../tables/migrate.js';
import type { LedgerWriter } from '../queue/ledger-writer.js';
import type { Answers } from '../questions/answers.js';
import type { ThreadCalls } from '../calls/thread-calls.js';
import type { StatementResult } from '../calls/ledger-reader.js';
import { within } from '../calls/within.js';
import { remoteDialect } from '../calls/remote-dialect.js';
import { Turns } from '../calls/turns.js';

/** How long a question about sums waits for the latest rows to be in them. */
const APPLY_WITHIN_MS = 1_000;
/** A search is typed: it answers at once, and finds what it missed a moment later. */
const SEARCH_APPLY_WITHIN_MS = 100;
/** What is lost makes a finding. */
const findingOf = (lost: number) =>
  `The ledger lost ${lost} events since it was opened: its gaps say when and why. Find what slows or fills its database.`;

/** A ledger whose work is done by two threads: one writes, one is asked. */
export class LedgerOnThreads implements Ledger {
  readonly #turns = new Turns();
  readonly questions: LedgerQuestions;
  readonly database: LedgerDatabase;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly kind: 'sqlite' | 'postgres',
    private readonly writer: LedgerWriter,
    private readonly writing: ThreadCalls,
    /** Started by the first question. */
    private readonly reading: { calls(): ThreadCalls; end(): Promise<void> },
    private readonly endWriting: () => Promise<void>,
  ) {
    const run = (sql: string, parameters: readonly unknown[]) =>
      this.reading.calls().call<StatementResult>('run', sql, parameters);
    const kysely = new Kysely<unknown>({ dialect: remoteDialect(kind, run, this.#turns) });
    this.database = {
      kind,
      open: async <Tables>(part: string, migrations: Parameters<LedgerDatabase['open']>[1]) => {
        await migrate(kysely, part, migrations);
        return kysely as Kysely<Tables>;
      },
    };
    this.questions = this.#questions();
  }

  record(event: LedgerEvent): void {
    this.writer.record(event);
  }

  status(): LedgerStatus {
    const { queued, written, lost, away } = this.writer;
    return {
      store: this.kind,
      covers: this.kind === 'sqlite' ? 'this node' : 'all nodes',
      ...{ queued, written, lost },
      ...(away && { lastError: away.message }),
      findings: [
        ...(away
          ? [`The ledger's database can't be written: ${away.message}. Events wait, then are lost.`]
          : []),
        ...(lost > 0 ? [findingOf(lost)] : []),
      ],
    };
  }

  flush(): Promise<void> {
    return this.writer.flush();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const isComplete = await this.writer.close();
    await within(this.writing.call('close', isComplete), APPLY_WITHIN_MS * 5);
    await this.endWriting();
    await this.reading.end();
  }

  #questions(): LedgerQuestions {
    const ask =
      <Question extends keyof Answers>(question: Question, applyWithinMs = 0): Answers[Question] =>
      // @ts-expect-error: the thread's method of that name has these arguments and this result.
      async (...args) => {
        if (applyWithinMs > 0) await within(this.writing.call('apply'), applyWithinMs);
        return this.#turns.run(() => this.reading.calls().call('ask', question, args));
      };
    return {
      operation: ask('operation'),
      decisions: ask('decisions'),
      audit: ask('audit'),
      events: ask('events'),
      usageHistory: ask('usageHistory', APPLY_WITHIN_MS),
      top: ask('top', APPLY_WITHIN_MS),
      subjects: ask('subjects', SEARCH_APPLY_WITHIN_MS),
      outages: ask('outages', APPLY_WITHIN_MS),
      affected: ask('affected'),
      exportSubject: ask('exportSubject'),
      nodes: ask('nodes'),
      volumes: ask('volumes', APPLY_WITHIN_MS),
      writers: ask('writers'),
      deleteSubject: (subject) => this.writing.call<DeletedSubjectData>('deleteSubject', subject),
    };
  }
}
