import type { LedgerEvent, LedgerLimit } from '../contract/ledger-event.js';
import { FACET_BYTES, Form, HEAD_BYTES } from './block.js';
import type { Shape } from './shape.js';

/** A block with what its records name. */
export interface ReadableBlock {
  readonly shapes: readonly Shape[];
  /** Of each shape. */
  readonly facets: readonly number[];
  readonly bytes: Buffer;
}

/** A place in the bytes of a block. */
export interface Place {
  start: number;
  end: number;
}

/** Goes from record to record of a block, and reads no more of one than it is asked for. */
export class BlockReader {
  readonly bytes: Buffer;
  readonly #view: DataView;
  #start = 0;
  #next = 0;
  #position = 0;
  /** Of the record it is at. */
  form: number = Form.Deleted;
  at = 0;
  /** Where it has one. */
  shape: Shape | undefined;
  facet = 0;
  readonly operation: Place = { start: 0, end: 0 };
  /** The values of the subject, in the order of the shape's names. */
  readonly values: Place[] = [];
  /** In hundredths of a ms. */
  #latency = 0;
  #expiry = 0;
  readonly amounts: number[] = [];
  readonly used: number[] = [];
  readonly reserved: number[] = [];

  constructor(private readonly block: ReadableBlock) {
    this.bytes = block.bytes;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  /** Where the record begins, in the bytes. */
  get start(): number {
    return this.#start;
  }

  /** Where the next one begins. */
  get end(): number {
    return this.#next;
  }

  /** To the next record; false at the end. */
  next(): boolean {
    if (this.#next >= this.bytes.length) return false;
    this.moveTo(this.#next);
    return true;
  }

  /** To the record that begins there. */
  moveTo(start: number): void {
    const word = this.#view.getUint32(start);
    this.#start = start;
    this.#next = start + 4 + (word & 0xffffff);
    this.form = word >>> 24;
    this.shape = undefined;
    if (this.form === Form.Deleted) return;
    this.at = this.#view.getFloat64(start + 4);
    this.#position = start + HEAD_BYTES;
    if (this.form === Form.Json) {
      this.facet = this.#view.getFloat64(this.#position);
      this.#position += FACET_BYTES;
      return;
    }
    const index = this.#view.getUint16(this.#position);
    this.#position += 2;
    this.shape = this.block.shapes[index];
    this.facet = this.block.facets[index] ?? 0;
    this.#readPlaces(this.shape!);
  }

  /** Of a record in JSON. */
  setFacet(facet: number): void {
    this.#view.setFloat64(this.#start + HEAD_BYTES, facet);
  }

  /** Of a record in JSON. */
  json(): string {
    return this.bytes.toString('utf8', this.#position, this.#next);
  }

  text({ start, end }: Place): string {
    return this.bytes.toString('utf8', start, end);
  }

  subject(): Record<string, string> {
    const subject: Record<string, string> = {};
    this.shape!.names.forEach((name, index) => (subject[name] = this.text(this.values[index]!)));
    return subject;
  }

  /** The values of the subject with their lengths: the same bytes are the same values. */
  valueBytes(): string {
    const { names } = this.shape!;
    return names.length === 0
      ? ''
      : this.bytes.toString('latin1', this.operation.end, this.values[names.length - 1]!.end);
  }

  /** Reads the amounts and limits of a record with a shape. */
  readNumbers(): void {
    const { shape } = this;
    if (!shape) return;
    const last = shape.names.length === 0 ? this.operation : this.values[shape.names.length - 1]!;
    this.#position = last.end;
    if (shape.hasRequest) this.#skipText();
    if (shape.hasTrace) this.#skipText();
    if (shape.hasLatency) this.#latency = this.#number();
    if (shape.hasExpiry) this.#expiry = this.#number();
    const { meters, limits } = shape;
    if (meters) for (let index = 0; index < meters.length; index += 1) this.amounts[index] = this.#number();
    if (!limits) return;
    for (let index = 0; index < limits.length; index += 1) {
      this.used[index] = this.#number();
      this.reserved[index] = limits[index]!.reserves ? this.#number() : 0;
    }
  }

  /** The event as it was recorded. */
  event(): LedgerEvent {
    const { shape } = this;
    if (!shape) return JSON.parse(this.json()) as LedgerEvent;
    const { kind, outcome, resource, actor, hasOperation } = shape;
    return {
      ...{ at: this.at, kind, outcome, resource, subject: this.subject() },
      ...(hasOperation && { operationId: this.text(this.operation) }),
      ...(actor !== undefined && { actor }),
      ...(shape.constants && { data: this.#data(shape) }),
    };
  }

  #data(shape: Shape): NonNullable<LedgerEvent['data']> {
    this.readNumbers();
    const data: Record<string, unknown> = {};
    for (const { name, value } of shape.constants!) data[name] = value;
    if (shape.hasLatency) data['latencyMs'] = this.#latency / 100;
    if (shape.meters)
      data['amounts'] = Object.fromEntries(shape.meters.map((meter, index) => [meter, this.amounts[index]]));
    if (shape.limits) data['limits'] = shape.limits.map((_, index) => this.#limit(shape, index));
    if (shape.hasExpiry) data['expiresAt'] = this.#expiry;
    const last = shape.names.length === 0 ? this.operation : this.values[shape.names.length - 1]!;
    this.#position = last.end;
    if (shape.hasRequest) data['requestId'] = this.#nextText();
    if (shape.hasTrace) data['traceId'] = this.#nextText();
    return data;
  }

  #limit({ limits }: Shape, index: number): LedgerLimit {
    const { reserves, rule, window, meter, ...rest } = limits![index]!;
    const used = this.used[index]!;
    return { rule, window, meter, used, ...rest, ...(reserves && { reserved: this.reserved[index]! }) };
  }

  #readPlaces(shape: Shape): void {
    this.operation.start = this.operation.end = this.#position;
    if (shape.hasOperation) this.#readPlace(this.operation);
    for (let index = 0; index < shape.names.length; index += 1)
      this.#readPlace((this.values[index] ??= { start: 0, end: 0 }));
  }

  #readPlace(place: Place): void {
    const length = this.#number();
    place.start = this.#position;
    place.end = this.#position += length;
  }

  #skipText(): void {
    const length = this.#number();
    this.#position += length;
  }

  #nextText(): string {
    const length = this.#number();
    this.#position += length;
    return this.bytes.toString('utf8', this.#position - length, this.#position);
  }

  #number(): number {
    const { bytes } = this;
    let value = bytes[this.#position++]!;
    if (value < 0x80) return value;
    value -= 0x80;
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = bytes[this.#position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
