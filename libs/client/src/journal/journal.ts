import type { AffectedOperation } from './affected-operation.js';
import { JournalFile } from './journal-file.js';
import type { JournalEntry, JournalLine, JournalRecord, RecordOutcome } from './journal-record.js';

/** A file with nothing to deliver in it is begun afresh where it has grown beyond this. */
const MAX_IDLE_BYTES = 1_024 * 1_024;
/** Lines in the file for each record that is kept, before it is rewritten. */
const LINES_A_RECORD = 4;

export interface JournalOptions {
  readonly maxOperations: number;
  readonly file: string | undefined;
  readonly onFailed: (problem: 'full' | 'file', detail: string) => void;
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
  #lastSeq = 0;
  #lines = 0;

  /** @throws Error where the file cannot be used. */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#file = options.file === undefined ? null : new JournalFile(options.file);
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

  *affected(): Generator<AffectedOperation> {
    for (const { record, outcome } of this.#settled.values()) {
      if (record.kind === 'operation' && outcome !== 'ended') yield { ...record.operation, outcome };
    }
    for (const record of this.#pending.values()) {
      if (record.kind === 'operation') yield { ...record.operation, outcome: null };
    }
  }

  close(): void {
    this.#file?.close();
  }

  #do(line: JournalLine): void {
    this.#apply(line);
    try {
      this.#file?.append(line);
      this.#compact();
    } catch (error) {
      this.#options.onFailed('file', `${this.#options.file} cannot be written: ${(error as Error).message}`);
    }
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
    if (record.kind === 'operation' && record.held) this.#held.set(record.held.reservationId, seq);
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
    if (record?.kind === 'operation' && record.held) this.#held.delete(record.held.reservationId);
    this.#pending.delete(seq);
  }

  /** What is delivered makes room for what is not. */
  #makeRoom(): void {
    for (const seq of this.#settled.keys()) {
      if (this.#pending.size + this.#settled.size <= this.#options.maxOperations) return;
      this.#settled.delete(seq);
    }
  }

  #compact(): void {
    if (!this.#file) return;
    const kept = this.#pending.size + this.#settled.size;
    const isIdle = this.#pending.size === 0 && this.#lines > kept && this.#file.bytes > MAX_IDLE_BYTES;
    if (!isIdle && this.#lines <= LINES_A_RECORD * Math.max(kept, this.#options.maxOperations)) return;
    const settled = [...this.#settled].map(([seq, entry]) => ({ seq, ...entry }));
    const pending = [...this.#pending].map(([seq, record]) => ({ seq, record }));
    const lines = [...settled, ...pending];
    this.#file.rewrite(lines);
    this.#lines = lines.length;
  }
}
