import type { StoreMark } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { rm } from 'node:fs/promises';
import { DeadlineQueue } from '../guard/deadline-queue.js';
import { bytesOf } from './compact-debts.js';
import { keyOf, type Debt } from './debt.js';
import { JournalFile, type FoundLines } from './journal-file.js';
import { fromValue, linesOf, toLines, type JournalRecord } from './journal-record.js';
import type { JournalDamage } from './journal-damage.js';
import { claimJournals, type JournalSlot } from './journal-slots.js';

/** Bytes of debts beyond which the journal is full; one is about 150 bytes. */
const MAX_OWED_BYTES = 64 * 1024 * 1024;
/** In strict mode the store gets that much less time, so that there is some left for the disk. */
export const STRICT_RESERVE_MS = 25;
/** Lines that wait for the disk longer than this are no longer added to: they would fill the memory. */
const STALLED_MS = 1_000;
/** How often the file is looked after: completed when lines could not be written, rewritten when mostly paid. */
const TEND_EVERY_MS = 1_000;
/** A file that is smaller than this besides what is owed is left as it is. */
const SLACK_BYTES = 4 * 1024 * 1024;

export type JournalSync = 'group' | 'strict';

export interface JournalOptions {
  /** Holds `journal.log`, and `journal-2.log` and so on for processes that share it. */
  readonly directory: string;
  /**
   * `group`: a degraded decision is answered at once, and its line is on the disk a few milliseconds later: a node that
   * is killed in between forgets it. `strict`: it is answered when its line is on the disk. At its deadline it is
  XX   */
  readonly sync: JournalSync;
  /** Told when the disk no longer takes lines, and with null when it does again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/**
 * The debts of a node, on its disk: what was decided without the store and is not in its books yet. A line says that
 * something is owed, another that it is paid; after a restart the rest is owed again. What was paid and is owed again
 * because the last lines were lost does no harm: settlements may be repeated.
 *
 * While the disk takes no lines, debts are only in memory. When it does again, the file is written anew.
 */
export class Journal {
  readonly sync: JournalSync;
  readonly #file: JournalFile;
  readonly #slot: JournalSlot;
  readonly #onTrouble: (error: Error | null) => void;
  readonly #owed = new Map<string, Debt>();
  readonly #damages: JournalDamage[] = [];
  readonly #deadlines = new DeadlineQueue<() => void>((giveUp) => giveUp());
  readonly #tender: NodeJS.Timeout;
  #marks: readonly StoreMark[] = [];
  /** The file has lines about debts. */
  #hasDebts = false;
  #owedBytes = 0;
  #unjournaled = 0;
  /** Some of what is owed, or of what was paid, is not in the file. */
  #isIncomplete = false;
  #trouble: Error | null = null;
  #tending: Promise<void> | undefined;
  #group: Group | undefined;
  /** What is in no line yet, and when it will be on the disk. */
  #gathered: { readonly records: JournalRecord[]; readonly written: Promise<void> } | undefined;

  private constructor(
    { sync, onTrouble }: JournalOptions,
    { file, slot }: { readonly file: JournalFile; readonly slot: JournalSlot },
  ) {
    this.sync = sync;
    this.#file = file;
    this.#slot = slot;
    this.#onTrouble = onTrouble ?? (() => undefined);
    this.#tender = setInterval(() => this.#tend(), TEND_EVERY_MS).unref();
  }

  /** @throws DirectoryInUseError; Error when the file cannot be read, or was written by another version. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { own, abandoned } = await claimJournals(options.directory);
    try {
      const { file, found } = await JournalFile.open(own.path);
      const journal = new Journal(options, { file, slot: own });
      journal.#restore(found);
      if (found.keptAs) await file.rewrite(journal.#lines());
      for (const slot of abandoned) await journal.#adopt(slot);
      return journal;
    } catch (error) {
      await Promise.all([own, ...abandoned].map((slot) => slot.release()));
      throw error;
    }
  }

  /** What this process has kept, or those before it, of the store's state. */
  get marks(): readonly StoreMark[] {
    return this.#marks;
  }

  keepMarks(marks: readonly StoreMark[]): void {
    this.#marks = marks;
    this.#append({ kind: 'marks', marks }).catch(() => undefined);
  }

  /** What is owed, the oldest first. */
  *debts(): Generator<Debt> {
    yield* this.#owed.values();
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  /** Of the files that were found: what could not be read of them. */
  get damages(): readonly JournalDamage[] {
    return this.#damages;
  }

  /** Answers that went out while only this process knew what is owed for them. */
  get unjournaled(): number {
    return this.#unjournaled;
  }

  get isFull(): boolean {
    return this.#owedBytes >= MAX_OWED_BYTES;
  }

  /**
   * Writes a debt down. In strict mode it says whether the disk has it, at `dueAt` (monotonic) at the latest; it never
   * rejects. Whoever answers all the same says so with `answeredWithout`.
   */
  owe(debt: Debt, dueAt: number): Promise<boolean> | undefined {
    const key = keyOf(debt);
    this.#hasDebts = true;
    const known = this.#owed.has(key);
    const { operations } = debt;
    const written = this.#append(
      known && operations
        ? { kind: 'grown', key, amount: debt.settlement.amount, operations }
        : { kind: 'owed', debt },
    );
    this.#keep(key, debt);
    if (this.sync === 'strict') return written === NOT_APPENDED ? NO : this.#inTime(written, dueAt);
    written.catch(() => this.answeredWithout());
    return undefined;
  }

  /** An answer goes out while only this process knows what is owed for it. */
  answeredWithout(): void {
    this.#unjournaled++;
  }

