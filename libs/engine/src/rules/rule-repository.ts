import type { Rule, RuleSetWritten, RuleWritten } from '@sundial/contract';
import type { RuleBook } from './rule-book.js';

/**
 * Where rules are kept: Redis for many nodes, a file in the data directory for an embedded one.
 *
 * Every write is compare-and-set and raises the version; the repository calls the listener given to
 * `start` with every newer book, its own writes included, before `write` resolves. A book shares with the one before it
 * all that did not change: what a write costs depends on what it changes, not on how many rules there are.
 */
export interface RuleRepository {
  /** Loads, calls `apply` with the first book, and keeps calling it with every newer one until `close`. */
  start(apply: (book: RuleBook) => void): Promise<void>;
  /**
   * Applies one change. Resolves after every live node has applied it, or after 2 s. Its effects are those on the rules
   * that this node has in force.
   * @throws QuotaError `rule-exists`, `rule-not-found`, `rule-changed` (stale `expectedRevision`), `store-unavailable` (its
   * sentence says whether the change may have been made), or `invalid-rule` when there are too many.
   */
  write(change: RuleChange): Promise<RuleStored>;
  /**
   * Makes these the rules, and no others, in one version; where they are that already nothing is written. Rules that do
   * not change keep their revisions. Resolves as `write` does.
   * @throws QuotaError `rules-changed` (stale `expectedVersion`) or `store-unavailable`.
   */
  replaceAll(set: RuleSet): Promise<RuleSetWritten>;
  /** The revision (ETag) of each rule: the version of the book that last changed it. */
  revisionOf(id: string): number | undefined;
  /** Where the rules came from that `start` put in force. */
  readonly origin: RulesOrigin;
  close(): Promise<void>;
}

/**
 * `stored`: where rules are kept. `seed`: there were none, and these are the ones to begin with. `last-known`: what this
 * node knew last, until the store answers.
 */
export type RulesOrigin = 'stored' | 'seed' | 'last-known';

/** The rules to begin with. Asked only where none are stored or known. @throws what keeps them from being used. */
export type RuleSeed = () => readonly Rule[];

/** A change of one rule that was made. */
export interface RuleStored extends RuleWritten {
  /** Whether there was no rule with this id. */
  readonly created: boolean;
  /** As it is stored: with the `per` of the rule that it replaces, where only the order differs. Of a deletion, as it was. */
  readonly rule: Rule | undefined;
}

/** `put` replaces the rule, or creates it where there is none. */
export type RuleChange =
  | { readonly kind: 'put'; readonly rule: Rule }
  | { readonly kind: 'create'; readonly rule: Rule }
  | { readonly kind: 'replace'; readonly rule: Rule; readonly expectedRevision?: number }
  | { readonly kind: 'delete'; readonly id: string; readonly expectedRevision?: number };

/** At most `MAX_RULES`, each id once. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  /** The version of the book that is to be replaced; whichever there is when absent. */
  readonly expectedVersion?: number;
}
