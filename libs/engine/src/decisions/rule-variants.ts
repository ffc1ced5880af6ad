import type { Rule, Subject, ZoneWarning } from '@sundial/contract';
import { isOwnRule, ruleForSubject } from '../counters/own-rule.js';
import { tierOf } from '../counters/tier-of.js';

/** Variants of the rules of one resource that are kept; at so many, all are forgotten. */
const MAX_KEPT = 2_000;

/** The rules of a resource as they are for all subjects of the same zone, billing day and tiers. */
export interface RuleVariant {
  /** Tells it apart from other variants of the same rules. */
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Of each rule; undefined where its own limits hold. */
  readonly tiers: readonly (string | undefined)[];
  /** Only where some windows begin by the subject's own zone or billing day. */
  readonly own: { readonly warnings: readonly ZoneWarning[] } | undefined;
}

/** Finds the variant of a resource's rules that a subject has, by the few attributes that decide it. */
export class RuleVariants {
  readonly #rules: readonly Rule[];
  readonly #ownAttributes: readonly string[];
  readonly #known = new Map<string, RuleVariant>();

  private constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#ownAttributes = [...new Set(rules.flatMap(ownAttributesOf))];
  }

  /** Undefined where all subjects have the rules as they are written. */
  static of(rules: readonly Rule[]): RuleVariants | undefined {
    const differ = rules.some((rule) => rule.tiers !== undefined || isOwnRule(rule));
    return differ ? new RuleVariants(rules) : undefined;
  }

  /**
   * The same object for subjects with the same zone, billing day and tiers.
   * @throws QuotaError `invalid-request`
   */
  of(subject: Subject): RuleVariant {
    const tiers = this.#rules.map((rule) => tierOf(rule, subject));
    let name = tiers.join(' ');
    for (const attribute of this.#ownAttributes) {
      const value = subject[attribute];
      name += value === undefined ? ' -' : ` ${value.length} ${value}`;
    }
    let known = this.#known.get(name);
    if (known === undefined) {
      if (this.#known.size >= MAX_KEPT) this.#known.clear();
      known = { name, tiers, ...this.#rulesFor(subject) };
      this.#known.set(name, known);
    }
    return known;
  }

  #rulesFor(subject: Subject): Pick<RuleVariant, 'rules' | 'own'> {
    if (this.#ownAttributes.length === 0) return { rules: this.#rules, own: undefined };
    const all = this.#rules.map((rule) => ruleForSubject(rule, subject));
    const warnings = all.flatMap(({ warning }) => warning ?? []);
    return { rules: all.map(({ rule }) => rule), own: { warnings } };
  }
}

function ownAttributesOf(rule: Rule): string[] {
  if (!isOwnRule(rule)) return [];
  const { timeZone, limits } = rule;
  return [
    ...(typeof timeZone === 'string' ? [] : [timeZone.by]),
    ...limits.flatMap(({ window }) =>
      typeof window === 'object' && typeof window.startsOn === 'object' ? [window.startsOn.by] : [],
    ),
  ];
}
