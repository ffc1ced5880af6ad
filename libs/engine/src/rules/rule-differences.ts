import { isDeepStrictEqual } from 'node:util';
import { TimeSlice } from '../event-loop/time-slice.js';
import type { RuleBook } from './rule-book.js';
import type { Rule, RuleSetChanges } from '@sundial/contract';

/** What has to be set and removed so that a book holds a set of rules and no others. */
export interface RuleDifferences {
  readonly created: readonly Rule[];
  readonly changed: readonly Rule[];
  readonly removed: readonly string[];
}

/** Compares a book with the set that is wanted, each id once, without stalling the event loop. */
export async function differencesBetween(book: RuleBook, wanted: readonly Rule[]): Promise<RuleDifferences> {
  const slice = new TimeSlice();
  const [created, changed]: [Rule[], Rule[]] = [[], []];
  const ids = new Set<string>();
  for (const rule of wanted) {
    if (slice.isOver) await slice.next();
    ids.add(rule.id);
    const current = book.byId(rule.id);
    if (current === undefined) created.push(rule);
    else if (!isDeepStrictEqual(current, rule)) changed.push(rule);
  }
  const removed: string[] = [];
  for (const { id } of book.after()) {
    if (slice.isOver) await slice.next();
    if (!ids.has(id)) removed.push(id);
  }
  return { created, changed, removed };
}

/** The same as ids, in order: what an operator is told. */
export function changesIn({ created, changed, removed }: RuleDifferences): RuleSetChanges {
  const idsOf = (rules: readonly Rule[]) => rules.map(({ id }) => id).sort();
  return { created: idsOf(created), changed: idsOf(changed), removed };
}
