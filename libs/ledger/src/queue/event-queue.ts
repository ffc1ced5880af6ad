import type { Block } from '../blocks/block.js';
import { BlockBuilder } from '../blocks/block-builder.js';
import type { GapCause, LedgerEvent } from '../contract/ledger-event.js';
import type { LedgerGap } from '../contract/ledger.js';

/** What goes to the writer at once at most: 2,000 events, or some 512 KiB. */
const BATCH_BLOCKS = 8;

export interface QueueBounds {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/**
 * Events in blocks, in the order they came. When it is full, the next ones are counted, and their gap takes its place in the order as
 * soon as there is room again: what is missing is known to the event.
 */
export class EventQueue {
  readonly #builder = new BlockBuilder();
  /** Full ones, the oldest first. */
  readonly #blocks: Block[] = [];
  /** Of those. */
  #events = 0;
  #bytes = 0;
  #gap: { from: number; to: number; count: number; cause: GapCause } | undefined;
  lost = 0;

  constructor(
    private readonly bounds: QueueBounds,
    private readonly heard: (gap: LedgerGap) => void,
  ) {}

  get size(): number {
    return this.#events + this.#builder.events;
  }

  /** `cause`: why the queue is not emptied, if it is full. */
  push(event: LedgerEvent, cause: () => GapCause): void {
    if (this.#isFull()) return this.#lose(event, cause);
    if (this.#gap) this.closeGap();
    this.#append(event);
  }

  /** The gap's row goes in now: nothing is lost any more. */
  closeGap(): void {
    const gap = this.#gap;
    if (!gap) return;
    this.#gap = undefined;
    const { from, to, count, cause } = gap;
    this.#append({ at: to, kind: 'gap', outcome: cause, count, data: { from, to } });
    this.heard(gap);
  }

  /** The oldest events, as many as go to the writer at once; the caller keeps them until they are written. */
  take(): readonly Block[] {
    if (this.#gap && !this.#isFull()) this.closeGap();
    const blocks = this.#blocks.splice(0, BATCH_BLOCKS);
    for (const block of blocks) {
      this.#events -= block.events;
      this.#bytes -= sizeOf(block);
    }
    if (blocks.length < BATCH_BLOCKS && this.#builder.events > 0) blocks.push(this.#builder.take());
    return blocks;
  }

  #append(event: LedgerEvent): void {
    this.#builder.append(event);
    if (!this.#builder.isFull) return;
    const block = this.#builder.take();
    this.#blocks.push(block);
    this.#events += block.events;
    this.#bytes += sizeOf(block);
  }

  #isFull(): boolean {
    const { maxQueued, maxQueuedBytes } = this.bounds;
    return this.size >= maxQueued || this.#bytes + this.#builder.size >= maxQueuedBytes;
  }

  #lose({ at, count = 1 }: LedgerEvent, cause: () => GapCause): void {
    this.lost += count;
    this.#gap ??= { from: at, to: at, count: 0, cause: cause() };
    this.#gap.count += count;
    this.#gap.from = Math.min(this.#gap.from, at);
    this.#gap.to = Math.max(this.#gap.to, at);
  }
}

function sizeOf({ bytes, shapes }: Block): number {
  return shapes.reduce((sum, text) => sum + text.length, bytes.length);
}
