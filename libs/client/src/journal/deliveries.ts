import type { Outcome } from '../answers/outcome.js';
import type { QuotaClientError } from '../answers/quota-client-error.js';
import { readReservationAnswer } from '../answers/shapes.js';
import type { Asked } from '../attempts/exchange.js';
import type { ClientEvents } from '../events/client-events.js';
import type { Journal } from './journal.js';
import type { EndingRecord, JournalEntry, OperationRecord, RecordOutcome } from './journal-record.js';
import { asReports } from './reports.js';

/** Reports in one request; a subject has 8 KiB at most, so that they stay below the 4 MiB of a body. */
const MAX_REPORTS = 250;
/** A delivery is no business call: it may take its time, and never longer. */
const DELIVERY_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** Between rounds of a flush that waits for the service. */
const FLUSH_PAUSE_MS = 50;

type Ask = <T>(asked: Asked<T>, deadline: number) => Promise<Outcome<T>>;

export interface DeliveriesOptions {
  readonly journal: Journal;
  readonly events: ClientEvents;
  readonly ask: Ask;
  readonly random: () => number;
}

/** What `flush` did. */
export interface Flushed {
  /** Operations and endings that the service has now, by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What it does not have yet; those of reservations that are still held included. */
  readonly pending: number;
}

/** Brings the journal to the service: aside, from the first failure on until nothing is pending, and in `flush`. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #round: Promise<boolean> | null = null;
  #outcomes: Record<string, number> = {};
  #isClosed = false;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Something is pending, or the service is back (`soon`). */
  plan(soon = false): void {
    if (this.#isClosed || this.#options.journal.pending === 0) return;
    if (soon) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#pauseMs = FIRST_PAUSE_MS;
    }
    const inMs = this.#pauseMs * (0.5 + this.#options.random() / 2);
    this.#timer ??= setTimeout(() => void this.#aside(), inMs).unref();
  }

  /** Delivers until nothing is pending, or for `timeoutMs`. It never rejects. */
  async flush(timeoutMs: number): Promise<Flushed> {
    const deadline = performance.now() + timeoutMs;
    this.#outcomes = {};
    for (;;) {
      const isWell = await this.#oneRound(deadline);
      const { journal } = this.#options;
      const leftMs = deadline - performance.now();
      if (journal.due(Date.now(), 1).length === 0 || leftMs <= 0) break;
      if (!isWell) await new Promise((later) => setTimeout(later, Math.min(FLUSH_PAUSE_MS, leftMs)));
    }
    this.plan();
    return { outcomes: this.#outcomes, pending: this.#options.journal.pending };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #aside(): Promise<void> {
    const isWell = await this.#oneRound(performance.now() + DELIVERY_MS);
    this.#timer = undefined;
    this.#pauseMs = isWell ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
    this.plan();
  }

  /** One at a time. True where the service took all that it was given. */
  async #oneRound(deadline: number): Promise<boolean> {
    const running = this.#round;
    if (running) {
      const tooLate = new Promise<boolean>((resolve) => {
        setTimeout(resolve, Math.max(0, deadline - performance.now()), false).unref();
      });
      return Promise.race([running, tooLate]);
    }
    this.#round = this.#deliver(deadline);
    try {
      return await this.#round;
    } finally {
      this.#round = null;
    }
  }

  async #deliver(deadline: number): Promise<boolean> {
    const { journal, events } = this.#options;
    const outcomes: Record<string, number> = {};
    let isWell = true;
    for (let due = journal.due(Date.now(), MAX_REPORTS); isWell && due.length > 0;) {
      const [settled, went] = await this.#deliverSome(due, deadline);
      if (settled.length > 0 && !this.#isClosed) journal.settle(settled);
      for (const [, outcome] of settled) {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
      }
      isWell = went && performance.now() < deadline && !this.#isClosed;
      due = journal.due(Date.now(), MAX_REPORTS);
    }
    if (Object.keys(outcomes).length > 0) events.emit('delivered', { outcomes });
    return isWell;
  }

  /** What is settled now, and whether the service took it all. */
  async #deliverSome(due: readonly JournalEntry[], deadline: number): Promise<[Settled[], boolean]> {
    const operations = due.filter(isOperation);
    const endings = due.filter(isEnding);
    const settled: Settled[] = [];
    let went = operations.length === 0 || (await this.#report(operations, deadline, settled));
    for (const ending of endings) {
      if (!went) break;
      went = await this.#end(ending, deadline, settled);
    }
    return [settled, went];
  }

  async #report(
    entries: readonly Entry<OperationRecord>[],
    deadline: number,
    settled: Settled[],
  ): Promise<boolean> {
    const outcome = await this.#ask(asReports(entries.map(({ record }) => record)), deadline);
    if (outcome.kind === 'answered') {
      entries.forEach(({ seq }, index) => settled.push([seq, outcome.answer[index] ?? 'conflict']));
      return true;
    }
    const [first] = entries;
    if (outcome.kind === 'failed' || !isAboutContent(outcome.error) || !first) return this.#notNow(outcome);
    if (entries.length === 1)
      return this.#never(first, first.record.operation.operationId, outcome.error, settled);
    // One of them is why all were refused: halves until it stands alone.
    const middle = entries.length >> 1;
    return (
      (await this.#report(entries.slice(0, middle), deadline, settled)) &&
      (await this.#report(entries.slice(middle), deadline, settled))
    );
  }

  async #end(entry: Entry<EndingRecord>, deadline: number, settled: Settled[]): Promise<boolean> {
    const { id, verb, body } = entry.record;
    const path = `reservations/${id}/${verb}`;
    const outcome = await this.#ask({ method: 'POST', path, body, read: readReservationAnswer }, deadline);
    if (outcome.kind === 'answered') {
      settled.push([entry.seq, 'ended']);
      return true;
    }
    if (outcome.kind === 'failed' || isAboutKey(outcome.error)) return this.#notNow(outcome);
    return this.#never(entry, null, outcome.error, settled);
  }

  #ask<T>(asked: Asked<T>, deadline: number): Promise<Outcome<T>> {
    return this.#options.ask(asked, Math.min(deadline, performance.now() + DELIVERY_MS));
  }

  #notNow(outcome: Outcome<never>): false {
    if (outcome.kind === 'refused') {
      const { message: detail } = outcome.error;
      this.#options.events.emit('deliveryRefused', { operationId: null, detail, final: false });
    }
    return false;
  }

  #never(
    { seq }: JournalEntry,
    operationId: string | null,
    error: QuotaClientError,
    settled: Settled[],
  ): true {
    settled.push([seq, 'refused']);
    this.#options.events.emit('deliveryRefused', { operationId, detail: error.message, final: true });
    return true;
  }
}

type Settled = readonly [seq: number, outcome: RecordOutcome];
type Entry<R> = JournalEntry & { readonly record: R };

function isOperation(entry: JournalEntry): entry is Entry<OperationRecord> {
  return entry.record.kind === 'operation';
}

function isEnding(entry: JournalEntry): entry is Entry<EndingRecord> {
  return entry.record.kind === 'ending';
}

/** A service that knows no reports yet (404, 405), or refuses the key, says nothing of what was reported. */
function isAboutContent({ status }: QuotaClientError): boolean {
  return status === 400 || status === 409 || status === 413 || status === 422;
}

function isAboutKey({ status }: QuotaClientError): boolean {
  return status === 401 || status === 403;
}
