import type { GapCause, LedgerEvent } from '../contract/ledger-event.js';
import type { LedgerGap } from '../contract/ledger.js';

/** What goes to the writer at once at most. */
const BATCH_EVENTS = 2_000;
const BATCH_BYTES = 2 * 1024 * 1024;
/** An event above this is recorded without its data. */
const MAX_EVENT_BYTES = 64 * 1024;
/** What an entry costs beside its text. */
const ENTRY_BYTES = 64;

export interface QueueBounds {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/**
 * Events as JSON texts, in the order they came. When it is full, the next ones are counted, and their gap takes its place in the order as
 * soon as there is room again: what is missing is known to the event.
 */
export class EventQueue {
  #texts: string[] = [];
  #start = 0;
  #bytes = 0;
  #gap: { from: number; to: number; count: number; cause: GapCause } | undefined;
  lost = 0;

  constructor(
    private readonly bounds: QueueBounds,
    private readonly heard: (gap: LedgerGap) => void,
  ) {}

  get size(): number {
    return this.#texts.length - this.#start;
  }

  /** `cause`: why the queue is not emptied, if it is full. */
  push(event: LedgerEvent, cause: () => GapCause): void {
    if (this.#isFull()) return this.#lose(event, cause);
    if (this.#gap) this.closeGap();
    this.#append(textOf(event));
  }

  /** The gap's row goes in now: nothing is lost any more. */
  closeGap(): void {
    const gap = this.#gap;
    if (!gap) return;
    this.#gap = undefined;
    const { from, to, count, cause } = gap;
    this.#append(JSON.stringify({ at: to, kind: 'gap', outcome: cause, count, data: { from, to } }));
    this.heard(gap);
  }

  /** The oldest events, up to the size of a batch; the caller keeps them until they are written. */
  take(): readonly string[] {
    if (this.#gap && !this.#isFull()) this.closeGap();
    const end = Math.min(this.#texts.length, this.#start + BATCH_EVENTS);
    let next = this.#start;
    for (let bytes = 0; next < end && bytes < BATCH_BYTES; next += 1) bytes += this.#texts[next]!.length;
    const batch = this.#texts.slice(this.#start, next);
    for (const text of batch) this.#bytes -= text.length + ENTRY_BYTES;
    this.#start = next;
    if (this.#start === this.#texts.length || this.#start > 10_000) {
      this.#texts = this.#texts.slice(this.#start);
      this.#start = 0;
    }
    return batch;
  }

  #append(text: string): void {
    this.#texts.push(text);
    this.#bytes += text.length + ENTRY_BYTES;
  }

  #isFull(): boolean {
    return this.size >= this.bounds.maxQueued || this.#bytes >= this.bounds.maxQueuedBytes;
  }

  #lose({ at, count = 1 }: LedgerEvent, cause: () => GapCause): void {
    this.lost += count;
    this.#gap ??= { from: at, to: at, count: 0, cause: cause() };
    this.#gap.count += count;
    this.#gap.from = Math.min(this.#gap.from, at);
    this.#gap.to = Math.max(this.#gap.to, at);
  }
}

function textOf(event: LedgerEvent): string {
  try {
    const text = JSON.stringify(event);
    if (text.length <= MAX_EVENT_BYTES) return text;
    return JSON.stringify({ ...event, data: { reason: event.data?.reason, tooLarge: text.length } });
  } catch (error) {
    return JSON.stringify({ ...event, data: { unreadable: String(error) } });
  }
}
