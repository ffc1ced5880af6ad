import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Subject } from '@sundial/contract';
import type { LedgerGap } from '../contract/ledger.js';
import type { DeletedSubjectData } from '../contract/ledger-questions.js';
import type {
  Derived,
  LedgerStore,
  NewRows,
  RetentionBounds,
  StoredState,
  WrittenRows,
} from '../recording/ledger-store.js';
import { DayFile } from './day-file.js';
import { dayOf, daysIn, pathOf } from './day-files.js';
import { deleteSubject } from './delete-subject.js';
import { PermanentFile } from './permanent-file.js';
import { blocksIn } from './stored-blocks.js';
import { retainDays } from './retain-days.js';

/** Some thousands of rows. */
const BLOCKS_AT_ONCE = 100;

/** Events in a file a day, in a directory that is this node's own. */
export class SqliteStore implements LedgerStore {
  readonly maxSums = 100_000;
  #permanent: PermanentFile | undefined;
  #day: DayFile | undefined;
  #position = 0;

  constructor(
    private readonly node: string,
    private readonly directory: string,
    private readonly maxBytes: number,
    private readonly now: () => number,
  ) {}

  async open(): Promise<StoredState> {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#permanent ??= await PermanentFile.open(this.directory, { migrates: true });
    const { derivedUpTo, uncleanAt } = this.#permanent.before();
    this.#position = derivedUpTo;
    const newest = daysIn(this.directory).at(-1);
    if (newest !== undefined) {
      this.#day ??= this.#fileOf(newest);
      this.#position = Math.max(this.#position, this.#day.lastSeq);
    }
    this.#permanent.beginSession(this.node, randomUUID(), this.now());
    return {
      unclean: uncleanAt ?? undefined,
      counted: this.#day?.counted() ?? [],
      outages: this.#permanent.outages(this.node),
      derivedUpTo,
    };
  }

  beginsNewDay(): boolean {
    return this.#day === undefined || this.#day.day < dayOf(this.now());
  }

  write(rows: NewRows): Promise<number> {
    const day = this.#dayForNow();
    const length = rows.blocks.reduce((sum, block) => sum + block.rows, 0);
    // A batch that is written again may be there already: only what is beside it is missing then.
    if (length === 0 || day.lastSeq < this.#position + length) day.append(rows, this.#position);
    this.#opened.keep(this.node, rows.blocks, this.#position);
    this.#opened.markFlushed(this.node, this.now());
    this.#position += length;
    return Promise.resolve(this.#position);
  }

  applyDerived(derived: Derived): Promise<void> {
    this.#opened.apply(this.node, derived);
    return Promise.resolve();
  }

  rowsAfter(position: number): Promise<readonly WrittenRows[]> {
    for (const day of daysIn(this.directory)) {
      const rows = this.#inDay(day, (file) => rowsBehind(file, position));
      if (rows.length > 0) return Promise.resolve(rows);
    }
    return Promise.resolve([]);
  }

  retain({ days }: RetentionBounds, now: number): Promise<readonly LedgerGap[]> {
    const { directory, maxBytes } = this;
    const bounds = { directory, maxBytes, oldestDay: dayOf(now - days * 86_400_000), now };
    return Promise.resolve(retainDays(bounds, this.#day, this.#opened));
  }

  deleteSubject(subject: Subject): Promise<DeletedSubjectData> {
    const files = daysIn(this.directory);
    let events = 0;
    for (const day of files) events += this.#inDay(day, (file) => deleteSubject(file, subject));
    return Promise.resolve({ events, windows: this.#opened.deleteSubject(subject) });
  }

  close(clean: boolean): Promise<void> {
    if (clean) this.#opened.markEnded(this.node);
    this.#day?.close();
    this.#permanent?.close();
    return Promise.resolve();
  }

  get #opened(): PermanentFile {
    if (!this.#permanent) throw new Error('The store is not open.');
    return this.#permanent;
  }

  #fileOf(day: string): DayFile {
    return new DayFile(day, pathOf(this.directory, day), this.node, this.maxBytes / 8);
  }

  #inDay<T>(day: string, work: (file: DayFile) => T): T {
    if (day === this.#day?.day) return work(this.#day);
    const file = this.#fileOf(day);
    try {
      return work(file);
    } finally {
      file.close();
    }
  }

  /** Today's file; a clock that was set back goes on with the newest. */
  #dayForNow(): DayFile {
    const today = dayOf(this.now());
    if (this.#day && this.#day.day >= today) return this.#day;
    this.#day?.finish();
    this.#day = this.#fileOf(today);
    return this.#day;
  }
}

function rowsBehind({ database }: DayFile, position: number): readonly WrittenRows[] {
  const found: WrittenRows[] = [];
  const behind = { first: position + 1, last: Number.MAX_SAFE_INTEGER, from: 0, to: Number.MAX_SAFE_INTEGER };
  for (const block of blocksIn(database, behind, 'oldest')) {
    const { firstSeq, rows } = block;
    found.push({ block, skip: Math.max(0, position + 1 - firstSeq), position: firstSeq + rows - 1 });
    if (found.length >= BLOCKS_AT_ONCE) break;
  }
  return found;
}
