import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { lockFile } from './file-lock.js';
import { type JournalLine, parseLine } from './journal-record.js';

/** Readable by its user alone: it names subjects. */
const MODE = 0o600;

/**
 * Lines of JSON, each written to the operating system before the decision is answered: they survive `kill -9` of the
 * process (not a power cut). A line that was cut at the file's end is passed over.
 */
export class JournalFile {
  readonly #path: string;
  readonly #unlock: () => void;
  #fd: number;

  /** @throws Error where the file cannot be opened, or is another client's. */
  constructor(path: string) {
    this.#path = path;
    this.#unlock = lockFile(path);
    try {
      this.#fd = openSync(path, 'a+', MODE);
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  get bytes(): number {
    return fstatSync(this.#fd).size;
  }

  /** Everything that can be read; what follows begins on a line of its own. */
  read(): JournalLine[] {
    const text = readFileSync(this.#path, 'utf8');
    if (text !== '' && !text.endsWith('\n')) writeSync(this.#fd, '\n');
    return text
      .split('\n')
      .map((line) => (line === '' ? null : parseLine(line)))
      .filter((line) => line !== null);
  }

  append(line: JournalLine): void {
    this.#write(this.#fd, `${JSON.stringify(line)}\n`);
  }

  /** These lines alone, as one step: a process that is killed meanwhile leaves the old file or the new one. */
  rewrite(lines: readonly JournalLine[]): void {
    const next = `${this.#path}.new`;
    const fd = openSync(next, 'w', MODE);
    try {
      this.#write(fd, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    } finally {
      closeSync(fd);
    }
    renameSync(next, this.#path);
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, 'a+', MODE);
  }

  close(): void {
    closeSync(this.#fd);
    this.#unlock();
  }

  /** A full disk takes part of a line: the next one begins on its own. */
  #write(fd: number, text: string): void {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
  }
}
