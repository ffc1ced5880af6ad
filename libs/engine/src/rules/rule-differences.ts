import { isDeepStrictEqual } from 'node:util';
import { TimeSlice } from '../event-loop/time-slice.js';
import { inStoredOrder } from './attribute-order.js';
import type { RuleBook } from './rule-book.js';
import { effectsOf } from './rule-effects.js';
import type { Effects, Rule, RuleEffect, RuleSetChanges } from '@sundial/contract';

/** What has to be set and removed so that a book holds a set of rules and no others. */
export interface RuleDifferences {
  readonly created: readonly Rule[];
  readonly changed: readonly Rule[];
  readonly removed: readonly string[];
  readonly effects: readonly RuleEffect[];
}

/** Compares a book with the set that is wanted, each id once, in any order of `per`; does not stall the event loop. */
export async function differencesBetween(book: RuleBook, wanted: readonly Rule[]): Promise<RuleDifferences> {
  const slice = new TimeSlice();
  const [created, changed]: [Rule[], Rule[]] = [[], []];
  const ids = new Set<string>();
  for (const rule of wanted) {
    if (slice.isOver) await slice.next();
    ids.add(rule.id);
    const current = book.byId(rule.id);
    const stored = inStoredOrder(rule, current);
    if (current === undefined) created.push(stored);
    else if (!isDeepStrictEqual(current, stored)) changed.push(stored);
  }
  const removed: string[] = [];
  for (const { id } of book.after()) {
    if (slice.isOver) await slice.next();
    if (!ids.has(id)) removed.push(id);
  }
  return { created, changed, removed, effects: await effectsOf(book, [...created, ...changed]) };
}

/** The same as ids, in order, as answers have it. */
export function changesIn({ created, changed, removed, effects }: RuleDifferences): RuleSetChanges {
  const idsOf = (rules: readonly Rule[]) => rules.map(({ id }) => id).sort();
  return { created: idsOf(created), changed: idsOf(changed), removed, ...shownEffects(effects) };
}

/** Effects as answers have them: absent where there are none. */
export function shownEffects(effects: readonly RuleEffect[]): Effects {
  return effects.length > 0 ? { effects } : {};
}
