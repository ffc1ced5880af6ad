import type { Rule } from './rule.js';

/** No repository keeps more rules than this: every node holds them all, and reads them all after a write. */
export const MAX_RULES = 10_000;

/** All rules at one version, immutable: a decision takes one book and keeps it to its end (I10). */
export class RuleBook {
  static readonly EMPTY = new RuleBook(0, [], { provisional: true });

  /**
   * True while the repository has not answered yet: these are the last rules this node knew, or those of its start-up
   * file. Whatever the repository holds replaces them, also when its version is lower.
   */
  readonly provisional: boolean;
  readonly #byId: ReadonlyMap<string, Rule>;
  readonly #byResource = new Map<string, Rule[]>();
  readonly #known: ReadonlySet<string>;

  constructor(
    /** Grows with every write; 0 only while nothing was ever stored. */
    readonly version: number,
    /** In order of id, so that every node decides and reports in the same order. */
    readonly rules: readonly Rule[],
    { provisional = false }: { readonly provisional?: boolean } = {},
  ) {
    this.provisional = provisional;
    this.#byId = new Map(rules.map((rule) => [rule.id, rule]));
    this.#known = new Set(rules.map(({ resource }) => resource));
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

  /** Whether any rule names the resource, be it one that is off: to lift a limit is not to forbid what it limited. */
  knows(resource: string): boolean {
    return this.#known.has(resource);
  }

  byId(id: string): Rule | undefined {
    return this.#byId.get(id);
  }
}

const NO_RULES: readonly Rule[] = [];
