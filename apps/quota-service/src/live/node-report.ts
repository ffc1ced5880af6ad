import type { EngineStatus } from '@sundial/engine';
import type { Alarm, AlarmTerms } from '../alarms/alarm.js';
import { PATTERN_KINDS, type PatternKind } from '../alarms/patterns/alarm-pattern.js';

/** What a node says of itself every second, to all that show the nodes. */
export interface NodeReport {
  /** What it is called, the same after a restart. */
  readonly name: string;
  readonly version: string;
  readonly startedAt: string;
  readonly store: {
    readonly kind: EngineStatus['store'];
    readonly mode: EngineStatus['mode'];
    readonly cause: string | null;
    /** Degraded decisions that the store has not acknowledged: the depth of the journal. */
    readonly pending: number;
  };
  readonly rulesVersion: number;
  readonly load: {
    /** The share of the time in which its event loop was busy, 0 to 1. */
    readonly eventLoop: number;
    /** Requests that it has begun and not answered. */
    readonly inFlight: number;
    /** Requests that wait to be begun. */
    readonly waiting: number;
  };
  /** Null until it has counted for a second. */
  readonly perSecond: Rates | null;
  /** Of the checks of the last second; null where there were none. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly alarms: {
    readonly active: number;
    /** The first of them. */
    readonly shown: readonly ReportedAlarm[];
  };
}

/** The first four are all decisions, each in one of them. */
export interface Rates {
  readonly allowed: number;
  readonly denied: number;
  readonly degradedAllowed: number;
  readonly degradedDenied: number;
  /** Requests that were refused with a problem. */
  readonly refused: number;
  /** Checks that the node gave up because it had too many. */
  readonly shed: number;
}

export type ReportedAlarm = Pick<
  Alarm,
  'id' | 'pattern' | 'kind' | 'class' | 'channel' | 'summary' | 'terms' | 'raisedAt'
>;

/** With these a report is shorter than what a registry of nodes keeps (4 KiB). */
const MAX_SHOWN_ALARMS = 5;
const MAX_TEXT_LENGTH = 256;
/** More than a pattern has. */
const MAX_TERMS = 8;
const MAX_REPORT_LENGTH = 4_096;

/** For the other nodes. Texts are cut and alarms left out before it would be too long to be kept. */
export function encodeReport(report: NodeReport): string {
  for (let alarms = MAX_SHOWN_ALARMS; alarms >= 0; alarms--) {
    const text = JSON.stringify({
      ...report,
      alarms: { ...report.alarms, shown: report.alarms.shown.slice(0, alarms) },
    });
    if (text.length <= MAX_REPORT_LENGTH) return text;
  }
  return JSON.stringify({ ...report, name: short(report.name) });
}

/** What another node said; undefined where it is of a shape that this version does not know. */
export function decodeReport(text: string): NodeReport | undefined {
  try {
    return text.length > MAX_REPORT_LENGTH ? undefined : reportOf(JSON.parse(text) as Fields);
  } catch {
    return undefined;
  }
}

/** Alarms as reports show them. */
export function shownAlarms(alarms: readonly ReportedAlarm[]): NodeReport['alarms'] {
  const shown = alarms.slice(0, MAX_SHOWN_ALARMS).map((alarm) => alarmOf({ ...alarm }));
  return { active: alarms.length, shown };
}

/** Any of them may be missing, or be something else: what the store holds may be of any program. */
type Fields = Readonly<Record<string, unknown>>;

/** Its known fields and no other. @throws Error where one is not as it must be */
function reportOf(fields: Fields): NodeReport {
  const [store, load, alarms] = [part(fields, 'store'), part(fields, 'load'), part(fields, 'alarms')];
  const { perSecond, latencyMs } = fields;
  return {
    name: text(fields['name']),
    version: text(fields['version']),
    startedAt: instant(fields['startedAt']),
    store: {
      kind: word(store['kind'], ['redis', 'embedded']),
      mode: word(store['mode'], ['exact', 'degraded']),
      cause: store['cause'] === null ? null : text(store['cause']),
      pending: number(store['pending']),
    },
    rulesVersion: number(fields['rulesVersion']),
    load: numbers(load, ['eventLoop', 'inFlight', 'waiting']),
    perSecond: perSecond === null ? null : numbers(part(fields, 'perSecond'), RATES),
    latencyMs: latencyMs === null ? null : numbers(part(fields, 'latencyMs'), ['p50', 'p99']),
    alarms: {
      active: number(alarms['active']),
      shown: (alarms['shown'] as readonly Fields[]).slice(0, MAX_SHOWN_ALARMS).map(alarmOf),
    },
  };
}

const RATES = ['allowed', 'denied', 'degradedAllowed', 'degradedDenied', 'refused', 'shed'] as const;

const KINDS = Object.keys(PATTERN_KINDS) as PatternKind[];

function alarmOf(fields: Fields): ReportedAlarm {
  const { id, pattern, kind, class: alarmClass, channel, summary, raisedAt } = fields;
  return {
    id: text(id),
    pattern: text(pattern),
    kind: word(kind, KINDS),
    class: word(alarmClass, ['alarm', 'attention']),
    channel: channel === null ? null : channelOf(part(fields, 'channel')),
    summary: text(summary),
    terms: termsOf(part(fields, 'terms')),
    raisedAt: instant(raisedAt),
  };
}

function channelOf({ resource, dependency }: Fields): NonNullable<ReportedAlarm['channel']> {
  return { resource: text(resource), dependency: text(dependency) };
}

function termsOf(fields: Fields): AlarmTerms {
  const terms = Object.entries(fields).slice(0, MAX_TERMS);
  const known = terms.map(([name, value]) => [text(name), typeof value === 'number' ? value : text(value)]);
  return Object.fromEntries(known) as AlarmTerms;
}

function part(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (typeof value === 'object' && value !== null) return value as Fields;
  throw new TypeError('is no object');
}

function numbers<const Name extends string>(fields: Fields, names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, number(fields[name])])) as Record<Name, number>;
}

function number(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw new TypeError('is no number');
}

function text(value: unknown): string {
  if (typeof value === 'string') return short(value);
  throw new TypeError('is no text');
}

function instant(value: unknown): string {
  const at = text(value);
  if (Number.isNaN(Date.parse(at))) throw new TypeError('is no instant');
  return at;
}

function word<const Word extends string>(value: unknown, words: readonly Word[]): Word {
  const found = words.find((each) => each === value);
  if (found !== undefined) return found;
  throw new TypeError('is another word');
}

function short(value: string): string {
  return value.slice(0, MAX_TEXT_LENGTH);
}
