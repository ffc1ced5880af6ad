import { randomBytes } from 'node:crypto';

const KEY = randomBytes(8);
const [KEY_0, KEY_1] = [KEY.readInt32LE(0), KEY.readInt32LE(4)];

/**
 * HalfSipHash-1-3 of some bytes, under a key of this process: 32 bits that no caller can foretell, so that no choice of
 * ids makes a table slow (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; the variant is that of Linux).
 */
export function keyedHash(bytes: Buffer, from: number, to: number): number {
  let [v0, v1, v2, v3] = [KEY_0, KEY_1, 0x6c796765 ^ KEY_0, 0x74656462 ^ KEY_1];
  const length = to - from;
  const wholeEnd = to - (length & 3);
  // Behind the last whole word comes one with the rest and the length, and then the rounds that end it.
  for (let at = from, round = 0; round < 4; at += 4) {
    const word = at < wholeEnd ? wordAt(bytes, at) : round === 0 ? lastWord(bytes, wholeEnd, to) : 0;
    if (at >= wholeEnd && round++ === 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}

function wordAt(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function lastWord(bytes: Buffer, from: number, to: number): number {
  let word = (to - from) << 24;
  for (let at = from; at < to; at++) word |= bytes[at]! << (8 * (at - from));
  return word;
}
