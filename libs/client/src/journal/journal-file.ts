import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { lockFile } from './file-lock.js';
import { type JournalLine, parseLine } from './journal-record.js';

/** Readable by its user alone: it names subjects. */
const MODE = 0o600;

/** How bytes go to a file, from an offset on: answers how many went. */
export type Write = (fd: number, bytes: Uint8Array, offset: number) => number;

/**
 * Lines of JSON, each written to the operating system before the decision is answered: they survive `kill -9` of the
 * process (not a power cut). A line that was cut at the file's end is passed over.
 */
export class JournalFile {
  readonly #path: string;
  readonly #unlock: () => void;
  readonly #write: Write;
  /** Null once it is closed: by then the number may be that of another file. */
  #fd: number | null;
  /** A write failed within a line: the next one begins on its own. */
  #isCut = false;

  /** `write`: in place of the system's, for tests. @throws Error where the file cannot be opened, or is another client's. */
  constructor(path: string, write: Write = writeSync) {
    this.#path = path;
    this.#write = write;
    this.#unlock = lockFile(path);
    try {
      this.#fd = openSync(path, 'a+', MODE);
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  get bytes(): number {
    return fstatSync(this.#open()).size;
  }

  /** Everything that can be read; what follows begins on a line of its own. */
  read(): JournalLine[] {
    const text = readFileSync(this.#path, 'utf8');
    this.#isCut = text !== '' && !text.endsWith('\n');
    return text
      .split('\n')
      .map((line) => (line === '' ? null : parseLine(line)))
      .filter((line) => line !== null);
  }

  /** @throws Error where the system does not take all of it. */
  append(line: JournalLine): void {
    const text = `${this.#isCut ? '\n' : ''}${JSON.stringify(line)}\n`;
    this.#isCut = true;
    this.#writeAll(this.#open(), text);
    this.#isCut = false;
  }

  /**
   * These lines alone, as one step: a process that is killed meanwhile leaves the old file or the new one.
   *
   * @throws Error where the system does not take all of it: then the old file stays as it is.
   */
  rewrite(lines: readonly JournalLine[]): void {
    const old = this.#open();
    const next = `${this.#path}.new`;
    const fd = openSync(next, 'w+', MODE);
    try {
      this.#writeAll(fd, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      renameSync(next, this.#path);
    } catch (error) {
      closeSync(fd);
      rmSync(next, { force: true });
      throw error;
    }
    this.#fd = fd;
    this.#isCut = false;
    closeSync(old);
  }

  close(): void {
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
    this.#unlock();
  }

  #open(): number {
    if (this.#fd === null) throw new Error('the client is closed');
    return this.#fd;
  }

  #writeAll(fd: number, text: string): void {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += this.#write(fd, bytes, written);
  }
}
