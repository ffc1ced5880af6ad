import type { Chunk } from './record-arena.js';

/*
 * A key as it stands in a record: its header is the number of its characters times two, and one more where they are UTF-16.
 * Nearly all are ASCII: a byte a character, the same as in UTF-8.
 */

export function keyHeader(key: string): number {
  for (let n = 0; n < key.length; n++) if (key.charCodeAt(n) > 0x7f) return 2 * key.length + 1;
  return 2 * key.length;
}

/** The words of 8 bytes that it takes. */
export function keyWords(header: number): number {
  return (keyBytes(header) + 7) >>> 3;
}

/** The most bytes that it takes in UTF-8. */
export function maxUtf8Bytes(header: number): number {
  return (header >>> 1) * (isWide(header) ? 3 : 1);
}

export function putKey({ bytes }: Chunk, at: number, key: string): void {
  const isWideKey = isWide(keyHeader(key));
  for (let n = 0; n < key.length; n++) {
    const code = key.charCodeAt(n);
    if (isWideKey) {
      bytes[at + 2 * n] = code & 0xff;
      bytes[at + 2 * n + 1] = code >>> 8;
    } else bytes[at + n] = code;
  }
}

export function isKey(chunk: Chunk, at: number, header: number, key: string): boolean {
  if (header >>> 1 !== key.length) return false;
  if (isWide(header)) return keyText(chunk, at, header) === key;
  const { bytes } = chunk;
  for (let n = 0; n < key.length; n++) if (bytes[at + n] !== key.charCodeAt(n)) return false;
  return true;
}

export function keyText({ memory }: Chunk, at: number, header: number): string {
  const bytes = Buffer.from(memory, at, keyBytes(header));
  return bytes.toString(isWide(header) ? 'utf16le' : 'latin1');
}

/** Writes it in UTF-8, and returns how many bytes that are. */
export function copyKey(
  chunk: Chunk,
  at: number,
  header: number,
  target: { readonly buffer: Buffer; readonly at: number },
): number {
  if (isWide(header)) return target.buffer.write(keyText(chunk, at, header), target.at);
  const length = header >>> 1;
  for (let n = 0; n < length; n++) target.buffer[target.at + n] = chunk.bytes[at + n]!;
  return length;
}

function keyBytes(header: number): number {
  return isWide(header) ? header - 1 : header >>> 1;
}

function isWide(header: number): boolean {
  return (header & 1) === 1;
}
