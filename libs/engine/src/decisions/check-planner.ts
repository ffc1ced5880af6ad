import { counterKey } from '../counters/counter-key.js';
import { writtenRule } from '../counters/own-rule.js';
import { RuleWindowsCache, type PlannedLimit, type RuleWindows } from '../counters/rule-windows.js';
import { Scope, valuesOf, type CountedBy } from '../operations/scope.js';
import type { Rule, Subject, ZoneWarning } from '@sundial/contract';
import type { CounterRef } from '../stores/counter-ref.js';
import { Doorkeeper } from './doorkeeper.js';
import { KeptWindows } from './kept-windows.js';
import { RuleVariants, type RuleVariant } from './rule-variants.js';

/** The rules of a resource in their windows, and a subject's counter under each of them. */
export interface CheckPlan {
  readonly resource: string;
  readonly rules: readonly RuleWindows[];
  readonly counters: readonly CounterRef<PlannedLimit>[];
  /** Where the operation ids of this subject are known, under these rules. */
  readonly scope: Scope;
  /** Only where the subject's own zone or billing day makes windows. */
  readonly own?: { readonly warnings: readonly ZoneWarning[] };
}

/**
 * Subjects whose counters are kept to be asked for again; at so many, all are forgotten. Measured: 650 bytes for one rule
 * that counts by one attribute, 740 where callers name their operations, at most 3.1 KB a rule (eight attributes, the
 * longest names).
 */
const MAX_KEPT = 50_000;
/** Of all values that are counted by. Plans of longer ones are made each time: 5 KB would be kept for each. */
const MAX_KEPT_NAME = 512;

/** What plans checks, and says where the counters of a subject were at an instant. */
export type Planner = Pick<CheckPlanner, 'at' | 'countersAt' | 'kept'>;

/**
 * Plans checks: puts rules and subjects together. The counters of subjects that come again are kept as long as their
 * windows last: making their keys again costs the node more than finding them. A subject is kept from its second check
 * on (`Doorkeeper`), so a million of subjects that each come once leave nothing behind.
 */
export class CheckPlanner {
  readonly #windows = new RuleWindowsCache();
  /** By resource: what is kept for rules that are changed goes with them. */
  #kept = new Map<string, KeptRules>();
  #count = 0;
  readonly #doorkeeper = new Doorkeeper();
  /** The windows that counters keep although their subjects have another zone or billing day now. */
  readonly kept = new KeptWindows();

  /** The plan of a check of this subject under these rules, at the store's `now`. */
  at(rules: readonly Rule[], subject: Subject, now: number): CheckPlan {
    if (this.#count >= MAX_KEPT) {
      this.#kept.clear();
      this.#count = 0;
    }
    const written = this.#writtenAt(rules, now);
    const { variants } = written;
    if (variants === undefined) return this.#planOf(written, subject);
    const variant = variants.of(subject);
    const plan = this.#planOf(this.#variantAt(variant, written, now), subject);
    return variant.own === undefined ? plan : this.#inKeptWindows(plan, variant.own, now);
  }

  #inKeptWindows(plan: CheckPlan, own: NonNullable<CheckPlan['own']>, now: number): CheckPlan {
    const counters = plan.counters.map((counter) => this.kept.counterAt(counter, now));
    const inWindows = plan.rules.map((each, index) => {
      const { limits } = counters[index]!;
      return each.limits === limits ? each : { ...each, limits };
    });
    return { ...plan, rules: inWindows, counters, own };
  }

  #planOf(kept: KeptCounters, subject: Subject): CheckPlan {
    const name = valuesOf(kept.countedBy.attributes, subject);
    let plan = kept.byName.get(name);
    if (plan === undefined) {
      const scope = new Scope(kept.countedBy, name);
      const { rules: inWindows, countedBy } = kept;
      const { resource } = countedBy;
      plan = { resource, rules: inWindows, counters: countersOf(inWindows, subject), scope };
      if (name.length > MAX_KEPT_NAME || !this.#doorkeeper.hasSeen(name)) return plan;
      kept.byName.set(name, plan);
      this.#count++;
    }
    return plan;
  }

  /** The counters of a subject as they stood at an instant that may be past: other callers ask of now, so none are kept. */
  countersAt(rules: readonly Rule[], subject: Subject, at: number): readonly CounterRef<PlannedLimit>[] {
    const variant = this.#variantsOf(rules)?.of(subject);
    const inWindows = (variant?.rules ?? rules).map((rule, index) =>
      this.#windows.once(rule, at, variant?.tiers[index]),
    );
    const counters = countersOf(inWindows, subject);
    return variant?.own === undefined
      ? counters
      : counters.map((counter) => this.kept.counterAt(counter, at));
  }

  #writtenAt(rules: readonly Rule[], now: number): KeptRules {
    const resource = rules[0]?.resource ?? '';
    const known = this.#kept.get(resource);
    if (known?.of === rules && this.#areCurrent(known, now)) return known;
    if (known !== undefined) this.#count -= sizeOf(known);
    const attributes = [...new Set(rules.flatMap(({ per }) => per))].sort();
    const fresh: KeptRules = {
      of: rules,
      rules: rules.map((rule) => this.#windows.at(rule, now)),
      countedBy: { resource, attributes },
      byName: new Map(),
      variants: this.#variantsOf(rules),
      byVariant: known?.of === rules ? known.byVariant : new Map<string, KeptCounters>(),
    };
    this.#kept.set(resource, fresh);
    this.#count += sizeOf(fresh);
    return fresh;
  }

  #variantsOf(rules: readonly Rule[]): RuleVariants | undefined {
    const known = this.#kept.get(rules[0]?.resource ?? '');
    return known?.of === rules ? known.variants : RuleVariants.of(rules);
  }

  #variantAt({ name, rules, tiers }: RuleVariant, written: KeptRules, now: number): KeptCounters {
    const known = written.byVariant.get(name);
    if (known?.of === rules && this.#areCurrent(known, now)) return known;
    if (known !== undefined) this.#count -= sizeOf(known);
    const inWindows = rules.map((rule, index) => this.#windows.at(rule, now, tiers[index]));
    const { countedBy } = written;
    const fresh: KeptCounters = { of: rules, rules: inWindows, countedBy, byName: new Map() };
    written.byVariant.set(name, fresh);
    this.#count += sizeOf(fresh);
    return fresh;
  }

  #areCurrent({ rules }: KeptCounters, now: number): boolean {
    for (const known of rules) if (this.#windows.at(known.rule, now, known.tier) !== known) return false;
    return true;
  }
}

/** What is kept of the plans of one variant of a resource's rules while none of their windows ends. */
interface KeptCounters {
  readonly of: readonly Rule[];
  readonly rules: readonly RuleWindows[];
  readonly countedBy: CountedBy;
  /** By the subject's values of these attributes. */
  readonly byName: Map<string, CheckPlan>;
}

/** Of the rules as they are written, which all subjects have where there are no variants. */
interface KeptRules extends KeptCounters {
  readonly variants: RuleVariants | undefined;
  readonly byVariant: Map<string, KeptCounters>;
}

function sizeOf(kept: KeptCounters | KeptRules): number {
  let size = 1 + kept.byName.size;
  if ('byVariant' in kept) for (const variant of kept.byVariant.values()) size += sizeOf(variant);
  return size;
}

function countersOf(rules: readonly RuleWindows[], subject: Subject): readonly CounterRef<PlannedLimit>[] {
  return rules.map(({ rule, limits }) => {
    const { key, shardGroup } = counterKey(writtenRule(rule), subject);
    return { key, shardGroup, limits, place: undefined, hash: undefined };
  });
}
