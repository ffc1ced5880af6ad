import type { Rule } from '@sundial/contract';

/** A rule and its revision: the version of the book that last changed it. */
export interface StoredRule {
  readonly rule: Rule;
  readonly revision: number;
}

/** The difference between two sets of rules. No id is in both lists, nor twice in one. */
export interface RuleEdits {
  readonly set: readonly StoredRule[];
  readonly removed: readonly string[];
}

const MAX_CHUNK = 128;
type Chunk = readonly StoredRule[];

/**
 * Rules in order of their ids, immutable. They lie in chunks, which the set before a change and the one after it share,
 * but for the one that changed.
 */
export class RulesById {
  static readonly EMPTY = new RulesById([], 0);

  private constructor(
    private readonly chunks: readonly Chunk[],
    readonly size: number,
  ) {}

  get(id: string): StoredRule | undefined {
    const chunk = this.chunks[this.#chunkOf(id)];
    const found = chunk?.[firstAtOrAfter(chunk, id)];
    return found?.rule.id === id ? found : undefined;
  }

  with(stored: StoredRule): RulesById {
    const { id } = stored.rule;
    const index = this.#chunkOf(id);
    const chunk = this.chunks[index];
    if (chunk === undefined) return new RulesById([[stored]], 1);
    const at = firstAtOrAfter(chunk, id);
    const isNew = chunk[at]?.rule.id !== id;
    const changed = chunk.toSpliced(at, isNew ? 0 : 1, stored);
    const middle = changed.length >> 1;
    const pieces = changed.length > MAX_CHUNK ? [changed.slice(0, middle), changed.slice(middle)] : [changed];
    return new RulesById(this.chunks.toSpliced(index, 1, ...pieces), this.size + (isNew ? 1 : 0));
  }

  without(id: string): RulesById {
    const index = this.#chunkOf(id);
    const chunk = this.chunks[index];
    if (chunk === undefined) return this;
    const at = firstAtOrAfter(chunk, id);
    if (chunk[at]?.rule.id !== id) return this;
    const rest = chunk.toSpliced(at, 1);
    const next = this.chunks[index + 1];
    // Small neighbours are joined, so that there are never many chunks of few rules.
    const joined = next !== undefined && rest.length + next.length <= MAX_CHUNK / 2;
    const pieces = joined ? [[...rest, ...next]] : rest.length > 0 ? [rest] : [];
    return new RulesById(this.chunks.toSpliced(index, joined ? 2 : 1, ...pieces), this.size - 1);
  }

  /** Those with an id after this one, or all; in order. */
  *after(id = ''): Generator<StoredRule, void> {
    const first = this.#chunkOf(id);
    for (let index = first; index < this.chunks.length; index++) {
      const chunk = this.chunks[index]!;
      let at = index === first ? firstAtOrAfter(chunk, id) : 0;
      if (index === first && chunk[at]?.rule.id === id) at++;
      for (; at < chunk.length; at++) yield chunk[at]!;
    }
  }

  /** The difference to a later set. Costs little where the two share most of their chunks. */
  editsTo(later: RulesById): RuleEdits {
    const set: StoredRule[] = [];
    const removed: string[] = [];
    const [before, after] = [new Cursor(this.chunks), new Cursor(later.chunks)];
    while (!before.isAtEnd || !after.isAtEnd) {
      if (before.isAtStartOf(after)) {
        before.skipChunk();
        after.skipChunk();
        continue;
      }
      const [old, current] = [before.current, after.current];
      if (current === undefined || (old !== undefined && old.rule.id < current.rule.id)) {
        removed.push(old!.rule.id);
        before.step();
        continue;
      }
      if (old !== current) set.push(current);
      if (old?.rule.id === current.rule.id) before.step();
      after.step();
    }
    return { set, removed };
  }

  /** The chunk that holds an id, or would: the last one that begins at or before it. */
  #chunkOf(id: string): number {
    let [low, high] = [0, this.chunks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.chunks[middle]![0]!.rule.id <= id) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function firstAtOrAfter(chunk: Chunk, id: string): number {
  let [low, high] = [0, chunk.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle]!.rule.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A place among chunks that moves on. */
class Cursor {
  #chunk = 0;
  #at = 0;

  constructor(private readonly chunks: readonly Chunk[]) {}

  get isAtEnd(): boolean {
    return this.#chunk >= this.chunks.length;
  }

  get current(): StoredRule | undefined {
    return this.chunks[this.#chunk]?.[this.#at];
  }

  /** Whether both are at the start of one and the same chunk. */
  isAtStartOf(other: Cursor): boolean {
    if (this.#at > 0 || other.#at > 0 || this.isAtEnd) return false;
    return this.chunks[this.#chunk] === other.chunks[other.#chunk];
  }

  skipChunk(): void {
    this.#chunk++;
    this.#at = 0;
  }

  step(): void {
    this.#at++;
    if (this.#at === this.chunks[this.#chunk]!.length) this.skipChunk();
  }
}
