import { randomBytes } from 'node:crypto';

const KEY = randomBytes(8);
const [KEY_0, KEY_1] = [KEY.readInt32LE(0), KEY.readInt32LE(4)];
const TWO_32 = 0x1_0000_0000;

/**
 * HalfSipHash-1-3 of a text under a key of this process: 53 bits, so a number holds all of it, and no caller can
 * choose names that meet (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). It reads characters as bytes, as
 * they are in keys: texts with other characters may meet.
 */
export function textHash(text: string): number {
  let [v0, v1, v2, v3] = [KEY_0, KEY_1 ^ 0xee, 0x6c796765 ^ KEY_0, 0x74656462 ^ KEY_1];
  const { length } = text;
  const words = (length >> 2) + 1;
  let low = 0;
  // Behind the words of the text come three rounds for the lower half of the hash, and three for the upper.
  for (let round = 0; round < words + 6; round++) {
    const word = round < words ? wordAt(text, round << 2, length) : 0;
    if (round === words) v2 ^= 0xee;
    if (round === words + 3) {
      low = v1 ^ v3;
      v1 ^= 0xdd;
    }
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
  return ((v1 ^ v3) & 0x1f_ffff) * TWO_32 + (low >>> 0);
}

/** Four characters; the last word has the rest and the length. */
function wordAt(text: string, at: number, length: number): number {
  if (at + 4 <= length)
    return (
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)
    );
  let word = length << 24;
  for (let rest = at; rest < length; rest++) word |= text.charCodeAt(rest) << (8 * (rest - at));
  return word;
}
