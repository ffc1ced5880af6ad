import { counterKey } from '../counters/counter-key.js';
import { isOwnRule, writtenRule } from '../counters/own-rule.js';
import { RuleWindowsCache, type PlannedLimit, type RuleWindows } from '../counters/rule-windows.js';
import { tierOf } from '../counters/tier-of.js';
import { Scope, valuesOf, type CountedBy } from '../operations/scope.js';
import type { Rule, Subject, ZoneWarning } from '@sundial/contract';
import type { CounterRef } from '../stores/store.js';
import { Doorkeeper } from './doorkeeper.js';
import { KeptWindows } from './kept-windows.js';
import { OwnRules } from './own-rules.js';

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
  #kept = new Map<string, KeptCounters>();
  #count = 0;
  readonly #doorkeeper = new Doorkeeper();
  /** The windows that counters keep although their subjects have another zone or billing day now. */
  readonly kept = new KeptWindows();
  readonly #own = new WeakMap<readonly Rule[], OwnRules>();

  /** The plan of a check of this subject under these rules, at the store's `now`. */
  at(rules: readonly Rule[], subject: Subject, now: number): CheckPlan {
    if (this.#count >= MAX_KEPT) {
      this.#kept.clear();
      this.#count = 0;
    }
    const kept = this.#keptFor(rules, now);
    return kept.own === undefined
      ? this.#planOf(this.#inTiers(kept, subject, now), subject)
      : this.#ownPlan(kept.own, subject, now);
  }

  #ownPlan(own: OwnRules, subject: Subject, now: number): CheckPlan {
    const { name, rules, warnings } = own.of(subject);
    const plan = this.#planOf(this.#inTiers(this.#keptFor(rules, now, name), subject, now), subject);
    const counters = plan.counters.map((counter) => this.kept.counterAt(counter, now));
    const inWindows = plan.rules.map((each, index) => {
      const { limits } = counters[index]!;
      return each.limits === limits ? each : { ...each, limits };
    });
    return { ...plan, rules: inWindows, counters, own: { warnings } };
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
    const own = this.#ownOf(rules);
    const its = own === undefined ? rules : own.of(subject).rules;
    const counters = countersOf(
      its.map((rule) => this.#windows.once(rule, at, tierOf(rule, subject))),
      subject,
    );
    return own === undefined ? counters : counters.map((counter) => this.kept.counterAt(counter, at));
  }

  /** `of` tells those of some subjects apart. */
  #keptFor(rules: readonly Rule[], now: number, of = ''): KeptCounters {
    const resource = rules[0]?.resource ?? '';
    const id = of === '' ? resource : `${resource} ${of}`;
    const known = this.#kept.get(id);
    if (known?.of === rules && this.#areCurrent(known.rules, now)) return known;
    this.#count -= known === undefined ? 0 : sizeOf(known);
    const attributes = [...new Set(rules.flatMap(({ per }) => per))].sort();
    const fresh: KeptCounters = {
      of: rules,
      rules: rules.map((rule) => this.#windows.at(rule, now)),
      countedBy: { resource, attributes },
      byName: new Map(),
      byTiers: rules.some(({ tiers }) => tiers !== undefined) ? new Map() : undefined,
      own: of === '' ? this.#ownOf(rules) : undefined,
    };
    this.#kept.set(id, fresh);
    this.#count++;
    return fresh;
  }

  /** What is kept for the tiers that a subject is in: plans of another tier have another `max`. */
  #inTiers(kept: KeptCounters, subject: Subject, now: number): KeptCounters {
    const { byTiers } = kept;
    if (byTiers === undefined) return kept;
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

  #ownOf(rules: readonly Rule[]): OwnRules | undefined {
    if (!rules.some(isOwnRule)) return undefined;
    let own = this.#own.get(rules);
    if (own === undefined) this.#own.set(rules, (own = new OwnRules(rules)));
    return own;
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
  /** Where each subject has windows of its own. */
  readonly own: OwnRules | undefined;
}

function sizeOf({ byName, byTiers }: KeptCounters): number {
  let size = 1 + byName.size;
  for (const tiered of byTiers?.values() ?? []) size += sizeOf(tiered);
  return size;
}

function countersOf(rules: readonly RuleWindows[], subject: Subject): readonly CounterRef<PlannedLimit>[] {
  return rules.map(({ rule, limits }) => {
    const { key, shardGroup } = counterKey(writtenRule(rule), subject);
    return { key, shardGroup, limits, place: undefined, hash: undefined };
  });
}
