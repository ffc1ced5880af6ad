import { copyFile, readFile, stat, truncate } from 'node:fs/promises';
import type { MemoryState } from '../state/memory-state.js';
import { readGroup, type GroupReader } from './log-group.js';
import { scan } from './log-scan.js';
import { segmentNumbers, segmentPath, type LogSegment } from './log-segments.js';

const REPORT_EVERY_MS = 1_000;

/** Of the log, something that cannot be read. What is before and behind it was. */
export interface LogDamage {
  /** The segment, or the one behind what is missing. */
  readonly path: string;
  /** What is there and cannot be read; 0 where groups are missing. */
  readonly bytes: number;
  /** It was being written when a process ended: all that it held is a moment's counts, and it was cut away. */
  readonly isTornTail: boolean;
  /** The segment as it was found, where it was changed. */
  readonly keptAs: string | undefined;
  /** What is lost was counted between these, by the machine's clock. */
  readonly from: number;
  readonly to: number;
}

export interface LogProgress {
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface Recovered {
  readonly segments: readonly LogSegment[];
  /** Of the next group. */
  readonly sequence: number;
  readonly damages: readonly LogDamage[];
  readonly totalBytes: number;
}

/** Restores a state from the log in a directory. */
export async function recover(
  directory: string,
  state: MemoryState,
  onProgress: (progress: LogProgress) => void,
): Promise<Recovered> {
  const recovery = new Recovery(directory, state);
  const numbers = await segmentNumbers(directory);
  const sizes = await Promise.all(
    numbers.map(async (number) => (await stat(segmentPath(directory, number))).size),
  );
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let [bytes, reportedAt] = [0, performance.now()];
  // The disk reads one while the one before is taken over.
  let next = readSegment(directory, numbers[0]);
  for (const [index, number] of numbers.entries()) {
    const segment = await next;
    next = readSegment(directory, numbers[index + 1]);
    await recovery.take(number, segment, index === numbers.length - 1);
    bytes += sizes[index]!;
    if (performance.now() - reportedAt < REPORT_EVERY_MS) continue;
    onProgress({ bytes, totalBytes });
    reportedAt = performance.now();
  }
  return { ...recovery.result(), totalBytes };
}

function readSegment(directory: string, number: number | undefined): Promise<Buffer> {
  if (number === undefined) return Promise.resolve(Buffer.alloc(0));
  const reading = readFile(segmentPath(directory, number));
  // `recover` rejects with it when it gets there.
  reading.catch(() => undefined);
  return reading;
}

class Recovery {
  readonly #segments: LogSegment[] = [];
  readonly #damages: LogDamage[] = [];
  #expected: number | undefined;
  #lastAt = -Infinity;

  constructor(
    private readonly directory: string,
    private readonly state: MemoryState,
  ) {}

  async take(number: number, segment: Buffer, isLast: boolean): Promise<void> {
    const path = segmentPath(this.directory, number);
    const reader: GroupReader = {
      counters: this.state.counters,
      segment: number,
      operations: this.state.restoreOperations.bind(this.state),
    };
    let [unreadable, end, lastAt] = [0, 0, -Infinity];
    let tail: { readonly kind: 'torn' | 'damaged'; readonly bytes: number } | undefined;
    for (const found of scan(segment)) {
      if (found.kind !== 'group') {
        unreadable += found.to - found.from;
        tail = { kind: found.kind, bytes: found.to - found.from };
        continue;
      }
      this.#compare(path, unreadable, found);
      readGroup(found, reader);
      [unreadable, tail, lastAt] = [0, undefined, Math.max(lastAt, found.sealedAt)];
      end = found.payload.byteOffset - segment.byteOffset + found.payload.length;
    }
    if (tail) await this.#cut(path, { end, isTornTail: isLast && tail.kind === 'torn', bytes: unreadable });
    this.#segments.push({ number, bytes: tail ? end : segment.length, lastAt });
  }

  result(): Omit<Recovered, 'totalBytes'> {
    return { segments: this.#segments, sequence: this.#expected ?? 1, damages: this.#damages };
  }

  /** Notes what is lost between the last group that could be read and this one. */
  #compare(
    path: string,
    bytes: number,
    { sequence, sealedAt }: { sequence: number; sealedAt: number },
  ): void {
    const isNext = this.#expected === undefined ? bytes === 0 : this.#expected === sequence;
    if (!isNext || bytes > 0) {
      const from = Math.min(this.#lastAt, sealedAt);
      this.#damages.push({ path, bytes, isTornTail: false, keptAs: undefined, from, to: sealedAt });
    }
    this.#expected = sequence + 1;
    this.#lastAt = sealedAt;
  }

  /** What is written next must not come behind bytes that cannot be read. */
  async #cut(
    path: string,
    { end, isTornTail, bytes }: { end: number; isTornTail: boolean; bytes: number },
  ): Promise<void> {
    const { mtimeMs } = await stat(path);
    const keptAs = isTornTail ? undefined : `${path}.damaged`;
    if (keptAs) await copyFile(path, keptAs);
    await truncate(path, end);
    const from = Math.min(this.#lastAt, mtimeMs);
    this.#damages.push({ path, bytes, isTornTail, keptAs, from, to: mtimeMs });
  }
}
