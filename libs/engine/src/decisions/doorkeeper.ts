import { textHash } from '../counters/text-hash.js';

/** A power of two. */
const PLACES = 65_536;
const TWO_32 = 0x1_0000_0000;

/**
 * Decides what is worth keeping in a cache: what is seen for the second time. Most of what is seen once among a million
 * is not seen again before a cache must forget it, and each entry that lives that long costs the garbage collector more
 * than making it again does. The idea is TinyLFU's (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache
 * Admission Policy", section 3.4.2, "Doorkeeper"); here it is a table of 256 KiB with the hash of the latest name at
 * each place, so that old names go as new ones come and nothing has to be reset. Two names of one hash are rare and do
 * no harm: one is kept when it is first seen.
 */
export class Doorkeeper {
  readonly #seen = new Uint32Array(PLACES);

  /** Whether this name was seen lately. From now on it was. */
  hasSeen(name: string): boolean {
    const hash = textHash(name);
    const place = Math.floor(hash / TWO_32) % PLACES;
    const mark = hash >>> 0 || 1;
    if (this.#seen[place] === mark) return true;
    this.#seen[place] = mark;
    return false;
  }
}
