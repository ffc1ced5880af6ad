import { attributeHashes, attributeText, hashOf, hashOfBytes } from './hash.js';
import type { BlockReader } from './block-reader.js';

/** What a name is between in a subject's text. */
interface Quotes {
  readonly before: string;
  readonly after: string;
}

const BARE: Quotes = { before: '', after: '' };
const MAX_NAMES = 1_000;
const quotes = new Map<string, Quotes>();

/** The hash of a record's operation id. */
export function operationOf(record: BlockReader): number | null {
  const { shape, operation } = record;
  if (shape) {
    if (!shape.hasOperation) return null;
    return hashOfBytes(record.bytes, operation, BARE) ?? hashOf(record.text(operation));
  }
  const { operationId } = record.event();
  return operationId === undefined ? null : hashOf(operationId);
}

/** The hash of each attribute of its subject (`attributeHashes`), in a list that is made use of again. */
export function attributesOf(record: BlockReader, into: number[]): number[] {
  into.length = 0;
  const { shape } = record;
  if (!shape) {
    into.push(...attributeHashes(record.event().subject ?? {}));
    return into;
  }
  for (let index = 0; index < shape.names.length; index += 1) {
    const name = shape.names[index]!;
    const value = record.values[index]!;
    into.push(
      hashOfBytes(record.bytes, value, quotesOf(name)) ?? hashOf(attributeText(name, record.text(value))),
    );
  }
  return into;
}

function quotesOf(name: string): Quotes {
  let known = quotes.get(name);
  if (!known) {
    if (quotes.size >= MAX_NAMES) quotes.clear();
    known = { before: `${JSON.stringify(name)}:"`, after: '"' };
    quotes.set(name, known);
  }
  return known;
}
