import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AlarmBoard } from '../../apps/quota-service/src/alarms/alarm-board.js';
import type { AlarmSignal } from '../../apps/quota-service/src/alarms/evaluators/alarm-signal.js';
import type { AlarmPattern } from '../../apps/quota-service/src/alarms/patterns/alarm-pattern.js';
import { expectedNotices, nameOf, type Moment, type ToldNotice } from './alarm-oracle.js';

/** What the evaluator reported about a history, in an order that does not depend on how it stores patterns. */
function told(patterns: readonly AlarmPattern[], history: readonly Moment[]): readonly ToldNotice[] {
  const notices: ToldNotice[] = [];
  let index = 0;
  const board = new AlarmBoard(patterns, ({ kind, episode }) =>
    notices.push({ index, kind, pattern: episode.pattern.id, channel: nameOf(episode.channel) }),
  );
  for (const { at, signal } of history) {
    if (signal === 'tick') board.tick(at);
    else board.take(signal, at);
    index += 1;
  }
  return inOrder(notices);
}

function inOrder(notices: readonly ToldNotice[]): readonly ToldNotice[] {
  const key = ({ index, pattern, channel, kind }: ToldNotice) =>
    [String(index).padStart(6, '0'), pattern, channel, kind].join(' ');
  return notices.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
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
  { ...head('degraded', 1_000), kind: 'degraded-mode' },
  { ...head('overflow', 1_000), kind: 'journal-overflow' },
  { ...head('over', 300), kind: 'over-admission' },
  { ...head('unfit', 0), kind: 'unfit-store' },
  { ...head('full', 300), kind: 'full-store' },
  { ...head('disk', 300), kind: 'unwritable-file' },
  { ...head('foreign', 300), kind: 'foreign-key' },
  { ...head('uncertain', 1_000), kind: 'unverifiable' },
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
const EVICTING = { condition: 'eviction', severity: 'refuse', sentence: 'It drops.', server: 'a:1' } as const;
const FULL = { ...EVICTING, condition: 'capacity', severity: 'warn', server: null } as const;
const anyOtherSignal: fc.Arbitrary<AlarmSignal> = fc.oneof(
  fc.constantFrom(
    { kind: 'mode-changed', mode: 'exact', cause: null } as const,
    { kind: 'mode-changed', mode: 'degraded', cause: 'timeout' } as const,
  ),
  fc.constantFrom(-501, -500, 0, 500, 501).map((offsetMs) => ({ kind: 'clock-read', offsetMs }) as const),
  fc.constant({ kind: 'journal-overflowed', operations: 1 } as const),
  fc.record({
    kind: fc.constant('condition-changed' as const),
    condition: fc.constantFrom(
      EVICTING,
      EVICTING,
      EVICTING,
      { ...EVICTING, server: 'b:2' } as const,
      { ...EVICTING, condition: 'clock', severity: 'warn' } as const,
      { ...EVICTING, condition: 'secret', severity: 'warn', server: null } as const,
    ),
    holds: fc.constantFrom(true, false, false),
  }),
  fc.boolean().map((holds) => ({ kind: 'condition-changed', condition: FULL, holds }) as const),
  fc.record({
    kind: fc.constant('file-condition-changed' as const),
    condition: fc.record({
      condition: fc.constantFrom('unwritable', 'unwritable', 'unwritable', 'damaged'),
      file: fc.constantFrom('counters', 'counters', 'counters', 'rules'),
      severity: fc.constant('warn'),
      sentence: fc.constant('Make room.'),
    }),
    holds: fc.constantFrom(true, false, false),
  }),
  anyChannel.map((channel) => ({ kind: 'key-broken', channel, key: { rules: ['r'], checks: 1 } }) as const),
  fc.constant({
    kind: 'unverifiable',
    span: { from: 0, to: 1, reason: 'writes-lost', operations: 0 },
  } as const),
  anyChannel.map((channel) => {
    const counter = { rule: 'r', window: 'day', used: 11, max: 10 };
    return { kind: 'over-admitted', channel, counter } as const;
  }),
);

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
      { weight: 10, arbitrary: anyOutcome(failures) },
      { weight: 4, arbitrary: anyOtherSignal },
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
        const notices = told(SMALL, history);
        for (const { pattern, kind } of notices) seen.add(`${pattern} ${kind}`);
        expect(notices).toEqual(inOrder(expectedNotices(SMALL, history)));
      }),
      { numRuns: 300 },
    );
    // Else the histories were too tame to mean anything.
    const never = SMALL.flatMap(({ id }) => [`${id} raised`, `${id} cleared`]).filter(
      (event) => !seen.has(event),
    );
    expect(never).toEqual([]);
  });
});
