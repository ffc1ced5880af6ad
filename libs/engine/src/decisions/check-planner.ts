import { counterKey } from '../counters/counter-key.js';
import { RuleWindowsCache, type PlannedLimit, type RuleWindows } from '../counters/rule-windows.js';
import { tierOf } from '../counters/tier-of.js';
import { Scope, valuesOf, type CountedBy } from '../operations/scope.js';
import type { Rule, Subject } from '@sundial/contract';
import type { CounterRef } from '../stores/store.js';
import { Doorkeeper } from './doorkeeper.js';

/** The rules of a resource in their windows, and a subject's counter under each of them. */
export interface CheckPlan {
  readonly resource: string;
  readonly rules: readonly RuleWindows[];
  readonly counters: readonly CounterRef<PlannedLimit>[];
  /** Where the operation ids of this subject are known, under these rules. */
  readonly scope: Scope;
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
export type Planner = Pick<CheckPlanner, 'at' | 'countersAt'>;

/**
 * Plans checks: puts rules and subjects together. The counters of subjects that come again are kept as long as their
 * windows last: making their keys again costs the node more than finding them. A subject is kept from its second check
 * on (`Doorkeeper`), so a million of subjects that each come once leave nothing behind.
 */
export class CheckPlanner {
  readonly #windows = new RuleWindowsCache();
  /** By resource: what is kept for rules that are changed goes with them. */
  #kept = new Map<string, KeptCounters>();
  #count = 0;
  readonly #doorkeeper = new Doorkeeper();

  /** The plan of a check of this subject under these rules, at the store's `now`. */
  at(rules: readonly Rule[], subject: Subject, now: number): CheckPlan {
    if (this.#count >= MAX_KEPT) {
      this.#kept.clear();
      this.#count = 0;
    }
    const kept = this.#keptFor(rules, subject, now);
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
    return countersOf(
      rules.map((rule) => this.#windows.once(rule, at, tierOf(rule, subject))),
      subject,
    );
  }

  #keptFor(rules: readonly Rule[], subject: Subject, now: number): KeptCounters {
    const resource = rules[0]?.resource ?? '';
    const known = this.#kept.get(resource);
    const kept =
      known?.of === rules && this.#areCurrent(known.rules, now) ? known : this.#keep(resource, rules, now);
    return kept.byTiers === undefined ? kept : this.#tieredOf(kept, kept.byTiers, { subject, now });
  }

  #keep(resource: string, rules: readonly Rule[], now: number): KeptCounters {
    const stale = this.#kept.get(resource);
    this.#count -= stale === undefined ? 0 : sizeOf(stale);
    const attributes = [...new Set(rules.flatMap(({ per }) => per))].sort();
    const fresh: KeptCounters = {
      of: rules,
      rules: rules.map((rule) => this.#windows.at(rule, now)),
      countedBy: { resource, attributes },
      byName: new Map(),
      byTiers: rules.some(({ tiers }) => tiers !== undefined) ? new Map() : undefined,
    };
    this.#kept.set(resource, fresh);
    this.#count++;
    return fresh;
  }

  /** What is kept for the tiers that a subject is in: plans of another tier have another `max`. */
  #tieredOf(
    kept: KeptCounters,
    byTiers: NonNullable<KeptCounters['byTiers']>,
    { subject, now }: { readonly subject: Subject; readonly now: number },
  ): KeptCounters {
    const tiers = kept.of.map((rule) => tierOf(rule, subject));
    if (tiers.every((tier) => tier === undefined)) return kept;
    const name = tiers.join(' ');
    const known = byTiers.get(name);
    if (known !== undefined && this.#areCurrent(known.rules, now)) return known;
    this.#count -= known === undefined ? 0 : sizeOf(known);
    const rules = kept.of.map((rule, index) => this.#windows.at(rule, now, tiers[index]));
    const fresh: KeptCounters = { ...kept, rules, byName: new Map(), byTiers: undefined };
    byTiers.set(name, fresh);
    this.#count++;
    return fresh;
  }

  #areCurrent(rules: readonly RuleWindows[], now: number): boolean {
    for (const known of rules) if (this.#windows.at(known.rule, now, known.tier) !== known) return false;
    return true;
  }
}

/** What is kept of the plans of one set of rules while none of their windows ends. */
interface KeptCounters {
  readonly of: readonly Rule[];
  readonly rules: readonly RuleWindows[];
  readonly countedBy: CountedBy;
  /** By the subject's values of these attributes. */
  readonly byName: Map<string, CheckPlan>;
  /** By the tiers of each rule, a name each; absent where no rule has any. */
  readonly byTiers: Map<string, KeptCounters> | undefined;
}

function sizeOf({ byName, byTiers }: KeptCounters): number {
  let size = 1 + byName.size;
  for (const tiered of byTiers?.values() ?? []) size += sizeOf(tiered);
  return size;
}

function countersOf(rules: readonly RuleWindows[], subject: Subject): readonly CounterRef<PlannedLimit>[] {
  return rules.map(({ rule, limits }) => {
    const { key, shardGroup } = counterKey(rule, subject);
    return { key, shardGroup, limits, place: undefined, hash: undefined };
  });
}
