import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AlarmEvaluator } from '../../apps/quota-service/src/alarms/alarm-evaluator.js';
import type { AlarmSignal } from '../../apps/quota-service/src/alarms/evaluators/alarm-signal.js';
import type { AlarmPattern } from '../../apps/quota-service/src/alarms/patterns/alarm-pattern.js';
import { expectedNotifications, nameOf, type Moment, type ReportedNotification } from './alarm-oracle.js';

/** What the evaluator reported about a history, in an order that does not depend on how it stores patterns. */
function reported(
  patterns: readonly AlarmPattern[],
  history: readonly Moment[],
): readonly ReportedNotification[] {
  const notifications: ReportedNotification[] = [];
  let index = 0;
  const evaluator = new AlarmEvaluator(patterns, ({ kind, incident }) =>
    notifications.push({ index, kind, pattern: incident.pattern.id, channel: nameOf(incident.channel) }),
  );
  for (const { at, signal } of history) {
    if (signal === 'tick') evaluator.tick(at);
    else evaluator.take(signal, at);
    index += 1;
  }
  return inOrder(notifications);
}

function inOrder(notifications: readonly ReportedNotification[]): readonly ReportedNotification[] {
  const key = ({ index, pattern, channel, kind }: ReportedNotification) =>
    [String(index).padStart(6, '0'), pattern, channel, kind].join(' ');
  return notifications.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

const head = (id: string, clearAfterMs: number) => ({ id, class: 'alarm', clearAfterMs }) as const;

/** Small numbers, so that short histories meet them often. */
const SMALL: readonly AlarmPattern[] = [
  { ...head('two-in-a-row', 0), kind: 'consecutive', failures: 2, withinMs: 1_000 },
  { ...head('four-in-a-row', 1_000), kind: 'consecutive', failures: 4, withinMs: 60_000 },
  { ...head('each-minute', 0), kind: 'sustained', failures: 1, minutes: 3, channels: 2 },
  { ...head('twice-a-minute', 60_000), kind: 'sustained', failures: 2, minutes: 2, channels: 1 },
  { ...head('spread', 300), kind: 'spread', failures: 4, withinMs: 2_000, channels: 2 },
  { ...head('spread-widely', 5_000), kind: 'spread', failures: 3, withinMs: 60_000, channels: 3 },
  { ...head('half-of-four', 0), kind: 'error-rate', rate: 0.5, outcomes: 4, withinMs: 2_000 },
  { ...head('a-third-of-six', 300), kind: 'error-rate', rate: 0.3, outcomes: 6, withinMs: 60_000 },
  { ...head('half-refused', 0), kind: 'refusal-rate', rate: 0.5, decisions: 4, withinMs: 2_000 },
  { ...head('a-third-refused', 300), kind: 'refusal-rate', rate: 0.3, decisions: 6, withinMs: 60_000 },
  { ...head('much', 250), kind: 'volume', decisions: 9, withinMs: 20_000 },
  { ...head('holds', 300), kind: 'holds-expired', holds: 3, withinMs: 5_000 },
  { ...head('keys', 0), kind: 'refused-keys', refusals: 3, withinMs: 5_000 },
  { ...head('ledger', 300), kind: 'ledger-mismatch' },
  { ...head('degraded', 1_000), kind: 'degraded-mode' },
  { ...head('overflow', 1_000), kind: 'journal-overflow' },
  { ...head('over', 300), kind: 'over-admission' },
  { ...head('unfit', 0), kind: 'unfit-store' },
  { ...head('full', 300), kind: 'full-store' },
  { ...head('disk', 300), kind: 'unwritable-file' },
  { ...head('gates', 0), kind: 'control-in-force', control: 'gate' },
  { ...head('brakes', 300), kind: 'control-in-force', control: 'brake' },
  { ...head('drills', 0), kind: 'control-in-force', control: 'drill' },
  { ...head('foreign', 300), kind: 'wrong-type-key' },
  { ...head('uncertain', 1_000), kind: 'uncertain-interval' },
  { ...head('clocks', 250), kind: 'clock-offset', offsetMs: 500 },
];

const anyChannel = fc
  .constantFrom('ocr', 'sms', 'llm')
  .map((resource) => ({ resource, dependency: 'redis' }));
const anyOutcome = (failures: number): fc.Arbitrary<AlarmSignal> =>
  fc.oneof(
    {
      weight: failures,
      arbitrary: anyChannel.map((channel) => ({ kind: 'failed', channel }) as const),
    },
    {
      weight: 10 - failures,
      arbitrary: fc
        .tuple(anyChannel, fc.constantFrom(1, 1, 3))
        .map(([channel, count]) => ({ kind: 'succeeded', channel, count }) as const),
    },
  );
const EVICTING = { finding: 'eviction', severity: 'refuse', sentence: 'It drops.', server: 'a:1' } as const;
const FULL = { ...EVICTING, finding: 'capacity', severity: 'warn', server: null } as const;
const anyOtherSignal: fc.Arbitrary<AlarmSignal> = fc.oneof(
  fc.constantFrom(
    { kind: 'mode-changed', mode: 'exact', cause: null } as const,
    { kind: 'mode-changed', mode: 'degraded', cause: 'timeout' } as const,
  ),
  fc.constant({ kind: 'journal-overflowed', operations: 1 } as const),
  fc.constant({
    kind: 'ledger-mismatched',
    mismatch: { cause: 'queue-full', events: 3, from: 0, to: 1 },
  } as const),
  fc
    .record({ channel: anyChannel, holds: fc.integer({ min: 1, max: 3 }) })
    .map((expired) => ({ kind: 'holds-expired', ...expired }) as const),
  fc.boolean().map((holds) => ({ kind: 'finding-changed', finding: FULL, holds }) as const),
  anyChannel.map(
    (channel) => ({ kind: 'wrong-type-key', channel, key: { rules: ['r'], checks: 1 } }) as const,
  ),
  fc.constant({
    kind: 'uncertain-interval',
    interval: { from: 0, to: 1, reason: 'writes-lost', operations: 0 },
  } as const),
  anyChannel.map((channel) => {
    const counter = { rule: 'r', window: 'day', meter: 'units', used: 11, max: 10 };
    return { kind: 'over-admitted', channel, counter } as const;
  }),
);

/** Often: several of them in a row raise an alarm, or end it. */
const anyOfRow = fc.oneof(
  fc.constantFrom(-501, -500, 0, 500, 501).map((offsetMs) => ({ kind: 'clock-read', offsetMs }) as const),
  fc.constant({ kind: 'keys-refused', refusals: 2 } as const),
  fc.record({
    kind: fc.constant('file-finding-changed' as const),
    finding: fc.record({
      finding: fc.constantFrom('unwritable', 'unwritable', 'unwritable', 'damaged'),
      file: fc.constantFrom('counters', 'counters', 'counters', 'rules'),
      severity: fc.constant('warn'),
      sentence: fc.constant('Make room.'),
    }),
    holds: fc.constantFrom(true, false, false),
  }),
);

/** Often: each must be gone again for its alarm to be. */
const anyFinding = fc.record({
  kind: fc.constant('finding-changed' as const),
  finding: fc.constantFrom(
    EVICTING,
    EVICTING,
    EVICTING,
    { ...EVICTING, server: 'b:2' } as const,
    { ...EVICTING, finding: 'clock', severity: 'warn' } as const,
    { ...EVICTING, finding: 'secret', severity: 'warn', server: null } as const,
  ),
  holds: fc.constantFrom(true, false, false),
});

const anyDecisions = fc
  .tuple(anyChannel, fc.constantFrom(0, 1, 3, 9), fc.constantFrom(0, 1, 2))
  .map(([channel, allowed, denied]) => ({ kind: 'decided', channel, allowed, denied }) as const);

/** Often: each gate must be normal again, and each brake and drill over, for its alarm to be. */
const anyControl = fc.record({
  kind: fc.constant('control-changed' as const),
  control: fc.constantFrom(
    { kind: 'gate', key: 'gate:', sentence: 'Open.' } as const,
    { kind: 'gate', key: 'gate:ocr', sentence: 'Closed.' } as const,
    { kind: 'brake', key: 'brake:1', sentence: 'Down.' } as const,
    { kind: 'drill', key: 'drill:ocr', sentence: 'Rehearsed.' } as const,
  ),
  holds: fc.boolean(),
});

/** Hasty histories are about seconds, slow ones about minutes; gaps lie close to the numbers of the patterns. */
const HASTY = [0, 1, 100, 249, 250, 251, 300, 999, 1_000, 1_001];
const SLOW = [0, 1, 500, 3_000, 5_000, 19_999, 20_000, 20_001, 30_000, 59_999, 60_000, 60_001];
/** Of one thread's monotonic clock: times never go back, so there is no out-of-order to test. */
const anyHistory = fc
  .record({
    startsAt: fc.integer({ min: 0, max: 200_000 }),
    gaps: fc.constantFrom(HASTY, SLOW),
    failures: fc.constantFrom(3, 7, 10),
  })
  .chain(({ startsAt, gaps, failures }) => {
    const anySignal = fc.oneof(
      { weight: 15, arbitrary: anyOutcome(failures) },
      { weight: 4, arbitrary: anyOtherSignal },
      { weight: 6, arbitrary: anyDecisions },
      { weight: 3, arbitrary: anyControl },
      { weight: 2, arbitrary: anyFinding },
      { weight: 4, arbitrary: anyOfRow },
      { weight: 4, arbitrary: fc.constant('tick' as const) },
    );
    const anyGap = fc.oneof(fc.constantFrom(...gaps), fc.nat({ max: gaps.at(-1)! }));
    return fc.array(fc.tuple(anySignal, anyGap), { minLength: 20, maxLength: 60 }).map((entries) => {
      let at = startsAt;
      return entries.map(([signal, gap]): Moment => ({ signal, at: (at += gap) }));
    });
  });

describe('alarms, against an oracle that looks at the whole history each time', () => {
  it('are raised and cleared at exactly the moments the definitions say', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyHistory, (history) => {
        const notifications = reported(SMALL, history);
        for (const { pattern, kind } of notifications) seen.add(`${pattern} ${kind}`);
        expect(notifications).toEqual(inOrder(expectedNotifications(SMALL, history)));
      }),
      { numRuns: 400 },
    );
    // Else the histories were too tame to mean anything.
    const never = SMALL.flatMap(({ id }) => [`${id} raised`, `${id} cleared`]).filter(
      (event) => !seen.has(event),
    );
    expect(never).toEqual([]);
  });
});
