import type { LedgerData, LedgerEvent } from '../contract/ledger-event.js';
import { BLOCK_BYTES, BLOCK_EVENTS, Form, HEAD_BYTES, type Block } from './block.js';
import { ByteWriter } from './byte-writer.js';
import { fits, shapeOf, type Shape } from './shape.js';

/** An event above this is recorded without its data. */
const MAX_EVENT_CHARACTERS = 64 * 1024;
/** What the largest event takes: three bytes for each character, and its head. */
const MARGIN_BYTES = 3 * MAX_EVENT_CHARACTERS + 1024;
const MAX_RESOURCES = 1_000;
const SHAPES_OF_RESOURCE = 8;

interface KnownShape {
  readonly shape: Shape;
  readonly text: string;
  /** The block that names it last, and how. */
  block: number;
  index: number;
}

/** Puts events into a block. It is on the path of checks: an event whose shape is known leaves nothing for the garbage collector. */
export class BlockBuilder {
  readonly #writer = new ByteWriter(BLOCK_BYTES + MARGIN_BYTES);
  /** By resource; the ones met last of each. */
  readonly #known = new Map<string, KnownShape[]>();
  #block = 0;
  #shapes: string[] = [];
  #shapesSize = 0;
  #events = 0;

  get events(): number {
    return this.#events;
  }

  get size(): number {
    return this.#writer.position + this.#shapesSize;
  }

  get isFull(): boolean {
    return this.#events >= BLOCK_EVENTS || this.size >= BLOCK_BYTES;
  }

  /** Only into one that is not full. */
  append(event: LedgerEvent): void {
    const start = this.#writer.position;
    if (!this.#appendShaped(event, start)) {
      this.#writer.position = start;
      this.#appendJson(event, start);
    }
    this.#events += 1;
  }

  /** The block, which is the caller's; the next event begins another. */
  take(): Block {
    const { bytes, position } = this.#writer;
    const block = {
      shapes: this.#shapes,
      bytes: Uint8Array.prototype.slice.call(bytes, 0, position),
      events: this.#events,
    };
    this.#writer.position = this.#events = this.#shapesSize = 0;
    this.#shapes = [];
    this.#block += 1;
    return block;
  }

  #appendJson(event: LedgerEvent, start: number): void {
    const writer = this.#writer;
    writer.position += 4;
    writer.float(event.at);
    writer.float(0);
    writer.raw(textOf(event));
    this.#close(start, Form.Json);
  }

  #appendShaped(event: LedgerEvent, start: number): boolean {
    const known = this.#shapeOf(event);
    if (!known) return false;
    const { shape } = known;
    const writer = this.#writer;
    writer.position += 4;
    writer.float(event.at);
    writer.position += 2;
    if (shape.hasOperation && !writer.text(event.operationId)) return false;
    for (const name of shape.names) if (!writer.text(event.subject![name])) return false;
    if (event.data && !(this.#writeData(shape, event.data) && this.#writeLimits(event.data))) return false;
    this.#name(known, start + HEAD_BYTES);
    this.#close(start, Form.Shaped);
    return true;
  }

  #writeData(shape: Shape, data: LedgerData): boolean {
    const writer = this.#writer;
    if (shape.hasRequest && !writer.text(data['requestId'])) return false;
    if (shape.hasTrace && !writer.text(data['traceId'])) return false;
    if (shape.hasLatency && !writer.number(hundredths(data['latencyMs']))) return false;
    if (shape.hasExpiry && !writer.number(data['expiresAt'])) return false;
    if (shape.meters)
      for (const meter of shape.meters) if (!writer.number(data.amounts![meter])) return false;
    return true;
  }

  #writeLimits({ limits }: LedgerData): boolean {
    if (!limits) return true;
    for (const { used, reserved } of limits) {
      if (!this.#writer.number(used)) return false;
      if (reserved !== undefined && !this.#writer.number(reserved)) return false;
    }
    return true;
  }

  #close(start: number, form: number): void {
    this.#writer.wordAt(start, form * 0x1000000 + (this.#writer.position - start - 4));
  }

  /** Writes which shape it is. */
  #name(known: KnownShape, position: number): void {
    if (known.block !== this.#block) {
      known.block = this.#block;
      known.index = this.#shapes.push(known.text) - 1;
      this.#shapesSize += known.text.length;
    }
    this.#writer.shortAt(position, known.index);
  }

  #shapeOf(event: LedgerEvent): KnownShape | undefined {
    const { resource } = event;
    if (resource === undefined) return undefined;
    const known = this.#known.get(resource);
    if (known) for (const one of known) if (fits(one.shape, event)) return one;
    const shape = shapeOf(event);
    if (!shape) return undefined;
    const one = { shape, text: JSON.stringify(shape), block: -1, index: 0 };
    if (known) {
      if (known.unshift(one) > SHAPES_OF_RESOURCE) known.pop();
    } else {
      if (this.#known.size >= MAX_RESOURCES) this.#known.clear();
      this.#known.set(resource, [one]);
    }
    return one;
  }
}

/** All of them, in as many blocks as they need. */
export function blocksOf(builder: BlockBuilder, events: readonly LedgerEvent[]): readonly Block[] {
  const blocks: Block[] = [];
  for (const event of events) {
    if (builder.isFull) blocks.push(builder.take());
    builder.append(event);
  }
  if (builder.events > 0) blocks.push(builder.take());
  return blocks;
}

/** Undefined where it would not be the same again. */
function hundredths(ms: unknown): number | undefined {
  if (typeof ms !== 'number') return undefined;
  const rounded = Math.round(ms * 100);
  return rounded / 100 === ms ? rounded : undefined;
}

function textOf(event: LedgerEvent): string {
  try {
    const text = JSON.stringify(event);
    if (text.length <= MAX_EVENT_CHARACTERS) return text;
    return JSON.stringify({ ...event, data: { reason: event.data?.reason, tooLarge: text.length } });
  } catch (error) {
    return JSON.stringify({ ...event, data: { unreadable: String(error) } });
  }
}
