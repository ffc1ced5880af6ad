import { maxUnder, UNLIMITED, type Counts, type LimitCount, type LimitOverride } from '@sundial/engine/ports';

/** Counters whose overrides are remembered; of more, those that were heard of first are forgotten. */
const MAX_COUNTERS = 10_000;

/** What the store said last of the overrides of counters, for the time without it. Nodes know those of the subjects they serve. */
export class KnownOverrides {
  readonly #byKey = new Map<string, ReadonlyMap<string, LimitOverride>>();

  /** Notes what the store answered: also that there is none any more. */
  hear(counts: Counts): void {
    if (this.#isKnown(counts)) return;
    let heard: Map<string, Map<string, LimitOverride>> | undefined;
    for (const { counter, limit, override } of counts) {
      if (override === undefined && (this.#byKey.size === 0 || !this.#byKey.has(counter.key))) continue;
      heard ??= new Map();
      const its = heard.get(counter.key) ?? new Map<string, LimitOverride>();
      if (override !== undefined) its.set(limit.field, override);
      heard.set(counter.key, its);
    }
    if (heard !== undefined) for (const [key, its] of heard) this.#set(key, its);
  }

  /** Nearly all subjects have none, and of the others nearly every answer says what the one before said. */
  #isKnown(counts: Counts): boolean {
    for (const { counter, limit, override } of counts) {
      const its = this.#byKey.size === 0 ? undefined : this.#byKey.get(counter.key);
      if (!areEqual(its?.get(limit.field), override)) return false;
    }
    return true;
  }

  /** What a limit has at this instant; undefined in nearly all cases. */
  of(key: string, field: string, now: number): LimitOverride | undefined {
    if (this.#byKey.size === 0) return undefined;
    const override = this.#byKey.get(key)?.get(field);
    return override !== undefined && now < (override.until ?? Infinity) ? override : undefined;
  }

  #set(key: string, its: ReadonlyMap<string, LimitOverride>): void {
    this.#byKey.delete(key);
    if (its.size === 0) return;
    if (this.#byKey.size >= MAX_COUNTERS) this.#byKey.delete(this.#byKey.keys().next().value!);
    this.#byKey.set(key, its);
  }
}

function areEqual(one: LimitOverride | undefined, other: LimitOverride | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || one.until !== other.until) return false;
  return 'add' in one ? 'add' in other && one.add === other.add : 'set' in other && one.set === other.set;
}

/** The max by which a limit's share is made, whether it enforces or not. */
export function sharedMax({ limit }: Pick<LimitCount, 'limit'>, override: LimitOverride | undefined): number {
  if (override === undefined) return limit.max;
  return maxUnder(limit.max === UNLIMITED ? null : limit.max, override) ?? UNLIMITED;
}
