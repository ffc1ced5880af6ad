import type { RuleSetWritten, RuleWritten } from './rule-written.js';
import type { Rule } from './rule.js';

/** A rule as a program writes it. What is left out has its default: UTC, mode `enforce`, policy `local`. */
export type RuleInput = Pick<Rule, 'id' | 'resource' | 'per' | 'limits'> & Partial<Rule>;

/** A rule, and the version of the rules that last changed it. */
export interface RuleAtRevision {
  readonly rule: Rule;
  readonly revision: number;
}

/**
 * The rules, as the program that has Sundial inside reads and changes them: what `/admin/rules` is over HTTP.
 *
 * Reads answer from the rules in force on this node, without waiting. A write is stored, then announced, and resolves when
 * every live node applies it, or after 2 s: `nodes` says how many do. It is all or nothing. With an expected revision or
 * version it overwrites no change that the caller has not seen.
 *
 * Writes reject with an error that has a `code`: `invalid-rule` (every error in `errors`), `rule-exists`,
 * `rule-not-found`, `rule-changed` or `rules-changed` (an expectation that does not hold), `store-unavailable` (the
 * sentence says whether the change may have been made).
 */
export interface RuleAdmin {
  /** Of the rules in force here; it grows with every write, on whichever node. */
  readonly version: number;
  /** All rules in force, in the order of their ids. */
  list(): readonly Rule[];
  get(id: string): RuleAtRevision | undefined;
  create(rule: RuleInput): Promise<RuleWritten>;
  /** Puts this rule in the place of the one with its id. */
  replace(rule: RuleInput, expected?: { readonly revision?: number }): Promise<RuleWritten>;
  /** Changes some fields (a JSON merge patch, RFC 7396): null returns a field to its default, lists are replaced whole. */
  patch(id: string, changes: RulePatch, expected?: { readonly revision?: number }): Promise<RuleWritten>;
  delete(id: string, expected?: { readonly revision?: number }): Promise<RuleWritten>;
  /** Makes these the rules, and no others. Where they are that already nothing is written. */
  replaceAll(rules: readonly RuleInput[], expected?: { readonly version?: number }): Promise<RuleSetWritten>;
}

/** Fields of a rule, `id` excepted; null stands for a field's default. */
export type RulePatch = { readonly [Field in Exclude<keyof Rule, 'id'>]?: Rule[Field] | null };
