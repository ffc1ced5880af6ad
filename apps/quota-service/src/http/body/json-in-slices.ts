import { TimeSlice } from '@sundial/engine';
import { randomUUID } from 'node:crypto';
import { Problem } from '../problems/problem.js';
import { MAX_BODY_BYTES, MAX_LIST_ENTRIES } from '../bounds.js';
import { invalidJson } from './invalid-json.js';
import { tooManyValues } from './json-size.js';

/** Bytes between two looks at the clock. */
const STRIDE = 16 * 1024;
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** A part of the text, by its first byte and the one after its last. */
interface Span {
  readonly from: number;
  readonly to: number;
}

interface SliceOptions {
  /** Called with each value that was parsed, and how many levels it lies inside the whole; may throw. */
  readonly inspect: Inspect;
  /** JSON values at most, counted before one is parsed. */
  readonly maxValues: number;
}

type Inspect = (value: unknown, level: number) => void;

/**
 * `JSON.parse` for megabytes of `{ "name": [ entries ] }`, UTF-8, without stalling the event loop: the first list in the
 * object is cut at its commas, and each entry is parsed alone.
 * @throws SyntaxError as `JSON.parse` does, or a Problem when one entry, or all else than the list, is longer than any
 * other body may be, or when there are too many entries or values.
 */
export async function parseInSlices(text: Buffer, { inspect, maxValues }: SliceOptions): Promise<unknown> {
  const slice = new TimeSlice();
  const scanner = new ListScanner(text, maxValues);
  while (scanner.goOn(STRIDE)) if (slice.isOver) await slice.next();
  const { list, entries } = scanner;
  if (list === undefined) return inspected(JSON.parse(text.toString()), 0, inspect);
  const parsed: unknown[] = [];
  for (const { from, to } of entries) {
    if (slice.isOver) await slice.next();
    parsed.push(inspected(JSON.parse(text.toString('utf8', from, to)), 2, inspect));
  }
  // In place of the list stands a text that comes nowhere else, so that whatever is around it is parsed as it is.
  const place = randomUUID();
  const after = text.subarray(list.to);
  if (list.from + after.length > MAX_BODY_BYTES) throw tooLarge('All that is beside the list');
  const around: unknown = JSON.parse(`${text.toString('utf8', 0, list.from)}"${place}"${after.toString()}`);
  return withList(inspected(around, 0, inspect), place, parsed);
}

function inspected(value: unknown, level: number, inspect: Inspect): unknown {
  inspect(value, level);
  return value;
}

function withList(around: unknown, place: string, list: unknown[]): unknown {
  const names = Object.entries(around as object).filter(([, value]) => value === place);
  for (const [name] of names) (around as Record<string, unknown>)[name] = list;
  return around;
}

function tooLarge(what: string): Problem {
  return new Problem('payload-too-large', `${what} takes at most ${MAX_BODY_BYTES} bytes here.`);
}

/** Finds the first list inside the outermost object, and its entries. Whether all of it is JSON, `JSON.parse` says. */
class ListScanner {
  readonly entries: Span[] = [];
  readonly #text: Buffer;
  readonly #maxValues: number;
  #values = 0;
  #at = 0;
  #depth = 0;
  #inString = false;
  #listFrom: number | undefined;
  #listTo: number | undefined;
  #entryFrom = 0;

  constructor(text: Buffer, maxValues: number) {
    this.#text = text;
    this.#maxValues = maxValues;
  }

  /** The list with its brackets, if there is one. */
  get list(): Span | undefined {
    if (this.#listFrom === undefined) return undefined;
    if (this.#listTo === undefined) throw new SyntaxError('The list has no end.');
    return { from: this.#listFrom, to: this.#listTo };
  }

  /** Looks at so many bytes more. False when there is nothing left to find. */
  goOn(bytes: number): boolean {
    const end = Math.min(this.#at + bytes, this.#text.length);
    while (this.#at < end && this.#listTo === undefined) {
      this.#step(this.#text[this.#at]!);
      this.#at++;
    }
    if (this.#listFrom === undefined && this.#at > MAX_BODY_BYTES)
      throw tooLarge('All that is before the list');
    return this.#at < this.#text.length && this.#listTo === undefined;
  }

  #step(byte: number): void {
    if (this.#inString) {
      if (byte === BACKSLASH) this.#at++;
      else if (byte === QUOTE) this.#inString = false;
    } else if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#open(byte);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#close(byte);
    else if (byte === COMMA) {
      this.#count();
      if (this.#depth === 2 && this.#listFrom !== undefined) this.#endEntry();
    }
  }

  /** As `sizeMessage` counts. */
  #count(): void {
    if (++this.#values > this.#maxValues) throw invalidJson(tooManyValues(this.#maxValues));
  }

  #open(byte: number): void {
    this.#count();
    if (this.#depth === 1 && byte === OPEN_LIST) {
      this.#listFrom = this.#at;
      this.#entryFrom = this.#at + 1;
    }
    this.#depth++;
  }

  #close(byte: number): void {
    if (this.#depth === 2 && this.#listFrom !== undefined) {
      if (byte !== CLOSE_LIST) throw new SyntaxError('A list ends with a brace.');
      const isEmpty = this.entries.length === 0 && this.#isBlank(this.#entryFrom, this.#at);
      if (!isEmpty) this.#endEntry();
      this.#listTo = this.#at + 1;
    }
    this.#depth--;
  }

  #endEntry(): void {
    if (this.#at - this.#entryFrom > MAX_BODY_BYTES) throw tooLarge('One entry of the list');
    if (this.entries.length === MAX_LIST_ENTRIES)
      throw new Problem('payload-too-large', `A list holds at most ${MAX_LIST_ENTRIES} entries here.`);
    this.entries.push({ from: this.#entryFrom, to: this.#at });
    this.#entryFrom = this.#at + 1;
  }

  #isBlank(from: number, to: number): boolean {
    return to - from <= MAX_BODY_BYTES && /^[ \t\n\r]*$/.test(this.#text.toString('latin1', from, to));
  }
}
