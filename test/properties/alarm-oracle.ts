import type { StoreFinding } from '@sundial/engine';
import type { AlarmSignal, Channel } from '../../apps/quota-service/src/alarms/evaluators/alarm-signal.js';
import type { AlarmPattern } from '../../apps/quota-service/src/alarms/patterns/alarm-pattern.js';

/** What a node lived through: signals, and ticks in between. */
export interface Moment {
  readonly at: number;
  readonly signal: AlarmSignal | 'tick';
}

/** A notification as plain data; `index` is the moment it came with. */
export interface ReportedNotification {
  readonly index: number;
  readonly kind: 'raised' | 'cleared';
  readonly pattern: string;
  readonly channel: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NODE = 'the node';

/**
 * Says what should have been reported, from the definitions in docs/alarms.md and nothing else: at every moment it looks
 * at the whole history again. Slow, and without any state that could go wrong.
 */
export function expectedNotifications(
  patterns: readonly AlarmPattern[],
  history: readonly Moment[],
): readonly ReportedNotification[] {
  return patterns.flatMap((pattern) => {
    const watched = isAboutChannels(pattern) ? channelsOf(history) : [NODE];
    return watched.flatMap((channel) => notificationsOf(pattern, channel, history));
  });
}

/** Whether a pattern holds at the last moment of a history. */
export function holdsAt(pattern: AlarmPattern, channel: string, history: readonly Moment[]): boolean {
  const at = history.at(-1)?.at ?? 0;
  if (isOfOccurrences(pattern))
    return history.some((moment) => moment.at === at && isOccurrence(moment.signal, pattern, channel));
  if (isOfUse(pattern)) return isUsed(pattern, channel, history, at);
  if (isOfState(pattern)) return isInState(pattern, history);
  switch (pattern.kind) {
    case 'consecutive':
      return isInARow(outcomesOf(history, channel).slice(-pattern.failures), pattern, at);
    case 'spread': {
      const recent = failuresOf(history).filter((failure) => at - failure.at <= pattern.withinMs);
      return recent.length >= pattern.failures && differentChannels(recent) >= pattern.channels;
    }
    case 'sustained':
      return isSustained(pattern, failuresOf(history), at);
    case 'error-rate':
      return isFrequent(outcomesOf(history, channel), pattern, at);
    default:
      return pattern satisfies never;
  }
}

const STATES = [
  'degraded-mode',
  'unfit-store',
  'full-store',
  'unwritable-file',
  'clock-offset',
  'control-in-force',
] as const;
type OfState = Extract<AlarmPattern, { readonly kind: (typeof STATES)[number] }>;

function isOfState(pattern: AlarmPattern): pattern is OfState {
  return STATES.some((state) => state === pattern.kind);
}

function isInState(pattern: OfState, history: readonly Moment[]): boolean {
  switch (pattern.kind) {
    case 'degraded-mode':
      return lastOf(history, 'mode-changed')?.mode === 'degraded';
    case 'unfit-store':
      return isFinding(history, ({ severity, finding }) => severity === 'refuse' || finding === 'secret');
    case 'full-store':
      return isFinding(history, ({ finding }) => finding === 'capacity');
    case 'unwritable-file':
      return isUnwritable(history);
    case 'control-in-force':
      return isControlled(history, pattern.control);
    case 'clock-offset':
      return Math.abs(lastOf(history, 'clock-read')?.offsetMs ?? 0) > pattern.offsetMs;
    default:
      return pattern satisfies never;
  }
}

type OfUse = Extract<AlarmPattern, { kind: 'refusal-rate' | 'volume' | 'holds-expired' | 'refused-keys' }>;

function isOfUse(pattern: AlarmPattern): pattern is OfUse {
  return ['refusal-rate', 'volume', 'holds-expired', 'refused-keys'].includes(pattern.kind);
}

/** About what callers ask for, in the current twentieth of the time and the 19 before it; of yesterday in slices of 5 minutes. */
function isUsed(pattern: OfUse, channel: string, history: readonly Moment[], at: number): boolean {
  const since = (withinMs: number, slices: number, until: number) => {
    const sliceMs = withinMs / slices;
    const last = Math.floor(until / sliceMs);
    return history.filter((moment) => {
      const slice = Math.floor(moment.at / sliceMs);
      return slice > last - slices && slice <= last;
    });
  };
  const numberIn = (moments: readonly Moment[], of: (signal: AlarmSignal) => number) =>
    moments
      .flatMap(({ signal }) => (signal === 'tick' ? [] : [signal]))
      .filter((signal) => !('channel' in signal) || nameOf(signal.channel) === channel)
      .reduce((sum, signal) => sum + of(signal), 0);
  const denied = (signal: AlarmSignal) => (signal.kind === 'decided' ? signal.denied : 0);
  const all = (signal: AlarmSignal) => denied(signal) + (signal.kind === 'decided' ? signal.allowed : 0);
  switch (pattern.kind) {
    case 'refusal-rate': {
      const recent = since(pattern.withinMs, 20, at);
      const decisions = numberIn(recent, all);
      return decisions >= pattern.decisions && numberIn(recent, denied) > pattern.rate * decisions;
    }
    case 'volume': {
      if (pattern.factor === undefined)
        return numberIn(since(pattern.withinMs, 20, at), all) >= pattern.decisions;
      const now = numberIn(since(HOUR_MS, 12, at), all);
      const yesterday = numberIn(since(HOUR_MS, 12, at - 24 * HOUR_MS), all);
      return at >= 25 * HOUR_MS && now >= pattern.decisions && now >= pattern.factor * yesterday;
    }
    case 'holds-expired': {
      const recent = since(pattern.withinMs, 20, at);
      return (
        numberIn(recent, (signal) => (signal.kind === 'holds-expired' ? signal.holds : 0)) >= pattern.holds
      );
    }
    case 'refused-keys': {
      const recent = since(pattern.withinMs, 20, at);
      const refused = numberIn(recent, (signal) => (signal.kind === 'keys-refused' ? signal.refusals : 0));
      return refused >= pattern.refusals;
    }
    default:
      return pattern satisfies never;
  }
}

function isInARow(
  last: readonly Outcome[],
  { failures, withinMs }: { failures: number; withinMs: number },
  at: number,
): boolean {
  return last.length === failures && last.every(({ failed }) => failed) && at - last[0]!.at <= withinMs;
}

/** The current twentieth of the time and the 19 before it. */
function isFrequent(
  all: readonly Outcome[],
  { rate, outcomes, withinMs }: { rate: number; outcomes: number; withinMs: number },
  at: number,
): boolean {
  const since = (Math.floor(at / (withinMs / 20)) - 19) * (withinMs / 20);
  const recent = all.filter((outcome) => outcome.at >= since);
  return recent.length >= outcomes && recent.filter(({ failed }) => failed).length > rate * recent.length;
}

/** Lays the minutes from every whole second from which the last of them is the current one. */
function isSustained(
  { failures: full, minutes, channels }: { failures: number; minutes: number; channels: number },
  failures: readonly Outcome[],
  at: number,
): boolean {
  if (failures.length < full * minutes) return false;
  const earliest = Math.floor((at - minutes * MINUTE_MS) / 1_000) * 1_000;
  for (let startsAt = earliest; startsAt <= at; startsAt += 1_000) {
    const isLastCurrent = startsAt + (minutes - 1) * MINUTE_MS <= at && at < startsAt + minutes * MINUTE_MS;
    if (!isLastCurrent) continue;
    const within = failures.filter((failure) => failure.at >= startsAt);
    const minutesOf = within.map((failure) => Math.floor((failure.at - startsAt) / MINUTE_MS));
    const areFull = Array.from({ length: minutes }, (_, minute) => minute).every(
      (minute) => minutesOf.filter((each) => each === minute).length >= full,
    );
    if (areFull && differentChannels(within) >= channels) return true;
  }
  return false;
}

/** Patterns that hold at the instant of a signal, and of which. */
const OCCURRENCES = {
  'journal-overflow': 'journal-overflowed',
  'over-admission': 'over-admitted',
  'wrong-type-key': 'wrong-type-key',
  'uncertain-interval': 'uncertain-interval',
  'ledger-mismatch': 'ledger-mismatched',
} as const;
type OfOccurrences = Extract<AlarmPattern, { readonly kind: keyof typeof OCCURRENCES }>;

function isOfOccurrences(pattern: AlarmPattern): pattern is OfOccurrences {
  return Object.hasOwn(OCCURRENCES, pattern.kind);
}

function isOccurrence(signal: Moment['signal'], pattern: OfOccurrences, channel: string): boolean {
  if (!isA(signal, OCCURRENCES[pattern.kind])) return false;
  return 'channel' in signal ? nameOf(signal.channel) === channel : true;
}

/** Each finding of a server is as it was reported last. */
function isUnwritable(history: readonly Moment[]): boolean {
  const reported = history
    .flatMap(({ signal }) => (isA(signal, 'file-finding-changed') ? [signal] : []))
    .filter(({ finding }) => finding.finding === 'unwritable');
  return ['counters', 'journal', 'rules', 'controls'].some(
    (file) => reported.findLast(({ finding }) => finding.file === file)?.holds,
  );
}

/** Each gate, brake or drill is as it was said to be last. */
function isControlled(history: readonly Moment[], kind: 'gate' | 'brake' | 'drill'): boolean {
  const last = new Map<string, boolean>();
  for (const { signal } of history) {
    if (isA(signal, 'control-changed') && signal.control.kind === kind)
      last.set(signal.control.key, signal.holds);
  }
  return [...last.values()].some(Boolean);
}

function isFinding(history: readonly Moment[], isMeant: (finding: StoreFinding) => boolean): boolean {
  const reported = history
    .flatMap(({ signal }) => (isA(signal, 'finding-changed') ? [signal] : []))
    .filter(({ finding }) => isMeant(finding));
  return reported.some(({ finding, holds }, index) => {
    const isLast = !reported
      .slice(index + 1)
      .some((later) => later.finding.finding === finding.finding && later.finding.server === finding.server);
    return isLast && holds;
  });
}

function notificationsOf(
  pattern: AlarmPattern,
  channel: string,
  history: readonly Moment[],
): ReportedNotification[] {
  const notifications: ReportedNotification[] = [];
  let isActive = false;
  let heldAt = -Infinity;
  for (const [index, { at, signal }] of history.entries()) {
    if (channel !== NODE && signal !== 'tick' && !('channel' in signal && nameOf(signal.channel) === channel))
      continue;
    const reported = { index, pattern: pattern.id, channel };
    if (holdsAt(pattern, channel, history.slice(0, index + 1))) {
      heldAt = at;
      if (!isActive) notifications.push({ ...reported, kind: 'raised' });
      isActive = true;
    } else if (isActive && at - heldAt >= pattern.clearAfterMs) {
      notifications.push({ ...reported, kind: 'cleared' });
      isActive = false;
    }
  }
  return notifications;
}

interface Outcome {
  readonly at: number;
  readonly channel: string;
  readonly failed: boolean;
}

function outcomesOf(history: readonly Moment[], channel: string): Outcome[] {
  return history.flatMap(({ at, signal }): Outcome[] => {
    if (isA(signal, 'failed') && nameOf(signal.channel) === channel) return [{ at, channel, failed: true }];
    if (!isA(signal, 'succeeded') || nameOf(signal.channel) !== channel) return [];
    return Array.from({ length: signal.count }, () => ({ at, channel, failed: false }));
  });
}

function failuresOf(history: readonly Moment[]): Outcome[] {
  return history.flatMap(({ at, signal }) =>
    isA(signal, 'failed') ? [{ at, channel: nameOf(signal.channel), failed: true }] : [],
  );
}

function differentChannels(outcomes: readonly Outcome[]): number {
  return new Set(outcomes.map(({ channel }) => channel)).size;
}

function channelsOf(history: readonly Moment[]): string[] {
  return [
    ...new Set(
      history.flatMap(({ signal }) =>
        signal !== 'tick' && 'channel' in signal ? [nameOf(signal.channel)] : [],
      ),
    ),
  ];
}

function isAboutChannels({ kind }: AlarmPattern): boolean {
  return ABOUT_CHANNELS.has(kind);
}

const ABOUT_CHANNELS: ReadonlySet<AlarmPattern['kind']> = new Set<AlarmPattern['kind']>([
  'consecutive',
  'error-rate',
  'over-admission',
  'wrong-type-key',
  'refusal-rate',
  'volume',
  'holds-expired',
]);

function lastOf<Kind extends AlarmSignal['kind']>(history: readonly Moment[], kind: Kind) {
  return history.flatMap(({ signal }) => (isA(signal, kind) ? [signal] : [])).at(-1);
}

function isA<Kind extends AlarmSignal['kind']>(
  signal: Moment['signal'],
  kind: Kind,
): signal is Extract<AlarmSignal, { kind: Kind }> {
  return signal !== 'tick' && signal.kind === kind;
}

export function nameOf(channel: Channel | null): string {
  return channel ? `${channel.resource} on ${channel.dependency}` : NODE;
}
