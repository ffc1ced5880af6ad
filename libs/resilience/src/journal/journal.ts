import type { Watermark } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { rm } from 'node:fs/promises';
import { DeadlineQueue } from '../guard/deadline-queue.js';
import type { OutboxJournal, PendingSource } from '../outbox/outbox-journal.js';
import { keyOf, type PendingSettlement } from '../outbox/pending-settlement.js';
import { JournalFile, type FoundLines } from './journal-file.js';
import { fromValue, linesOf, toLines, type JournalRecord } from './journal-record.js';
import type { JournalDamage } from './journal-damage.js';
import { claimJournals, type JournalSlot } from './journal-slots.js';
import { RecoveredSettlements } from './recovered-settlements.js';

/** Of the time that a check has, a strict journal's disk gets this, but at most half of it and at least a quarter. */
const STRICT_RESERVE_MS = 25;
/** Lines that wait for the disk longer than this are no longer added to: they would fill the memory. */
const STALLED_MS = 1_000;
/** How often the file is looked after: completed when lines could not be written, rewritten when mostly acknowledged. */
const TEND_EVERY_MS = 1_000;
/** A file that is smaller than this besides what is pending is left as it is. */
const SLACK_BYTES = 4 * 1024 * 1024;

export type JournalSync = 'group' | 'strict';

/** What the disk gets of the time that a check has: the store gets that much less. */
export function diskTimeOf(checkMs: number): number {
  return Math.max(Math.min(STRICT_RESERVE_MS, checkMs / 2), checkMs / 4);
}

export interface JournalOptions {
  /** Holds `journal.log`, and `journal-2.log` and so on for processes that share it. */
  readonly directory: string;
  /**
   * `group`: the node answers a degraded decision at once, and its line is on the disk a few milliseconds later: a node
   * that is killed in between forgets it. `strict`: the node answers when the line is on the disk. Where it is not there
   * at the check's deadline, the node refuses and takes the operation back (`withheld`); only policy `allow` lets it
   * answer yes all the same (`unjournaled`).
   */
  readonly sync: JournalSync;
  /** Called when the disk no longer takes lines, and with null when it does again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/**
 * The outbox of a node, on its disk: what was decided without the store and is not recorded there yet. One line says that
 * something is pending, another that it was acknowledged; after a restart the outbox takes over the rest. What was
 * acknowledged and is pending again because the last lines were lost does no harm: settlements may be repeated.
 *
 * The journal holds no settlements itself. While the disk takes no lines, they are only in the outbox; when it does
 * again, the journal rewrites its file from there.
 */
export class Journal implements OutboxJournal {
  readonly sync: JournalSync;
  readonly #file: JournalParts['file'];
  readonly #slot: JournalParts['slot'];
  readonly #onTrouble: (error: Error | null) => void;
  readonly #damages: JournalDamage[] = [];
  readonly #deadlines = new DeadlineQueue<() => void>((giveUp) => giveUp());
  readonly #tender: NodeJS.Timeout;
  /** What was found in the files, until an outbox is attached. */
  #source: PendingSource;
  #watermarks: readonly Watermark[] = [];
  /** The file has lines about settlements. */
  #hasSettlements = false;
  #unjournaled = 0;
  /** Some of what is pending, or of what was acknowledged, is not in the file. */
  #isIncomplete = false;
  #trouble: Error | null = null;
  #tending: Promise<void> | undefined;
  #group: Group | undefined;
  /** What is in no line yet, and when it will be on the disk. */
  #gathered: { readonly records: JournalRecord[]; readonly written: Promise<void> } | undefined;

  constructor(
    { sync, onTrouble }: Omit<JournalOptions, 'directory'>,
    { file, slot, recovered }: JournalParts,
  ) {
    this.sync = sync;
    this.#file = file;
    this.#slot = slot;
    this.#source = recovered;
    this.#onTrouble = onTrouble ?? (() => undefined);
    this.#tender = setInterval(() => this.#tend(), TEND_EVERY_MS).unref();
  }

  /** @throws DirectoryInUseError; Error when the file cannot be read, or was written by another version. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { own, abandoned } = await claimJournals(options.directory);
    try {
      const { file, found } = await JournalFile.open(own.path);
      const recovered = new RecoveredSettlements();
      const journal = new Journal(options, { file, slot: own, recovered });
      journal.#restore(found, recovered);
      if (found.keptAs) await file.rewrite(journal.#lines());
      for (const slot of abandoned) await journal.#adopt(slot, recovered);
      return journal;
    } catch (error) {
      await Promise.all([own, ...abandoned].map((slot) => slot.release()));
      throw error;
    }
  }

  /** What this process has kept, or those before it, of the store's state. */
  get watermarks(): readonly Watermark[] {
    return this.#watermarks;
  }

