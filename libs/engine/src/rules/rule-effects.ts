import { type CounterPart, type Limit, type Rule, type RuleEffect, UNITS_METER } from '@sundial/contract';
import { fieldOf } from '../counters/limit-field.js';
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
    effects.push(...restartsOf(book.byId(rule.id), rule));
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

/**
 * Counters are named by resource, attributes and time zone, and within a counter by window and meter. One effect a meter: a rule
 * that begins to count tokens of a day goes on counting its units.
 */
function restartsOf(current: Rule | undefined, rule: Rule): RuleEffect[] {
  if (current === undefined) return [];
  const counted = new Set(current.limits.map(fieldOf));
  const parts: CounterPart[] = [
    ...(rule.resource === current.resource ? [] : (['resource'] as const)),
    ...(hasSameAttributes(rule.per, current.per) ? [] : (['per'] as const)),
    ...(zoneCode(rule.timeZone) === zoneCode(current.timeZone) ? [] : (['timeZone'] as const)),
  ];
  const effects: RuleEffect[] = [];
  for (const meter of new Set(rule.limits.map(meterOf))) {
    const all = rule.limits.filter((limit) => meterOf(limit) === meter);
    const added = all.filter((limit) => !counted.has(fieldOf(limit)));
    const windows = (parts.length > 0 ? all : added).map(({ window }) => window);
    if (windows.length === 0) continue;
    const isNewMeter = !current.limits.some((limit) => meterOf(limit) === meter);
    const changed = [...parts, ...(added.length > 0 ? ([isNewMeter ? 'meter' : 'window'] as const) : [])];
    effects.push({
      kind: 'counters-restart',
      rule: rule.id,
      windows,
      ...(meter !== UNITS_METER && { meter }),
      changed,
    });
  }
  return effects;
}

function meterOf({ meter = UNITS_METER }: Limit): string {
  return meter;
}
