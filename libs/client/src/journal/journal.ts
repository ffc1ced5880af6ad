import type { AffectedOperation } from './affected-operation.js';
import { JournalFile, type Write } from './journal-file.js';
import type { JournalEntry, JournalLine, JournalRecord, RecordOutcome } from './journal-record.js';

/** A file with nothing to deliver in it is begun afresh where it has grown beyond this. */
const MAX_IDLE_BYTES = 1_024 * 1_024;
/** Lines in the file for each record that is kept, before it is rewritten. */
const LINES_A_RECORD = 4;
/** After a rewrite that failed. */
const RETRY_MS = 1_000;

export interface JournalOptions {
  readonly maxOperations: number;
  readonly file: string | undefined;
  readonly onFailed: (problem: 'full' | 'file', detail: string) => void;
  /** In place of the system's, for tests. */
  readonly write?: Write;
}

/** What was decided without a service, until it is delivered; afterwards for analysis, as long as there is room. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #file: JournalFile | null;
  /** By sequence number, oldest first. */
  readonly #pending = new Map<number, JournalRecord>();
  readonly #settled = new Map<number, { readonly record: JournalRecord; readonly outcome: RecordOutcome }>();
  /** Reservation → the record that is held back for it. */
  readonly #held = new Map<string, number>();
  /** Operation that was refused → its record. */
  readonly #refused = new Map<string, number>();
  #lastSeq = 0;
  #lines = 0;
  /** The file lacks what it could not take. */
  #isBehind = false;
  /** Not before, on the monotonic clock. */
  #rewriteAt = 0;

  /** @throws Error where the file cannot be used. */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#file = options.file === undefined ? null : new JournalFile(options.file, options.write);
    for (const line of this.#file?.read() ?? []) this.#apply(line);
  }

  /** Operations and endings that the service does not have yet. */
  get pending(): number {
    return this.#pending.size;
  }

  add(record: JournalRecord): void {
    const { maxOperations, onFailed } = this.#options;
    if (this.#pending.size >= maxOperations) {
      onFailed(
        'full',
        `The journal holds ${maxOperations} operations, and no more until some are delivered.`,
      );
      return;
    }
    this.#do({ seq: this.#lastSeq + 1, record });
  }

  /** What can be delivered, oldest first, at most `count`. `now`: epoch milliseconds. */
  due(now: number, count: number): JournalEntry[] {
    const due: JournalEntry[] = [];
    for (const [seq, record] of this.#pending) {
      if (due.length >= count) break;
      const heldUntil = record.kind === 'operation' ? (record.held?.untilMs ?? 0) : 0;
      if (heldUntil <= now) due.push({ seq, record });
    }
    return due;
  }

  settle(settled: readonly (readonly [seq: number, outcome: RecordOutcome])[]): void {
    this.#do({ settled });
  }

  /** Its reservation has ended otherwise. */
  withdraw(reservationId: string): void {
    const seq = this.#held.get(reservationId);
    if (seq !== undefined) this.#do({ withdrawn: seq });
  }

  /**
   * The service allowed an operation that was refused here: nothing is to be reported of the refusal, which would reverse what
   * the service has counted since.
   */
  allowed(resource: string, operationId: string): void {
    if (this.#refused.size === 0) return;
    const seq = this.#refused.get(nameOf({ resource, operationId }));
    if (seq !== undefined) this.settle([[seq, 'voided']]);
  }

  /** As it is now: what is delivered while a caller goes through them is neither missed nor seen twice. */
  affected(): IterableIterator<AffectedOperation> {
    const all: AffectedOperation[] = [];
    for (const { record, outcome } of this.#settled.values()) {
      if (record.kind === 'operation' && outcome !== 'ended') all.push({ ...record.operation, outcome });
    }
    for (const record of this.#pending.values()) {
      if (record.kind === 'operation') all.push({ ...record.operation, outcome: null });
    }
    return all.values();
  }

  close(): void {
    this.#file?.close();
  }

  #do(line: JournalLine): void {
    this.#apply(line);
    if (this.#file) this.#keep(this.#file, line);
  }

  /** A full disk takes no lines, and perhaps half of one. Once it takes one again, all that is in memory is written. */
  #keep(file: JournalFile, line: JournalLine): void {
    try {
      file.append(line);
    } catch (error) {
      this.#isBehind = true;
      return this.#notKept(error as Error);
    }
    const now = performance.now();
    if ((!this.#isBehind && !this.#isCrowded(file)) || now < this.#rewriteAt) return;
    try {
      this.#rewrite(file);
      this.#isBehind = false;
    } catch (error) {
      this.#rewriteAt = now + RETRY_MS;
      if (this.#isBehind) this.#notKept(error as Error);
    }
  }

  #notKept({ message }: Error): void {
    this.#options.onFailed('file', `${this.#options.file} cannot be written: ${message}`);
  }

  #apply(line: JournalLine): void {
    this.#lines += 1;
    if ('withdrawn' in line) return this.#forget(line.withdrawn);
    if ('settled' in line) {
      for (const [seq, outcome] of line.settled) this.#settle(seq, outcome);
      return this.#makeRoom();
    }
    const { seq, record, outcome } = line;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#pending.set(seq, record);
    if (record.kind === 'operation') {
      if (record.held) this.#held.set(record.held.reservationId, seq);
      if (!record.operation.allowed) this.#refused.set(nameOf(record.operation), seq);
    }
    if (outcome) this.#settle(seq, outcome);
    this.#makeRoom();
  }

  #settle(seq: number, outcome: RecordOutcome): void {
    const record = this.#pending.get(seq);
    if (!record) return;
    this.#forget(seq);
    if (record.kind === 'operation') this.#settled.set(seq, { record, outcome });
  }

  #forget(seq: number): void {
    const record = this.#pending.get(seq);
    if (record?.kind === 'operation') {
      if (record.held) this.#held.delete(record.held.reservationId);
      const name = nameOf(record.operation);
      if (this.#refused.get(name) === seq) this.#refused.delete(name);
    }
    this.#pending.delete(seq);
  }

  /** What is delivered makes room for what is not. */
  #makeRoom(): void {
    for (const seq of this.#settled.keys()) {
      if (this.#pending.size + this.#settled.size <= this.#options.maxOperations) return;
      this.#settled.delete(seq);
    }
  }

  /** It holds far more lines than are kept. */
  #isCrowded(file: JournalFile): boolean {
    const kept = this.#pending.size + this.#settled.size;
    const isIdle = this.#pending.size === 0 && this.#lines > kept && file.bytes > MAX_IDLE_BYTES;
    return isIdle || this.#lines > LINES_A_RECORD * Math.max(kept, this.#options.maxOperations);
  }

  #rewrite(file: JournalFile): void {
    const settled = [...this.#settled].map(([seq, entry]) => ({ seq, ...entry }));
    const pending = [...this.#pending].map(([seq, record]) => ({ seq, record }));
    const lines = [...settled, ...pending];
    file.rewrite(lines);
    this.#lines = lines.length;
  }
}

/** No name has a line feed. */
function nameOf({
  resource,
  operationId,
}: {
  readonly resource: string;
  readonly operationId: string;
}): string {
  return `${resource}\n${operationId}`;
}
