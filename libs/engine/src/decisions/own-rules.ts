import type { Rule, Subject, ZoneWarning } from '@sundial/contract';
import { isOwnRule, ruleForSubject, type RuleForSubject } from '../counters/own-rule.js';

/** Zones and billing days of the rules of one resource that are kept; at so many, all are forgotten. */
const MAX_KEPT = 2_000;

/** Rules of a resource of which some have windows by the subject's own zone or billing day: for each subject, one set of rules. */
export class OwnRules {
  readonly #rules: readonly Rule[];
  readonly #attributes: readonly string[];
  readonly #known = new Map<string, RulesForSubject>();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#attributes = [...new Set(rules.flatMap(ownAttributesOf))];
  }

  /**
   * The same objects for subjects with the same zone and billing day.
   * @throws QuotaError `invalid-request`
   */
  of(subject: Subject): RulesForSubject {
    let name = '';
    for (const attribute of this.#attributes) {
      const value = subject[attribute];
      name += value === undefined ? '- ' : `${value.length} ${value} `;
    }
    let known = this.#known.get(name);
    if (known === undefined) {
      if (this.#known.size >= MAX_KEPT) this.#known.clear();
      known = forSubject(this.#rules, subject, name);
      this.#known.set(name, known);
    }
    return known;
  }
}

export interface RulesForSubject {
  /** Tells them apart from those of other subjects. */
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly warnings: readonly ZoneWarning[];
}

function forSubject(rules: readonly Rule[], subject: Subject, name: string): RulesForSubject {
  const all: RuleForSubject[] = rules.map((rule) => ruleForSubject(rule, subject));
  return { name, rules: all.map(({ rule }) => rule), warnings: all.flatMap(({ warning }) => warning ?? []) };
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
