import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../files/make-directory.js';
import { PRIVATE_FILE } from '../files/private-modes.js';
import { bookOf, changeOf, wholeBook } from './book-lines.js';
import type { RuleEdits } from './rules-by-id.js';
import type { StoredBook } from './stored-book.js';

/** The file is written as a whole after so many changes, which bounds it and the time of a start. */
const MAX_CHANGES = 1_000;
/** Rules in one change; a larger one writes the whole file, which is cut into pieces. */
const MAX_EDITS = 200;
/** How often the book is written again while the disk does not take it. */
const RETRY_MS = 1_000;
/** Never makes a file: without its header a change is of no use. */
const APPEND = constants.O_WRONLY | constants.O_APPEND;

/**
 * A book on disk, in one file: whole, then line by line what has changed since. A crash leaves the old book or the new
 * one. What a save costs depends on what has changed. While the disk does not take it, it is tried again by itself, so
 * that the end of the trouble is known too.
 */
export class BookFile {
  /** What the file holds, as far as this process knows. */
  #saved: StoredBook | undefined;
  #changes = 0;
  /** What is to be in the file. */
  #kept: StoredBook | undefined;
  #trouble: Error | undefined;
  #retry: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  /** `onTrouble` is called when the file cannot be written, and with null when it can be again. */
  constructor(
    readonly path: string,
    private readonly onTrouble: (error: Error | null) => void = () => undefined,
  ) {}

  /**
   * The book, or undefined where there is no file.
   * @throws Error that names the file, when it is there and cannot be used.
   */
  async read(): Promise<StoredBook | undefined> {
    try {
      const text = await readFile(this.path, 'utf8');
      // An older version left it for all to read.
      await chmod(this.path, PRIVATE_FILE).catch(() => undefined);
      return (this.#kept = bookOf(text));
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const advice = 'Restore it from a backup, or remove it to begin with the rules of the start-up file.';
      throw new Error(`The rules in ${this.path} cannot be used: ${reason}. ${advice}`, { cause });
    }
  }

  /**
   * Resolves when the book is on disk. Where that fails, the file is to have the `fallback`: the one before, unless given
   * otherwise.
   */
  save(book: StoredBook, fallback = this.#kept): Promise<void> {
    return this.#inTurn(() => this.#attempt(book, fallback));
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    return (this.#last = this.#last.catch(() => undefined).then(act));
  }

  async #attempt(book: StoredBook, fallback: StoredBook | undefined): Promise<void> {
    try {
      await this.#write(book);
      this.#kept = book;
      this.#end();
    } catch (error) {
      this.#kept = fallback;
      this.#begin(error as Error);
      throw error;
    }
  }

  #begin(error: Error): void {
    if (this.#trouble === undefined) this.onTrouble(error);
    this.#trouble = error;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      const again = () => (this.#kept ? this.#attempt(this.#kept, this.#kept) : Promise.resolve());
      this.#inTurn(again).catch(() => undefined);
    }, RETRY_MS).unref();
  }

  #end(): void {
    clearTimeout(this.#retry);
    if (this.#trouble !== undefined) this.onTrouble(null);
    this.#trouble = undefined;
  }

  async #write(book: StoredBook): Promise<void> {
    const edits = this.#saved?.rules.editsTo(book.rules);
    const isSmall = edits !== undefined && edits.set.length + edits.removed.length <= MAX_EDITS;
    const appended = isSmall && this.#changes < MAX_CHANGES && (await this.#append(book, edits));
    if (!appended) await this.#replace(book);
    this.#changes = appended ? this.#changes + 1 : 0;
    this.#saved = book;
  }

  /** False where that was not possible: the file may then end with a part of the line, and is replaced next time. */
  async #append(book: StoredBook, edits: RuleEdits): Promise<boolean> {
    const before = this.#saved!;
    this.#saved = undefined;
    try {
      await synced(this.path, APPEND, async (file) => {
        const { size } = await file.stat();
        try {
          await file.writeFile(changeOf(before, book, edits));
        } catch (error) {
          await file.truncate(size);
          throw error;
        }
      });
      return true;
    } catch {
      return false;
    }
  }

  async #replace(book: StoredBook): Promise<void> {
    this.#saved = undefined;
    const folder = dirname(this.path);
    // Nodes on one machine may share a data directory, so no two writers share a temporary file.
    const temporary = `${this.path}.${randomUUID()}.new`;
    await makeDirectory(folder);
    try {
      await synced(temporary, 'wx', async (file) => {
        for (const piece of wholeBook(book)) await file.writeFile(piece);
      });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    // The new file is in its place; where a folder cannot be synced (Windows), that has to do.
    await synced(folder, 'r', async () => undefined).catch(() => undefined);
  }
}

type OpenFile = Awaited<ReturnType<typeof open>>;

async function synced(
  path: string,
  flags: string | number,
  act: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, PRIVATE_FILE);
  try {
    await act(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}
