import { makeDirectory } from '../../../files/make-directory.js';
import { REMEMBER_MS } from '../../take.js';
import type { ChangeLog, MemoryState } from '../state/memory-state.js';
import { UnloggedCounters } from '../state/unlogged-counters.js';
import { GroupWriter } from './log-group.js';
import { recover, type LogDamage, type LogProgress, type Recovered } from './log-recovery.js';
import { LogSegments } from './log-segments.js';

/** How long a change waits for others that are written with it. */
const GROUP_MS = 50;
/** A group is sealed when it has so many changes, so that sealing one takes milliseconds. */
const GROUP_CHANGES = 4_096;
/** Groups that wait for the disk. Beyond it, what changes again is written once. */
const MAX_SEALED = 8;
/** Groups that are synced together at most. */
const SYNC_GROUPS = 16;
const RETRY_MS = 1_000;
/** A disk that takes longer is reported. */
const STALLED_MS = 1_000;
/** Segments of which only counters count may hold so much more than all counters would take. */
const SLACK_BYTES = 16 * 1024 * 1024;
const COUNTER_BYTES = 100;

export interface CounterLogEvents {
  /** The log could not be written, or null: it can be again, and nothing is missing in it. Counting goes on. */
  readonly onTrouble?: (error: Error | null) => void;
  /** Now and then while a log is read that takes longer. */
  readonly onProgress?: (progress: LogProgress) => void;
}

/**
 * The embedded store's counters and operations on disk: an append-only log of groups, in segments of 8 MiB. What
 * changed within 50 ms is one group, written and synced by the thread pool while checks go on; a crash of the process loses no more.
 *
 * The log is never rewritten. Operations need no more than time: a segment is of no use to them when the last has been
 * forgotten. When such segments hold more than all counters would take and 16 MiB, the sweep copies the counters that
 * stand nowhere else to the end, and they are removed. So the files hold at most twice the counters, what was written
 * in the last 15 minutes, and what is written during two rounds of the sweep (20,000 counters a second).
 */
export class CounterLog implements ChangeLog {
  readonly counters: UnloggedCounters;
  readonly #state: MemoryState;
  readonly #events: CounterLogEvents;
  readonly #segments: LogSegments;
  readonly #writer: GroupWriter;
  readonly #sealed: { readonly group: Buffer; readonly sealedAt: number }[] = [];
  #sequence: number;
  #operations = 0;
  #counterBytes = COUNTER_BYTES;
  #timer: NodeJS.Timeout | undefined;
  readonly #watch: NodeJS.Timeout;
  #turning: Promise<void> = Promise.resolve();
  #turningSince: number | undefined;
  #isInTrouble = false;
  #isClosed = false;

  private constructor(
    directory: string,
    { segments, sequence }: Recovered,
    state: MemoryState,
    events: CounterLogEvents,
  ) {
    this.#state = state;
    this.counters = new UnloggedCounters(state.counters.records);
    this.#writer = new GroupWriter(state.counters.records);
    this.#events = events;
    this.#segments = new LogSegments(directory, segments);
    this.#sequence = sequence;
    this.#watch = setInterval(() => this.#checkTheDisk(), STALLED_MS / 2).unref();
    this.#schedule(GROUP_MS);
  }

  /** Restores the state from the directory's log, if there is one, and writes what changes from then on. */
  static async open(
    directory: string,
    state: MemoryState,
    events: CounterLogEvents = {},
  ): Promise<{ readonly log: CounterLog; readonly damages: readonly LogDamage[] }> {
    await makeDirectory(directory);
    const recovered = await recover(directory, state, events.onProgress ?? (() => undefined));
    const log = new CounterLog(directory, recovered, state, events);
    state.logTo(log);
    return { log, damages: recovered.damages };
  }

  /** The size of the files. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /** Nothing that belongs together is half done: a group that is full may be sealed. */
  beginChange(): void {
    const isFull = this.#operations + this.counters.size >= GROUP_CHANGES;
    if (isFull && this.#sealed.length < MAX_SEALED) this.#seal();
  }

  operationAdded(): void {
    this.#operations++;
  }

  /** Writes what has changed, and no more after it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    await this.#turning;
    try {
      while (this.#hasWork) await this.#turn();
    } finally {
      await this.#segments.close();
    }
  }

  get #hasWork(): boolean {
    return this.#sealed.length > 0 || this.#operations > 0 || this.counters.size > 0;
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#turningSince = performance.now();
      this.#turning = this.#turn()
        .then(
          () => {
            this.#report(null);
            return this.#hasWork && this.#sealed.length > 0 ? 0 : GROUP_MS;
          },
          (error: Error) => {
            this.#report(error);
            return RETRY_MS;
          },
        )
        .then((nextMs) => {
          this.#turningSince = undefined;
          this.#schedule(nextMs);
        });
    }, delayMs).unref();
  }

  async #turn(): Promise<void> {
    const copiedBefore = this.counters.copiedBefore;
    for (let n = 0; n < SYNC_GROUPS && this.#hasWork; n++) {
      if (this.#sealed.length === 0) this.#seal();
      const { group, sealedAt } = this.#sealed[0]!;
      await this.#segments.append(group, sealedAt);
      this.#sealed.shift();
      if (n === SYNC_GROUPS - 1 || !this.#hasWork) await this.#segments.sync();
    }
    if (this.#hasWork) return;
    await this.#segments.removeBefore(copiedBefore);
    this.#planCopies();
  }

  /**
   * Makes a group of what has changed. After trouble with the disk that may be more than one holds; then counters go
   * first, so that a crash in between forgets an operation and not what it took.
   */
  #seal(): void {
    const sealedAt = Date.now();
    this.#writer.begin();
    const before = this.#writer.bytes;
    let counters = 0;
    for (const counter of this.counters.take(GROUP_CHANGES, this.#segments.newest)) {
      this.#writer.addCounter(counter);
      counters++;
      if (this.#writer.isFull) break;
    }
    if (counters > 0)
      this.#counterBytes += ((this.#writer.bytes - before) / counters - this.#counterBytes) / 8;
    if (!this.counters.hasChanges) this.#addOperations();
    this.#sealed.push({ group: this.#writer.end({ sequence: this.#sequence++, sealedAt }), sealedAt });
  }

  #addOperations(): void {
    const { records, own, isAll } = this.#state.takeUnloggedOperations();
    for (const some of records) this.#writer.addRecords(some);
    for (const [id, operation] of own) this.#writer.addRecord(id, operation);
    if (isAll) this.#operations = 0;
  }

  #planCopies(): void {
    const forgottenBefore = Date.now() - REMEMBER_MS;
    let [bytes, last] = [0, 0];
    for (const segment of this.#segments.closed) {
      if (segment.lastAt > forgottenBefore) break;
      bytes += segment.bytes;
      last = segment.number;
    }
    if (bytes > this.#state.size.counters * this.#counterBytes + SLACK_BYTES)
      this.counters.copyBefore(last + 1);
  }

  #checkTheDisk(): void {
    const since = this.#turningSince;
    if (since !== undefined && performance.now() - since > STALLED_MS)
      this.#report(new Error('the disk does not take what is written'));
  }

  #report(error: Error | null): void {
    if (this.#isInTrouble === (error !== null)) return;
    this.#isInTrouble = error !== null;
    this.#events.onTrouble?.(error);
  }
}
