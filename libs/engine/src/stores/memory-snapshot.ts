import { createReadStream } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { crc32 } from 'node:zlib';
import { makeDirectory } from '../files/make-directory.js';
import type { KeptWindow, MemoryBooks, MemoryOperation } from './memory-books.js';

const FILE = 'counters.ndjson';
const FORMAT = 1;
const WRITE_EVERY_MS = 1_000;
/** Lines put together before the event loop gets its turn. */
const LINES_A_WRITE = 1_000;
/** Writing takes at most a fifth of the time, however many subjects are active. */
const REST_FACTOR = 4;

/**
 * The embedded store's counters and operations on disk, in one file that is replaced as a whole:
 * `{format}`, a line a counter, a line an operation, `{checksum}` of all lines before. A crash loses at most what changed since the
 * last one: a second, or four times the time one takes to write.
 */
export class MemorySnapshot {
  readonly #path: string;
  readonly #books: MemoryBooks;
  readonly #onError: (error: Error) => void;
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, books: MemoryBooks, onError: (error: Error) => void) {
    this.#path = path;
    this.#books = books;
    this.#onError = onError;
  }

  /** Fills the books from the directory's snapshot, if there is one, and begins to keep it up to date. */
  static async open(
    directory: string,
    books: MemoryBooks,
    onError: (error: Error) => void = () => undefined,
  ): Promise<MemorySnapshot> {
    await makeDirectory(directory);
    const path = join(directory, FILE);
    if (await exists(path)) await load(path, books);
    const snapshot = new MemorySnapshot(path, books, onError);
    snapshot.#written = books.changes;
    snapshot.#schedule(WRITE_EVERY_MS);
    return snapshot;
  }

  /** Writes what has changed since the last snapshot, and no more after it. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#books.changes !== this.#written) await this.#write();
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      const began = performance.now();
      this.#writing = (this.#books.changes === this.#written ? Promise.resolve() : this.#write())
        .catch((error: Error) => this.#onError(error))
        .then(() => this.#schedule(Math.max(WRITE_EVERY_MS, REST_FACTOR * (performance.now() - began))));
    }, delayMs).unref();
  }

  async #write(): Promise<void> {
    const changes = this.#books.changes;
    const file = await open(`${this.#path}.new`, 'w');
    try {
      await writeLines(file, linesOf(this.#books));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
    this.#written = changes;
  }
}

type Line =
  | { readonly counter: string; readonly windows: readonly KeptWindow[] }
  | ({ readonly operation: string } & MemoryOperation);

function* linesOf(books: MemoryBooks): Generator<Line> {
  for (const [counter, kept] of books.counters) yield { counter, windows: [...kept.windows()].map(asKept) };
  for (const [operation, record] of books.operations()) yield { operation, ...record };
}

function asKept({ field, startsAt, resetsAt, used }: KeptWindow): KeptWindow {
  return { field, startsAt, resetsAt, used };
}

async function writeLines(file: FileHandle, lines: Iterable<Line>): Promise<void> {
  let [count, checksum, text] = [0, 0, `${JSON.stringify({ format: FORMAT })}\n`];
  for (const line of lines) {
    text += `${JSON.stringify(line)}\n`;
    if (++count % LINES_A_WRITE > 0) continue;
    await file.appendFile(text);
    checksum = crc32(text, checksum);
    text = '';
  }
  await file.appendFile(`${text}${JSON.stringify({ checksum: crc32(text, checksum) })}\n`);
}

async function load(path: string, books: MemoryBooks): Promise<void> {
  let [checksum, isWhole] = [0, false];
  try {
    for await (const text of createInterface({ input: createReadStream(path, 'utf8') })) {
      const line = JSON.parse(text) as Line | { format: number } | { checksum: number };
      isWhole = 'checksum' in line && line.checksum === checksum;
      checksum = crc32(`${text}\n`, checksum);
      if ('format' in line) {
        if (line.format !== FORMAT) throw new Error(`format ${line.format} is not known`);
      } else if (!('checksum' in line)) restore(line, books);
    }
    if (!isWhole) throw new Error('its checksum is missing or wrong');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${path} is damaged (${reason}). Restore it, or remove it to start with empty counters.`,
      { cause },
    );
  }
}

function restore(line: Line, books: MemoryBooks): void {
  if ('counter' in line) {
    books.restore(line.counter, line.windows);
    return;
  }
  const { operation, ...record } = line;
  books.remember(operation, record);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
