/**
 * 52 bits of a text: two FNV-1a hashes of 32 bits with different offsets, over its UTF-16 code units. It tells a
 * caller's mistake (one operation id for two things); it is no defence against somebody who looks for collisions.
 */
export function fingerprint(text: string): number {
  let [high, low] = [FNV_OFFSET, FNV_OFFSET ^ 0x5bd1e995];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, FNV_PRIME);
    low = Math.imul(low ^ unit, FNV_PRIME_2);
  }
  return (high >>> 12) * 0x1_0000_0000 + (low >>> 0);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Another odd multiplier, so that the halves are not the same function. */
const FNV_PRIME_2 = 0x85ebca6b;
