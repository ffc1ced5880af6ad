import type { CounterPart, Rule, RuleEffect } from '@sundial/contract';
import { TimeSlice } from '../event-loop/time-slice.js';
import { zoneCode } from '../windows/time-zone.js';
import { hasSameAttributes } from './attribute-order.js';
import type { RuleBook } from './rule-book.js';

/**
 * What it does to counters and callers that these rules are set in a book: which counters begin at 0, and which
 * attributes callers must send that they need not send before. In order of rule ids, the restarts first; does not stall the event loop.
 */
export async function effectsOf(book: RuleBook, set: readonly Rule[]): Promise<RuleEffect[]> {
  const slice = new TimeSlice();
  const effects: RuleEffect[] = [];
  const needed: RuleEffect[] = [];
  const knownAttributes = new Map<string, Set<string>>();
  for (const rule of set.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    if (slice.isOver) await slice.next();
    const restart = restartOf(book.byId(rule.id), rule);
    if (restart) effects.push(restart);
    if (rule.mode === 'off') continue;
    const { id, resource } = rule;
    const known = knownAttributes.get(resource) ?? attributesOf(book, resource);
    knownAttributes.set(resource, known);
    for (const attribute of rule.per.filter((name) => !known.has(name))) {
      known.add(attribute);
      needed.push({ kind: 'callers-need-attribute', rule: id, resource, attribute });
    }
  }
  return [...effects, ...needed];
}

/** What callers of a resource must send already. */
function attributesOf(book: RuleBook, resource: string): Set<string> {
  return new Set(book.forResource(resource).flatMap(({ per }) => per));
}

/** Counters are named by resource, attributes and time zone, and within a counter by window. */
function restartOf(current: Rule | undefined, rule: Rule): RuleEffect | undefined {
  if (current === undefined) return undefined;
  const counted = new Set(current.limits.map(({ window }) => window));
  const all = rule.limits.map(({ window }) => window);
  const added = all.filter((window) => !counted.has(window));
  const changed: CounterPart[] = [
    ...(rule.resource === current.resource ? [] : (['resource'] as const)),
    ...(hasSameAttributes(rule.per, current.per) ? [] : (['per'] as const)),
    ...(zoneCode(rule.timeZone) === zoneCode(current.timeZone) ? [] : (['timeZone'] as const)),
  ];
  const windows = changed.length > 0 ? all : added;
  if (windows.length === 0) return undefined;
  if (added.length > 0) changed.push('window');
  return { kind: 'counters-restart', rule: rule.id, windows, changed };
}
