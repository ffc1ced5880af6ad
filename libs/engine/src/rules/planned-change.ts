import { MAX_RULES, type Rule, type RuleEffect } from '@sundial/contract';
import { inStoredOrder } from './attribute-order.js';
import type { RuleBook } from './rule-book.js';
import { ruleChanged, ruleExists, ruleNotFound, tooManyRules } from './rule-conflicts.js';
import { effectsOf } from './rule-effects.js';
import type { RuleChange } from './rule-repository.js';

/** A change of one rule, and what it would do to a book. */
export interface PlannedChange {
  /** With the rule as it is to be stored. */
  readonly change: RuleChange;
  /** The rule that would be in force; of a deletion the one that is, if there is one. */
  readonly rule: Rule | undefined;
  readonly effects: readonly RuleEffect[];
}

/** Plans a change of a book. Whether it is possible is decided elsewhere (`assertPossible`), which the store answers last. */
export async function planChange(book: RuleBook, change: RuleChange): Promise<PlannedChange> {
  if (change.kind === 'delete') return { change, rule: book.byId(change.id), effects: [] };
  const rule = inStoredOrder(change.rule, book.byId(change.rule.id));
  return { change: { ...change, rule }, rule, effects: await effectsOf(book, [rule]) };
}

/** @throws QuotaError `rule-exists`, `rule-not-found`, `rule-changed`, or `invalid-rule` when there are too many. */
export function assertPossible(
  change: RuleChange,
  { revision, size }: { readonly revision: number | undefined; readonly size: number },
): void {
  const id = change.kind === 'delete' ? change.id : change.rule.id;
  switch (change.kind) {
    case 'create':
      if (revision !== undefined) throw ruleExists(id);
      break;
    case 'put':
      break;
    case 'replace':
    case 'delete': {
      if (revision === undefined) throw ruleNotFound(id);
      const { expectedRevision = revision } = change;
      if (expectedRevision !== revision) throw ruleChanged(id, expectedRevision, revision);
      break;
    }
    default:
      change satisfies never;
  }
  if (revision === undefined && size >= MAX_RULES) throw tooManyRules();
}
