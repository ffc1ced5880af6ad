import type { Rule } from './rule.js';

/** All rules at one version, immutable: a decision takes one book and keeps it to its end (I10). */
export class RuleBook {
  static readonly EMPTY = new RuleBook(0, []);

  readonly #byResource = new Map<string, Rule[]>();

  constructor(
    /** Grows by one with every write; 0 only while nothing was ever stored. */
    readonly version: number,
    /** In order of id, so that every node decides and reports in the same order. */
    readonly rules: readonly Rule[],
  ) {
    for (const rule of rules) {
      if (rule.mode === 'off') continue;
      const sameResource = this.#byResource.get(rule.resource);
      if (sameResource) sameResource.push(rule);
      else this.#byResource.set(rule.resource, [rule]);
    }
  }

  /** The rules of a resource that count (mode `enforce` or `observe`). */
  forResource(resource: string): readonly Rule[] {
    return this.#byResource.get(resource) ?? NO_RULES;
  }

  byId(id: string): Rule | undefined {
    return this.rules.find((rule) => rule.id === id);
  }
}

const NO_RULES: readonly Rule[] = [];