  keepWatermarks(marks: readonly Watermark[]): void {
    this.#watermarks = marks;
    this.#append({ kind: 'watermarks', marks }).catch(() => undefined);
  }

  /** The journal reads this outbox from now on; it answers with what was found pending, the oldest first. */
  attach(outbox: PendingSource): Iterable<PendingSettlement> {
    const recovered = this.#source.values();
    this.#source = outbox;
    return recovered;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  /** Of the files that were found: what could not be read of them. */
  get damages(): readonly JournalDamage[] {
    return this.#damages;
  }

  /** Answers that went out while only this process knew what is pending for them. */
  get unjournaled(): number {
    return this.#unjournaled;
  }

  /**
   * Writes a settlement down. In strict mode it says whether the disk has it, at `dueAt` (monotonic) at the latest; it
   * never rejects. A caller that is answered all the same is reported with `answeredWithout`.
   */
  enqueue(
    pending: PendingSettlement,
    { dueAt, isKnown }: { readonly dueAt: number; readonly isKnown: boolean },
  ): Promise<boolean> | undefined {
    this.#hasSettlements = true;
    const { operations, settlement } = pending;
    const { amount, amounts } = settlement;
    const written = this.#append(
      isKnown && operations && this.#trouble === null
        ? { kind: 'grown', key: keyOf(pending), amount, ...(amounts && { amounts }), operations }
        : { kind: 'pending', pending },
    );
    if (this.sync === 'strict') return written === NOT_APPENDED ? NO : this.#inTime(written, dueAt);
    written.catch(() => this.answeredWithout());
    return undefined;
  }

  /** An answer goes out while only this process knows what is pending for it. */
  answeredWithout(): void {
    this.#unjournaled++;
  }

  /** The store has recorded what was pending under this key, or never will. */
  acknowledge(key: string, outcome: string): void {
    this.#append({ kind: 'acknowledged', key, outcome }).catch(() => undefined);
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
  async #adopt(slot: JournalSlot, recovered: RecoveredSettlements): Promise<void> {
    const { file, found } = await JournalFile.open(slot.path);
    await file.close();
    this.#restore(found, recovered);
    await this.#file.rewrite(this.#lines());
    await rm(slot.path);
    await slot.release();
  }

  #restore({ values, tornBytes, keptAs, writtenAt }: FoundLines, recovered: RecoveredSettlements): void {
    let from = writtenAt;
    let marks: readonly Watermark[] = [];
    for (const record of values.flatMap(fromValue)) {
      if (record.kind === 'watermarks') {
        marks = record.marks;
        continue;
      }
      if (record.kind === 'pending') from = Math.min(from, record.pending.decidedAt);
      this.#hasSettlements = true;
      recovered.add(record);
    }
    if (keptAs) this.#damages.push({ bytes: tornBytes, keptAs, from, to: writtenAt });
    this.#watermarks = [...this.#watermarks, ...marks];
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
    const { bytes } = this.#source;
    const isMostlyAcknowledged = this.#file.bytes > 2 * bytes + SLACK_BYTES;
    const isAllAcknowledged = bytes === 0 && this.#hasSettlements;
    if (this.#tending || !(this.#isIncomplete || isMostlyAcknowledged || isAllAcknowledged)) return;
    // From now on lines are appended behind the new file, so that it misses none.
    this.#isIncomplete = false;
    this.#hasSettlements = bytes > 0;
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
    const marks = this.#watermarks;
    if (marks.length > 0) yield toLines([{ kind: 'watermarks', marks }]);
    yield* linesOf(this.#source.values());
  }
}

/** What `Journal.open` puts a journal together from. */
export interface JournalParts {
  readonly file: Pick<JournalFile, 'bytes' | 'append' | 'rewrite' | 'look' | 'close'>;
  readonly slot: Pick<JournalSlot, 'release'>;
  readonly recovered: RecoveredSettlements;
}

/** Lines that are written together, and since when they wait for the disk. */
interface Group {
  since: number;
  readonly last: Promise<void>;
}

const NOT_APPENDED = Promise.reject(new Error('Not appended'));
NOT_APPENDED.catch(() => undefined);
const NO = Promise.resolve(false);
