import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromCheckedLine, toCheckedLine } from './checked-line.js';

/** How long a line may wait for others before all of them are synced together. */
export const GROUP_SYNC_MS = 5;

/** What is found in a file that another run has left behind. */
export interface FoundLines {
  readonly values: readonly unknown[];
  /** Bytes behind the last whole line: a write that a crash has cut off, or damage. They are cut away. */
  readonly tornBytes: number;
}

/**
 * An append-only file of checked lines. Lines are written and synced in groups; `append` resolves when its line is on
 * the disk. After a damaged line nothing is read: what comes behind it may have been written in another order.
 */
export class JournalFile {
  readonly #path: string;
  #file: FileHandle;
  #bytes: number;
  #pending = '';
  /** The group that still takes lines. */
  #gathering: Promise<void> | undefined;
  /** The last group, gathering or being written: groups reach the disk one after the other. */
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Opens or makes the file, and reads what it holds. */
  static async open(path: string): Promise<{ file: JournalFile; found: FoundLines }> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const { values, whole } = readWholeLines(text);
    const bytes = Buffer.byteLength(whole);
    const handle = await open(path, 'a');
    await handle.truncate(bytes);
    return {
      file: new JournalFile(path, handle, bytes),
      found: { values, tornBytes: Buffer.byteLength(text) - bytes },
    };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the line is on the disk, rejects when it could not be written. */
  append(value: unknown): Promise<void> {
    this.#pending += toCheckedLine(value);
    this.#gathering ??= this.#last = settled(this.#last)
      .then(() => sleep(GROUP_SYNC_MS))
      .then(() => this.#writeGroup());
    return this.#gathering;
  }

  /** Puts these lines in the place of all others, in one step. No `append` may be under way. */
  async rewrite(values: Iterable<unknown>): Promise<void> {
    await settled(this.#last);
    let text = '';
    for (const value of values) text += toCheckedLine(value);
    const next = await open(`${this.#path}.new`, 'w');
    await next.writeFile(text);
    await next.sync();
    await rename(`${this.#path}.new`, this.#path);
    const old = this.#file;
    this.#file = next;
    this.#bytes = Buffer.byteLength(text);
    await old.close();
  }

  /** Writes what was appended. */
  async close(): Promise<void> {
    await settled(this.#last);
    await this.#file.close();
  }

  async #writeGroup(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    this.#gathering = undefined;
    try {
      await this.#file.appendFile(text);
      await this.#file.datasync();
      this.#bytes += Buffer.byteLength(text);
    } catch (error) {
      // A full disk may have taken half a line, behind which nothing would be read.
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
  }
}

function readWholeLines(text: string): { values: unknown[]; whole: string } {
  const values: unknown[] = [];
  let end = 0;
  for (let next = text.indexOf('\n'); next >= 0; next = text.indexOf('\n', end)) {
    const value = fromCheckedLine(text.slice(end, next));
    if (value === undefined) break;
    values.push(value);
    end = next + 1;
  }
  return { values, whole: text.slice(0, end) };
}

function settled(promise: Promise<void>): Promise<void> {
  return promise.catch(() => undefined);
}
