import { randomUUID } from 'node:crypto';
import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../files/make-directory.js';
import { PRIVATE_FILE } from '../files/private-modes.js';
import { StoredBook } from './stored-book.js';

/** A book on disk, in one file that is replaced as a whole: a crash leaves the old one or the new one. */
export class BookFile {
  constructor(readonly path: string) {}

  /**
   * The book, or undefined where there is no file.
   * @throws Error that names the file, when it is there and cannot be used.
   */
  async read(): Promise<StoredBook | undefined> {
    try {
      const text = await readFile(this.path, 'utf8');
      // An older version left it for all to read.
      await chmod(this.path, PRIVATE_FILE).catch(() => undefined);
      return StoredBook.fromJSON(JSON.parse(text));
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const advice = 'Restore it from a backup, or remove it to begin with the rules of the start-up file.';
      throw new Error(`The rules in ${this.path} cannot be used: ${reason}. ${advice}`, { cause });
    }
  }

  async write(book: StoredBook): Promise<void> {
    const folder = dirname(this.path);
    // Nodes on one machine may share a data directory, so no two writers share a temporary file.
    const temporary = `${this.path}.${randomUUID()}.new`;
    await makeDirectory(folder);
    try {
      await synced(temporary, 'wx', (file) => file.writeFile(`${JSON.stringify(book, null, 2)}\n`));
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

async function synced(path: string, flags: string, act: (file: OpenFile) => Promise<void>): Promise<void> {
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
