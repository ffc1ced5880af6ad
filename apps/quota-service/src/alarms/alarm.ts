import type { Channel } from './evaluators/alarm-signal.js';
import type { Evidence } from './evaluators/evaluator.js';
import {
  isAboutUse,
  type AlarmClass,
  type AlarmPattern,
  type PatternKind,
  type UsePattern,
} from './patterns/alarm-pattern.js';
import type { Incident } from './watch.js';

export type AlarmTerms = Readonly<Record<string, number | string>>;

/** One incident as operators see it: in the log, in notifications and at `GET /admin/alarms`. */
export interface Alarm {
  /** The same when it is raised and when it is cleared. */
  readonly id: string;
  /** The pattern's id. */
  readonly pattern: string;
  readonly kind: PatternKind;
  readonly class: AlarmClass;
  /** Null: it is about the whole node. */
  readonly channel: Channel | null;
  /** Where it is judged over all nodes together; absent: over this node. */
  readonly scope?: 'all nodes';
  readonly summary: string;
  /** The numbers and words of its pattern, which `summary` names: programs that say it in another language need no more than these. */
  readonly terms: AlarmTerms;
  /** What was seen when it was raised. */
  readonly evidence: Evidence;
  /** By the clock of the node that raised it. */
  readonly raisedAt: string;
  readonly clearedAt: string | null;
}

export function raisedAlarm({ pattern, channel, evidence }: Incident, id: string, at: Date): Alarm {
  const { id: name, kind, class: alarmClass } = pattern;
  const what = isAboutUse(pattern) ? useSummaryOf(pattern) : summaryOf(pattern);
  const summary = channel ? `${what}: ${channel.resource} on ${channel.dependency}` : what;
  const raisedAt = at.toISOString();
  return {
    id,
    pattern: name,
    kind,
    class: alarmClass,
    channel,
    summary,
    terms: termsOf(pattern),
    evidence,
    raisedAt,
    clearedAt: null,
  };
}

function termsOf(pattern: AlarmPattern): AlarmTerms {
  const { id: _id, kind: _kind, class: _class, clearAfterMs: _clearAfterMs, ...terms } = pattern;
  const given = Object.entries(terms).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as AlarmTerms;
}

function summaryOf(pattern: Exclude<AlarmPattern, UsePattern>): string {
  switch (pattern.kind) {
    case 'consecutive':
      return `${pattern.failures} failures in a row within ${seconds(pattern.withinMs)}`;
    case 'sustained':
      return `${pattern.failures} failures in each of ${pattern.minutes} minutes in a row over ${pattern.channels} channels`;
    case 'spread':
      return `${pattern.failures} failures within ${seconds(pattern.withinMs)} over ${pattern.channels} channels`;
    case 'error-rate':
      return `more than ${percent(pattern.rate)} failures within ${seconds(pattern.withinMs)}`;
    case 'degraded-mode':
      return "the store cannot be asked: the rules' degrade policies decide";
    case 'over-admission':
      return 'a counter is above its max: more was allowed than the rule says';
    case 'journal-overflow':
      return 'the journal of degraded decisions is full: further ones are kept as sums while there is room for those; then policy local refuses, and what allow passes is never counted (GET /admin/journal: summed, lost)';
    case 'clock-offset':
      return `the clocks of this node and of the store are more than ${pattern.offsetMs} ms apart`;
    case 'unfit-store':
      return 'a server of the store is not fit to count on';
    case 'full-store':
      return "the embedded store has no room for new subjects: their rules' degrade policies decide, and policy local refuses";
    case 'unwritable-file':
      return 'a file of this node cannot be written: a node that ends now forgets what is not in it';
    case 'control-in-force':
      return CONTROLS[pattern.control];
    case 'wrong-type-key':
      return 'a key holds what Sundial did not write';
    case 'uncertain-interval':
      return 'counters of a past interval may be wrong';
    default:
      return pattern satisfies never;
  }
}

function useSummaryOf(pattern: UsePattern): string {
  switch (pattern.kind) {
    case 'refusal-rate':
      return `more than ${percent(pattern.rate)} of the decisions within ${seconds(pattern.withinMs)} are refusals`;
    case 'volume':
      return pattern.factor === undefined
        ? `${pattern.decisions} decisions within ${seconds(pattern.withinMs)}`
        : `${pattern.factor} times as many decisions as in the same hour of yesterday, and at least ${pattern.decisions}`;
    case 'holds-expired':
      return `${pattern.holds} reservations expired before their callers committed or released them, within ${seconds(pattern.withinMs)}: the work takes longer than ttlMs`;
    case 'refused-keys':
      return `${pattern.refusals} requests within ${seconds(pattern.withinMs)} had no key, a wrong one, or one that does not allow what they asked (the log has their addresses)`;
    case 'ledger-mismatch':
      return 'the ledger does not say what happened: it misses events, or a counter has another number than its events (GET /admin/ledger has the gaps)';
    default:
      return pattern satisfies never;
  }
}

const CONTROLS = {
  gate: 'an operator has opened or closed a resource',
  brake: 'an operator has turned a resource down',
  drill: 'a drill makes calls of a resource fail on purpose',
} as const;

function percent(rate: number): string {
  return `${Number((rate * 100).toFixed(2))} %`;
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
