import {
  QuotaError,
  said,
  type Limit,
  type OwnValue,
  type Rule,
  type Subject,
  type ZoneWarning,
} from '@sundial/contract';
import { endsFieldOf, type OwnWindows } from '../stores/own-windows.js';
import { canonicalTimeZone, zoneNumber } from '../windows/time-zone.js';
import { unitOf } from '../windows/window.js';
import { fieldOf } from './limit-field.js';

/** A rule whose windows begin by the subject's own zone or billing day, for those of one zone and of one day for each attribute. */
interface RuleOfSubject extends Rule {
  readonly timeZone: string;
  readonly own: OwnCalendar;
}

interface OwnCalendar {
  /** As it is written. */
  readonly rule: Rule;
  /** By attribute. */
  readonly days: Readonly<Record<string, number>>;
}

/** A rule for a subject, and what is amiss with that. */
export interface RuleForSubject {
  readonly rule: Rule;
  readonly warning?: ZoneWarning;
}

/** Whether any window of the rule begins by the subject's own zone or billing day. */
export function isOwnRule({ timeZone, limits }: Rule): boolean {
  return typeof timeZone !== 'string' || limits.some(({ window }) => ownDayOf(window) !== undefined);
}

/** The rule as it was written, of one that `ruleForSubject` made. */
export function writtenRule(rule: Rule): Rule {
  return ownCalendarOf(rule)?.rule ?? rule;
}

/** The zone of a rule; of one that is for no subject, the default one. */
export function zoneOf({ timeZone }: Pick<Rule, 'timeZone'>): string {
  return typeof timeZone === 'string' ? timeZone : timeZone.default;
}

/** A limit's window in which the day of the month is known. */
export function windowOf({ window }: Pick<Limit, 'window'>, rule: Rule): Limit['window'] {
  const day = ownDayOf(window);
  if (day === undefined || typeof window === 'string') return window;
  return { ...window, startsOn: ownCalendarOf(rule)?.days[day.by] ?? day.default };
}

/** What stores need to know of a limit whose window begins by the subject's own zone or billing day; undefined for others. */
export function ownWindowsOf(limit: Limit, rule: Rule): OwnWindows | undefined {
  const { timeZone } = writtenRule(rule);
  if (typeof timeZone === 'string' && ownDayOf(limit.window) === undefined) return undefined;
  const unit = unitOf(limit.window);
  if (unit === 'total' || unit === 'concurrent') return undefined;
  return { endsField: endsFieldOf(fieldOf(limit)), zone: zoneNumber(zoneOf(rule)) };
}

/**
 * The rule for this subject; itself where it has no own windows.
 * @throws QuotaError `invalid-request` of a billing day that no month has, or under `strictZone` of a zone that does not exist.
 */
export function ruleForSubject(rule: Rule, subject: Subject): RuleForSubject {
  if (!isOwnRule(rule)) return { rule };
  const days: Record<string, number> = {};
  for (const { window } of rule.limits) {
    const day = ownDayOf(window);
    if (day !== undefined) days[day.by] = dayOf(day, subject);
  }
  const own = { rule, days };
  const { timeZone } = rule;
  const given = typeof timeZone === 'string' ? undefined : subject[timeZone.by];
  if (typeof timeZone === 'string' || given === undefined)
    return { rule: { ...rule, timeZone: zoneOf(rule), own } as RuleOfSubject };
  const zone = canonicalTimeZone(given);
  if (zone !== undefined) return { rule: { ...rule, timeZone: zone, own } as RuleOfSubject };
  const what = `${JSON.stringify(given)} is not an IANA time zone such as Asia/Shanghai`;
  if (rule.strictZone === true)
    throw QuotaError.invalid('invalid-request', [
      { path: `subject.${timeZone.by}`, ...said('time-zone-of-subject', { zone: JSON.stringify(given) }) },
    ]);
  const message = `${what}: the windows are those of ${timeZone.default}.`;
  return {
    rule: { ...rule, timeZone: timeZone.default, own } as RuleOfSubject,
    warning: { rule: rule.id, code: 'unknown-zone', message },
  };
}

/** The same objects for the subjects of reservations with the same zone and billing day; what is amiss was said when they were taken. */
export function ruleForHolder(rule: Rule, subject: Subject): Rule {
  if (!isOwnRule(rule)) return rule;
  const found = ruleForSubject(rule, subject).rule as RuleOfSubject;
  const name = `${found.timeZone} ${Object.values(found.own.days).join(' ')}`;
  let known = ofHolders.get(rule);
  if (known === undefined || known.size >= MAX_OF_HOLDERS) ofHolders.set(rule, (known = new Map()));
  const kept = known.get(name);
  if (kept === undefined) known.set(name, found);
  return kept ?? found;
}

/** Zones and billing days of one rule. */
const MAX_OF_HOLDERS = 1_000;
const ofHolders = new WeakMap<Rule, Map<string, Rule>>();

function ownCalendarOf(rule: Rule): OwnCalendar | undefined {
  return (rule as Partial<RuleOfSubject>).own;
}

function ownDayOf(window: Limit['window']): OwnValue<number> | undefined {
  if (typeof window === 'string' || typeof window.startsOn !== 'object') return undefined;
  return window.startsOn;
}

function dayOf({ by, default: fallback }: OwnValue<number>, subject: Subject): number {
  const given = subject[by];
  if (given === undefined) return fallback;
  if (/^([1-9]|[12]\d|3[01])$/.test(given)) return Number(given);
  throw QuotaError.invalid('invalid-request', [
    { path: `subject.${by}`, ...said('day-of-subject', { day: JSON.stringify(given) }) },
  ]);
}
