import type { Rule } from '@sundial/contract';

/** The rules of one resource, in order of their ids. */
interface ResourceRules {
  readonly all: readonly Rule[];
  /** Those that count: mode `enforce` or `observe`. The same list as long as they are the same rules. */
  readonly counting: readonly Rule[];
}

type Bucket = ReadonlyMap<string, ResourceRules>;

/** A power of two: the root of the most rules there can be, roughly. */
const BUCKETS = 128;
const NO_BUCKET: Bucket = new Map();
const NO_RULES: ResourceRules = { all: [], counting: [] };

/**
 * The rules of each resource, immutable. Resources lie in buckets by a hash, which the set before a change and the one
 * after it share, but for the one that changed.
 */
export class RulesByResource {
  static readonly EMPTY = new RulesByResource(new Array<Bucket>(BUCKETS).fill(NO_BUCKET), 0);

  private constructor(
    private readonly buckets: readonly Bucket[],
    /** How many rules have a limit with thresholds. */
    readonly withThresholds: number,
  ) {}

  counting(resource: string): readonly Rule[] {
    return this.#of(resource).counting;
  }

  has(resource: string): boolean {
    return this.#of(resource) !== NO_RULES;
  }

  /** With some rules taken away, and others added; a rule that is changed is in both. */
  changed(gone: readonly Rule[], added: readonly Rule[]): RulesByResource {
    const goneOf = byResource(gone);
    const addedOf = byResource(added);
    const buckets = [...this.buckets];
    const copied = new Map<number, Map<string, ResourceRules>>();
    for (const resource of new Set([...goneOf.keys(), ...addedOf.keys()])) {
      const index = bucketOf(resource);
      const bucket = copied.get(index) ?? new Map(this.buckets[index]);
      copied.set(index, bucket);
      buckets[index] = bucket;
      const rules = edited(this.#of(resource), goneOf.get(resource) ?? [], addedOf.get(resource) ?? []);
      if (rules.all.length > 0) bucket.set(resource, rules);
      else bucket.delete(resource);
    }
    const withThresholds =
      this.withThresholds - gone.filter(hasThresholds).length + added.filter(hasThresholds).length;
    return new RulesByResource(buckets, withThresholds);
  }

  #of(resource: string): ResourceRules {
    return this.buckets[bucketOf(resource)]!.get(resource) ?? NO_RULES;
  }
}

function hasThresholds({ limits }: Rule): boolean {
  return limits.some(({ thresholds }) => thresholds !== undefined);
}

function byResource(rules: readonly Rule[]): Map<string, Rule[]> {
  const grouped = new Map<string, Rule[]>();
  for (const rule of rules) {
    const group = grouped.get(rule.resource);
    if (group) group.push(rule);
    else grouped.set(rule.resource, [rule]);
  }
  return grouped;
}

function edited(rules: ResourceRules, gone: readonly Rule[], added: readonly Rule[]): ResourceRules {
  const without = new Set(gone);
  const all = [...rules.all.filter((rule) => !without.has(rule)), ...added];
  all.sort((a, b) => (a.id < b.id ? -1 : 1));
  const counting = all.filter(({ mode }) => mode !== 'off');
  const same =
    counting.length === rules.counting.length && counting.every((rule, at) => rule === rules.counting[at]);
  return { all, counting: same ? rules.counting : counting };
}

/** FNV-1a. An operator who may write rules gains nothing by collisions. */
function bucketOf(resource: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < resource.length; at++) {
    hash = Math.imul(hash ^ resource.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}
