import { setTimeout as sleep } from 'node:timers/promises';
import type { GapCause, LedgerEvent } from '../contract/ledger-event.js';
import type { LedgerListeners } from '../contract/ledger.js';
import type { ThreadCalls } from '../calls/thread-calls.js';
import type { WriterNotice } from '../threads/writer-notice.js';
import { EventQueue, type QueueBounds } from './event-queue.js';

/** A batch that takes longer means that the database is away, whatever it says. */
const SLOW_MS = 3_000;
const CLOSE_WITHIN_MS = 5_000;

/** The main thread's half of writing: a queue, and one batch at a time on its way to the writer's thread. */
export class LedgerWriter {
  readonly #queue: EventQueue;
  readonly #timer: NodeJS.Timeout;
  #calls: ThreadCalls | undefined;
  #sending: Promise<void> | undefined;
  #sentAt = 0;
  #inFlight = 0;
  #away: Extract<WriterNotice, { kind: 'away' }> | undefined;
  written = 0;

  constructor(
    bounds: QueueBounds & { readonly flushEveryMs: number },
    private readonly listeners: LedgerListeners,
  ) {
    this.#queue = new EventQueue(bounds, (gap) => this.listeners.onGap?.(gap));
    this.#timer = setInterval(() => this.#send(), bounds.flushEveryMs).unref();
  }

  /** The thread that it sends to. */
  connect(calls: ThreadCalls): void {
    this.#calls = calls;
  }

  get queued(): number {
    return this.#queue.size + this.#inFlight;
  }

  get lost(): number {
    return this.#queue.lost;
  }

  get away(): Error | undefined {
    return this.#away && new Error(this.#away.message);
  }

  readonly #cause = (): GapCause => {
    if (this.#away?.isFull) return 'disk-full';
    const isSlow = this.#sending !== undefined && performance.now() - this.#sentAt > SLOW_MS;
    return this.#away || isSlow ? 'database-away' : 'queue-full';
  };

  record(event: LedgerEvent): void {
    this.#queue.push(event, this.#cause);
  }

  hear(notice: WriterNotice): void {
    if (notice.kind === 'gap') return this.listeners.onGap?.(notice.gap);
    if (notice.kind === 'back') {
      this.#away = undefined;
      return this.listeners.onAvailability?.(undefined);
    }
    const wasAway = this.#away !== undefined;
    this.#away = notice;
    if (!wasAway) this.listeners.onAvailability?.(new Error(notice.message));
  }

  /** Until what is queued now is written, or the database is away. */
  async flush(): Promise<void> {
    const until = this.written + this.queued;
    while (this.written < until && this.queued > 0 && !this.#away) {
      this.#send();
      await Promise.race([this.#sending, sleep(50, undefined, { ref: false })]);
    }
  }

  /** Whether everything is written. */
  async close(): Promise<boolean> {
    clearInterval(this.#timer);
    this.#queue.closeGap();
    const end = performance.now() + CLOSE_WITHIN_MS;
    while (this.queued > 0 && performance.now() < end) {
      this.#send();
      await Promise.race([this.#sending ?? sleep(5), sleep(50)]);
    }
    this.#timer.unref();
    await this.#calls?.call('giveUp').catch(() => undefined);
    return this.queued === 0;
  }

  #send(): void {
    if (this.#sending || !this.#calls) return;
    const blocks = this.#queue.take();
    if (blocks.length === 0) return;
    const events = blocks.reduce((sum, block) => sum + block.events, 0);
    this.#inFlight = events;
    this.#sentAt = performance.now();
    this.#sending = this.#calls
      .hand(
        'write',
        blocks,
        blocks.map(({ bytes }) => bytes.buffer),
      )
      .then(
        () => this.#arrived(events),
        (error: unknown) => this.#failed(events, error),
      );
  }

  #arrived(events: number): void {
    this.written += events;
    this.#inFlight = 0;
    this.#sending = undefined;
    if (this.#queue.size > 0) this.#send();
  }

  /** The thread gave up, or is gone: these are not written. */
  #failed(events: number, error: unknown): void {
    this.#queue.lost += events;
    this.hear({
      kind: 'away',
      message: error instanceof Error ? error.message : String(error),
      isFull: false,
    });
  }
}
