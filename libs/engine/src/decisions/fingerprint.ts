/**
 * 52 bits of the text that these words make with a space between each two: two FNV-1a hashes of 32 bits with different
 * offsets, over its UTF-16 code units. It tells a caller's mistake (one operation id for two things); it is no defence
 * against somebody who looks for collisions. The text itself is never made: that would cost more than all the rest.
 */
export function fingerprint(words: readonly string[]): number {
  let [high, low] = [FNV_OFFSET, FNV_OFFSET ^ 0x5bd1e995];
  let from = 0;
  for (const word of words) {
    for (let i = from; i < word.length; i++) {
      const unit = i < 0 ? SPACE : word.charCodeAt(i);
      high = Math.imul(high ^ unit, FNV_PRIME);
      low = Math.imul(low ^ unit, FNV_PRIME_2);
    }
    from = -1;
  }
  return (high >>> 12) * 0x1_0000_0000 + (low >>> 0);
}

const SPACE = 0x20;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Another odd multiplier, so that the halves are not the same function. */
const FNV_PRIME_2 = 0x85ebca6b;