  /** The books have it, or never will. */
  paid(debt: Debt, outcome: string): void {
    const key = keyOf(debt);
    if (!this.#drop(key)) return;
    this.#append({ kind: 'paid', key, outcome }).catch(() => undefined);
  }

  /** Writes what is not written yet, and leaves the directory to another. */
  async close(): Promise<void> {
    clearInterval(this.#tender);
    await this.#tending;
    this.#tend();
    await this.#tending;
    await this.#file.close();
    await this.#slot.release();
  }

  /** Takes over what a process that shared the directory has left, and writes it down before its file is removed. */
  async #adopt(slot: JournalSlot): Promise<void> {
    const { file, found } = await JournalFile.open(slot.path);
    await file.close();
    this.#restore(found);
    await this.#file.rewrite(this.#lines());
    await rm(slot.path);
    await slot.release();
  }

  #restore({ values, tornBytes, keptAs, writtenAt }: FoundLines): void {
    let from = writtenAt;
    let marks: readonly StoreMark[] = [];
    for (const record of values.flatMap(fromValue)) {
      if (record.kind === 'owed') from = Math.min(from, record.debt.decidedAt);
      if (record.kind === 'marks') marks = record.marks;
      else this.#restoreDebt(record);
    }
    if (keptAs) this.#damages.push({ bytes: tornBytes, keptAs, from, to: writtenAt });
    this.#marks = [...this.#marks, ...marks];
  }

  #restoreDebt(record: Exclude<JournalRecord, { kind: 'marks' }>): void {
    this.#hasDebts = true;
    switch (record.kind) {
      case 'owed':
        return this.#keep(keyOf(record.debt), record.debt);
      case 'grown': {
        const { key, amount, operations } = record;
        const debt = this.#owed.get(key);
        if (debt) this.#keep(key, { ...debt, settlement: { ...debt.settlement, amount }, operations });
        return;
      }
      case 'paid':
        this.#drop(record.key);
        return;
      default:
        record satisfies never;
    }
  }

  #keep(key: string, debt: Debt): void {
    const known = this.#owed.get(key);
    this.#owedBytes += bytesOf(debt) - (known ? bytesOf(known) : 0);
    this.#owed.set(key, debt);
  }

  #drop(key: string): boolean {
    const known = this.#owed.get(key);
    if (known) this.#owedBytes -= bytesOf(known);
    return this.#owed.delete(key);
  }

  #append(record: JournalRecord): Promise<void> {
    const waitsSince = this.#group?.since ?? Infinity;
    if (this.#isIncomplete || performance.now() - waitsSince > STALLED_MS) {
      this.#fail(new Error('The disk does not take what is written'));
      return NOT_APPENDED;
    }
    const written = this.#gather(record);
    if (this.#group?.last !== written) this.#follow(written);
    return written;
  }

  /** Lines are made of many records at once, away from the decisions they are about. */
  #gather(record: JournalRecord): Promise<void> {
    if (this.#gathered) {
      this.#gathered.records.push(record);
      return this.#gathered.written;
    }
    const records = [record];
    const written = this.#file.append(() => {
      this.#gathered = undefined;
      return toLines(records);
    });
    this.#gathered = { records, written };
    return written;
  }

  /** Notes how long lines have been waiting for the disk. */
  #follow(written: Promise<void>): void {
    const group = { since: this.#group?.since ?? performance.now(), last: written };
    this.#group = group;
    const end = () => {
      if (this.#group === group) this.#group = undefined;
      else if (this.#group) this.#group.since = performance.now();
    };
    written.then(end, (error: Error) => {
      end();
      this.#fail(error);
    });
  }

  #inTime(written: Promise<void>, dueAt: number): Promise<boolean> {
    return new Promise((resolve) => {
      const deadline = this.#deadlines.add(() => resolve(false), dueAt);
      const end = (isWritten: boolean) => () => {
        deadline.done = true;
        resolve(isWritten);
      };
      written.then(end(true), end(false));
    });
  }

  #fail(error: Error): void {
    this.#isIncomplete = true;
    if (this.#trouble === null) this.#onTrouble(error);
    this.#trouble ??= error;
  }

  #tend(): void {
    this.#file.look(() => this.#fail(new Error('journal.log was removed')));
    const isMostlyPaid = this.#file.bytes > 2 * this.#owedBytes + SLACK_BYTES;
    const isAllPaid = this.#owed.size === 0 && this.#hasDebts;
    if (this.#tending || !(this.#isIncomplete || isMostlyPaid || isAllPaid)) return;
    // From now on lines are appended behind the new file, so that it misses none.
    this.#isIncomplete = false;
    this.#hasDebts = this.#owed.size > 0;
    this.#group = undefined;
    const rewritten = this.#file.rewrite(this.#lines()).then(
      () => {
        if (this.#trouble !== null && !this.#isIncomplete) this.#onTrouble((this.#trouble = null));
      },
      (error: Error) => this.#fail(error),
    );
    this.#tending = rewritten.finally(() => (this.#tending = undefined));
  }

  *#lines(): Generator<string> {
    if (this.#marks.length > 0) yield toLines([{ kind: 'marks', marks: this.#marks }]);
    yield* linesOf(this.#owed.values());
  }
}

/** Lines that are written together, and since when the disk owes an answer. */
interface Group {
  since: number;
  readonly last: Promise<void>;
}

const NOT_APPENDED = Promise.reject(new Error('Not appended'));
NOT_APPENDED.catch(() => undefined);
const NO = Promise.resolve(false);
