/**
 * Letters compared for one lookup, some 20 µs; a book too large for that still finds names that differ in case or
 * signs.
 */
const MAX_COMPARED = 4_000;
/** Answers kept; at so many, all are forgotten. */
const MAX_KEPT = 1_000;
/** Shorter ones are all alike. */
const MIN_LENGTH = 3;

/** Finds the known name that a caller probably meant, in bounded time whatever the caller sends. */
export class NearNames {
  /** By what is left without case and signs. */
  readonly #names = new Map<string, string>();
  readonly #byLength = new Map<number, string[]>();
  readonly #kept = new Map<string, string | undefined>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const plain = plainOf(name);
      if (plain.length < MIN_LENGTH || this.#names.has(plain)) continue;
      this.#names.set(plain, name);
      const sameLength = this.#byLength.get(plain.length);
      if (sameLength) sameLength.push(plain);
      else this.#byLength.set(plain.length, [plain]);
    }
  }

  /** The same but for case and signs, else with one letter more, less, other or swapped with the next. */
  nearestTo(name: string): string | undefined {
    if (this.#kept.has(name)) return this.#kept.get(name);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const plain = plainOf(name);
    const nearest = this.#names.get(plain) ?? this.#names.get(this.#alike(plain) ?? '');
    this.#kept.set(name, nearest);
    return nearest;
  }

  #alike(plain: string): string | undefined {
    if (plain.length < MIN_LENGTH) return undefined;
    let left = MAX_COMPARED;
    for (const length of [plain.length, plain.length - 1, plain.length + 1]) {
      for (const candidate of this.#byLength.get(length) ?? []) {
        const same = sameStart(plain, candidate);
        left -= same + 1;
        if (left < 0) return undefined;
        if (isOneEditAway(plain, candidate, same)) return candidate;
      }
    }
    return undefined;
  }
}

function plainOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function sameStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one.charCodeAt(at) === other.charCodeAt(at)) at++;
  return at;
}

/** Both have the same length, or lengths that differ by one, and are the same up to `at`. */
function isOneEditAway(one: string, other: string, at: number): boolean {
  if (one.length > other.length) return one.slice(at + 1) === other.slice(at);
  if (one.length < other.length) return one.slice(at) === other.slice(at + 1);
  const isSwapped = one[at] === other[at + 1] && one[at + 1] === other[at];
  return (
    one.slice(at + 1) === other.slice(at + 1) || (isSwapped && one.slice(at + 2) === other.slice(at + 2))
  );
}
