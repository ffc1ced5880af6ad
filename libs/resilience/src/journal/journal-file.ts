import { PRIVATE_FILE } from '@sundial/engine/ports';
import { chmod, copyFile, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromCheckedLine } from './checked-line.js';

/** How long a line may wait for others before all of them are synced together. */
const GROUP_SYNC_MS = 5;
/** What `rewrite` gathers before it lets others go on. */
const CHUNK_LENGTH = 64 * 1024;

/** What is found in a file that another run has left behind. */
export interface FoundLines {
  readonly values: readonly unknown[];
  /** Bytes that are no whole line: a write that a crash has cut off, or damage. */
  readonly tornBytes: number;
  /** Where the file is kept as it was found, when it was torn. */
  readonly keptAs: string | undefined;
  /** When it was written last, epoch milliseconds. */
  readonly writtenAt: number;
}

/**
 * An append-only file of checked lines. Lines are written and synced in groups; `append` resolves when its line is on
 * the disk. Each line vouches for itself, so damage costs the lines it is in, and what is behind the last of them is cut away.
 */
export class JournalFile {
  readonly #path: string;
  #file: FileHandle;
  #bytes: number;
  #pending: (() => string)[] = [];
  /** The group that still takes lines. */
  #gathering: Promise<void> | undefined;
  /** The last group or rewriting, waiting or under way: they reach the disk one after the other. */
  #last: Promise<void> = Promise.resolve();

  #isLooking = false;
  /** By this process. */
  #isReplacing = false;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Opens or makes the file, and reads what it holds. */
  static async open(path: string): Promise<{ file: JournalFile; found: FoundLines }> {
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const { values, wholeBytes, end } = readWholeLines(content);
    const tornBytes = content.length - wholeBytes;
    const keptAs = tornBytes > 0 ? `${path}.damaged` : undefined;
    if (keptAs) await keepAs(path, keptAs);
    const handle = await open(path, 'a', PRIVATE_FILE);
    // An older version left it for all to read.
    await handle.chmod(PRIVATE_FILE).catch(() => undefined);
    const writtenAt = (await handle.stat()).mtimeMs;
    await handle.truncate(end);
    return {
      file: new JournalFile(path, handle, end),
      found: { values, tornBytes, keptAs, writtenAt },
    };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Calls back when it was removed, or replaced by another: no process will read what is written to it then. */
  look(gone: () => void): void {
    const file = this.#file;
    if (this.#isLooking || this.#isReplacing) return;
    this.#isLooking = true;
    file
      .stat()
      .then(({ nlink }) => nlink === 0 && !this.#isReplacing && file === this.#file && gone())
      .catch(() => undefined)
      .finally(() => (this.#isLooking = false));
  }

  /**
   * Resolves when the lines are on the disk, rejects when they could not be written: with all others of their group.
   * They are only made when the group is written.
   */
  append(lines: () => string): Promise<void> {
    this.#pending.push(lines);
    this.#gathering ??= this.#last = settled(this.#last)
      .then(() => sleep(GROUP_SYNC_MS))
      .then(() => this.#writeGroup());
    return this.#gathering;
  }

  /**
   * Puts these lines in the place of all that were appended before, in one step. They are read bit by bit, so a list
   * may change meanwhile; lines that are appended meanwhile come behind.
   */
  rewrite(lines: Iterable<string>): Promise<void> {
    return (this.#last = settled(this.#last).then(() => this.#replace(lines)));
  }

  /** Writes what was appended. */
  async close(): Promise<void> {
    await settled(this.#last);
    await this.#file.close();
  }

  async #writeGroup(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    this.#gathering = undefined;
    try {
      const bytes = Buffer.from(pending.map((lines) => lines()).join(''));
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#bytes += bytes.length;
    } catch (error) {
      // A full disk may have taken half a line, behind which nothing would be read.
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
  }

  async #replace(lines: Iterable<string>): Promise<void> {
    const path = `${this.#path}.new`;
    await rm(path, { force: true });
    const next = await open(path, 'a', PRIVATE_FILE);
    try {
      for (const chunk of inChunks(lines)) await next.appendFile(chunk);
      await next.sync();
      const { size } = await next.stat();
      this.#isReplacing = true;
      await rename(path, this.#path).finally(() => (this.#isReplacing = false));
      const old = this.#file;
      this.#file = next;
      this.#bytes = size;
      await old.close();
    } catch (error) {
      await next.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncDirectory(dirname(this.#path));
  }
}

async function keepAs(path: string, copy: string): Promise<void> {
  await copyFile(path, copy);
  await chmod(copy, PRIVATE_FILE).catch(() => undefined);
}

/** All whole lines, their length, and where the last of them ends. */
function readWholeLines(content: Buffer): { values: unknown[]; wholeBytes: number; end: number } {
  const values: unknown[] = [];
  let wholeBytes = 0;
  let end = 0;
  for (let start = 0; ;) {
    const next = content.indexOf('\n', start);
    if (next < 0) break;
    const value = fromCheckedLine(content.toString('utf8', start, next));
    const length = next + 1 - start;
    start = next + 1;
    if (value === undefined) continue;
    values.push(value);
    wholeBytes += length;
    end = start;
  }
  return { values, wholeBytes, end };
}

function* inChunks(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk) yield chunk;
}

/** Else a power failure may bring the old file back. Not every system can. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}

function settled(promise: Promise<void>): Promise<void> {
  return promise.catch(() => undefined);
}
