import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIVATE_FILE } from '../../../files/private-modes.js';

/** A segment that has this many bytes gets no more groups. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

const NAME = /^counters-(\d{8,15})\.log$/;

/** One file of the log. */
export interface LogSegment {
  readonly number: number;
  readonly bytes: number;
  /** When its last group was sealed, by the machine's clock: all its operations were counted before. */
  readonly lastAt: number;
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `counters-${String(number).padStart(8, '0')}.log`);
}

/** The numbers of the segments in a directory, the oldest first. */
export async function segmentNumbers(directory: string): Promise<number[]> {
  const numbers = (await readdir(directory)).map((name) => Number(NAME.exec(name)?.[1] ?? NaN));
  return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
}

/** The log's files: groups go to the end of the newest; the oldest are removed one by one. */
export class LogSegments {
  readonly #directory: string;
  readonly #closed: LogSegment[];
  #newest: LogSegment;
  #file: FileHandle | undefined;
  /** The newest was made since the directory was synced. */
  #isNew = false;

  /** `found` are those that are there, whole, the oldest first. */
  constructor(directory: string, found: readonly LogSegment[]) {
    this.#directory = directory;
    this.#newest = found.at(-1) ?? { number: 1, bytes: 0, lastAt: -Infinity };
    this.#closed = found.slice(0, -1);
  }

  /** The number of the segment that the next group goes to, or one before it. */
  get newest(): number {
    return this.#newest.number;
  }

  /** All but the newest, the oldest first. */
  get closed(): readonly LogSegment[] {
    return this.#closed;
  }

  get bytes(): number {
    return this.#closed.reduce((sum, { bytes }) => sum + bytes, this.#newest.bytes);
  }

  /** Writes a group behind the others. When that fails, the segment is as it was before. */
  async append(group: Buffer, sealedAt: number): Promise<void> {
    if (this.#newest.bytes >= SEGMENT_BYTES) await this.#begin();
    const file = (this.#file ??= await this.#openNewest());
    try {
      await writeWhole(file, group, this.#newest.bytes);
    } catch (error) {
      await file.truncate(this.#newest.bytes).catch(() => undefined);
      throw error;
    }
    const { number, bytes, lastAt } = this.#newest;
    this.#newest = { number, bytes: bytes + group.length, lastAt: Math.max(lastAt, sealedAt) };
  }

  /** Resolves when all that was appended is on the disk. */
  async sync(): Promise<void> {
    await this.#file?.datasync();
    if (!this.#isNew) return;
    await syncDirectory(this.#directory);
    this.#isNew = false;
  }

  /** Removes the closed segments before this one. */
  async removeBefore(number: number): Promise<void> {
    while (this.#closed[0] !== undefined && this.#closed[0].number < number) {
      await rm(segmentPath(this.#directory, this.#closed[0].number), { force: true });
      this.#closed.shift();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #begin(): Promise<void> {
    await this.sync();
    await this.close();
    this.#closed.push(this.#newest);
    this.#newest = { number: this.#newest.number + 1, bytes: 0, lastAt: -Infinity };
  }

  async #openNewest(): Promise<FileHandle> {
    // Not "a", which would write behind what a failed write has left.
    const path = segmentPath(this.#directory, this.#newest.number);
    const exists = this.#newest.bytes > 0;
    const file = await open(path, exists ? 'r+' : 'w', PRIVATE_FILE);
    this.#isNew ||= !exists;
    return file;
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Else a power failure may forget the file. Not every system can. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}
