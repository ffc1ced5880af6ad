import { NearNames } from './near-names.js';
import type { Rule } from '@sundial/contract';
import { RuleIndex } from './rule-index.js';

/** All rules at one version, immutable: a decision takes one book and keeps it to its end (I10). */
export class RuleBook {
  static readonly EMPTY = new RuleBook(0, [], { provisional: true });

  /**
   * True while the repository has not answered yet: these are the last rules this node knew, or those of its start-up
   * file. Whatever the repository holds replaces them, also when its version is lower.
   */
  readonly provisional: boolean;
  readonly #index: RuleIndex;
  #rules: readonly Rule[] | undefined;
  /** Made when a resource without rules is first asked for. */
  #near: NearNames | undefined;

  constructor(
    /** Grows with every write; 0 only while nothing was ever stored. */
    readonly version: number,
    rules: readonly Rule[] | RuleIndex,
    { provisional = false }: { readonly provisional?: boolean } = {},
  ) {
    this.provisional = provisional;
    this.#index = rules instanceof RuleIndex ? rules : RuleIndex.of(rules, version);
  }

  get size(): number {
    return this.#index.size;
  }

  /** All in order of id, so that every node decides and reports in the same order. Made when it is first read. */
  get rules(): readonly Rule[] {
    this.#rules ??= [...this.after()];
    return this.#rules;
  }

  /** The rules with an id after this one, or all; in order of id. */
  *after(id?: string): Generator<Rule, void> {
    for (const { rule } of this.#index.after(id)) yield rule;
  }

  /** The rules of a resource that count (mode `enforce` or `observe`). */
  forResource(resource: string): readonly Rule[] {
    return this.#index.counting(resource);
  }

  /** Whether any rule has a limit with thresholds. */
  get hasThresholds(): boolean {
    return this.#index.hasThresholds;
  }

  /** Whether any rule names the resource, including rules that are off: lifting a limit does not forbid what it limited. */
  knows(resource: string): boolean {
    return this.#index.knows(resource);
  }

  /** The resource of a rule whose name is nearest to that of a resource without rules, if one is near. */
  nearestTo(resource: string): string | undefined {
    if (this.knows(resource)) return undefined;
    this.#near ??= new NearNames(this.#resources());
    return this.#near.nearestTo(resource);
  }

  *#resources(): Generator<string, void> {
    for (const { resource } of this.after()) yield resource;
  }

  /** The version that last changed a rule. */
  revisionOf(id: string): number | undefined {
    return this.#index.get(id)?.revision;
  }

  byId(id: string): Rule | undefined {
    return this.#index.get(id)?.rule;
  }
}
