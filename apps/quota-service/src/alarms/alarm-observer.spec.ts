import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Decision } from '@sundial/contract';
import { AlarmEvaluator } from './alarm-evaluator.js';
import { AlarmObserver } from './alarm-observer.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';
import type { Notification } from './watch.js';

const head = (id: string) => ({ id, class: 'alarm', clearAfterMs: 60_000 }) as const;
const PATTERNS: readonly AlarmPattern[] = [
  { ...head('row'), kind: 'consecutive', failures: 3, withinMs: 60_000 },
  { ...head('rate'), kind: 'error-rate', rate: 0.1, outcomes: 5, withinMs: 3_600_000 },
  { ...head('refused'), kind: 'refusal-rate', rate: 0.5, decisions: 4, withinMs: 3_600_000 },
  { ...head('holds'), kind: 'holds-expired', holds: 2, withinMs: 3_600_000 },
  { ...head('keys'), kind: 'refused-keys', refusals: 2, withinMs: 3_600_000 },
  { ...head('ledger'), kind: 'ledger-mismatch' },
  { ...head('away'), kind: 'degraded-mode' },
  { ...head('full'), kind: 'journal-overflow' },
  { ...head('over'), kind: 'over-admission' },
  { ...head('unfit'), kind: 'unfit-store' },
  { ...head('disk'), kind: 'unwritable-file' },
  { ...head('gates'), kind: 'control-in-force', control: 'gate' },
  { ...head('foreign'), kind: 'wrong-type-key' },
  { ...head('uncertain'), kind: 'uncertain-interval' },
];

const OK: Decision = {
  allowed: true,
  reason: 'ok',
  operationId: 'o1',
  replayed: false,
  wouldDeny: false,
  limits: [],
  degraded: null,
  rulesVersion: 1,
};
const DEGRADED: Decision = { ...OK, degraded: { cause: 'timeout', policy: 'local' } };

let notifications: Notification[];
let observer: AlarmObserver;
beforeEach(() => {
  notifications = [];
  observer = new AlarmObserver(
    new AlarmEvaluator(PATTERNS, (notification) => notifications.push(notification)),
    'redis',
  );
});

const decide = (decision: Decision, resource = 'ocr') =>
  observer.decided({ resource, subject: { user: 'u1' } }, decision);
const raised = () => notifications.map(({ incident }) => incident.pattern.id);

describe('what an engine reports', () => {
  it('makes a degraded decision a failure of its resource on the store', () => {
    for (let count = 0; count < 3; count++) decide(DEGRADED);
    expect(notifications[0]?.incident).toMatchObject({
      pattern: { id: 'row' },
      channel: { resource: 'ocr', dependency: 'redis' },
    });
  });

  it('makes an exact decision a success, in its place in the row', () => {
    for (const decision of [DEGRADED, DEGRADED, OK, DEGRADED, DEGRADED]) decide(decision);
    expect(raised()).not.toContain('row');
    decide(DEGRADED);
    expect(raised()).toContain('row');
  });

  it('counts every success, those before a failure and those before a tick', () => {
    const decideOften = (count: number, decision: Decision) => {
      for (let done = 0; done < count; done++) decide(decision);
    };
    // Five failures among sixty successes are few; by themselves they would be all.
    decideOften(60, OK);
    decideOften(4, DEGRADED);
    observer.flush(performance.now());
    decideOften(1, DEGRADED);
    expect(raised()).not.toContain('rate');
    decideOften(30, OK);
    observer.flush(performance.now());
    decideOften(5, DEGRADED);
    expect(raised()).not.toContain('rate');
    decideOften(1, DEGRADED);
    expect(raised()).toContain('rate');
  });

  it('counts refusals among decisions, and repetitions not', () => {
    const denied = { ...OK, allowed: false, reason: 'limit-reached' } as const;
    for (let count = 0; count < 9; count++) decide({ ...OK, replayed: true });
    decide(OK);
    decide(denied);
    decide({ ...denied, degraded: DEGRADED.degraded });
    observer.flush(performance.now());
    expect(raised()).not.toContain('refused');
    decide(denied);
    observer.flush(performance.now());
    expect(notifications.at(-1)?.incident).toMatchObject({
      pattern: { id: 'refused' },
      evidence: { refusals: 3, decisions: 4 },
    });
  });

  it('makes nothing of what asked no store', () => {
    for (let count = 0; count < 9; count++) decide({ ...DEGRADED, replayed: true });
    decide(DEGRADED);
    decide(DEGRADED);
    decide({ ...OK, reason: 'no-rule' });
    decide({ ...OK, allowed: false, reason: 'gate-closed' });
    decide({ ...OK, allowed: false, reason: 'braked' });
    decide({ ...OK, reason: 'gate-open' });
    decide(DEGRADED);
    expect(raised()).toEqual(['row']);
  });

  it('passes on what the engine finds by itself', () => {
    observer.modeChanged('degraded', 'timeout');
    observer.journalOverflowed(7);
    observer.overAdmitted({ resource: 'ocr', rule: 'r1', window: 'day', meter: 'tokens', used: 12, max: 10 });
    const sentence = 'Redis may drop counters.';
    observer.findingChanged({ finding: 'eviction', severity: 'refuse', sentence, server: 'a:1' }, true);
    const unwritable = {
      finding: 'unwritable',
      file: 'journal',
      severity: 'warn',
      sentence: 'Make room.',
    } as const;
    observer.fileFindingChanged({ ...unwritable, finding: 'damaged', file: 'counters' }, true);
    observer.fileFindingChanged(unwritable, true);
    const gate = {
      kind: 'gate',
      key: 'gate:',
      at: 0,
      resource: null,
      sentence: 'All is open.',
      actor: 'ops',
    } as const;
    observer.controlChanged({ ...gate, change: 'set', until: undefined, reason: undefined });
    observer.wrongTypeKey({ resource: 'ocr', rules: ['r1'], checks: 2 });
    observer.uncertain({ from: 0, to: 1_000, reason: 'writes-lost', operations: 0 });
    for (const holds of [1, 1]) observer.holdsExpired('ocr', holds);
    observer.keysRefused(2);
    observer.ledgerMismatched({ cause: 'queue-full', events: 7, from: 0, to: 1_000 });
    expect(
      notifications.map(({ incident }) => [
        incident.pattern.id,
        incident.channel?.resource,
        incident.evidence,
      ]),
    ).toEqual([
      ['away', undefined, { cause: 'timeout' }],
      ['full', undefined, { operations: 7 }],
      ['over', 'ocr', { rule: 'r1', window: 'day', meter: 'tokens', used: 12, max: 10 }],
      ['unfit', undefined, { conditions: ['eviction'], findings: ['a:1: Redis may drop counters.'] }],
      ['disk', undefined, { files: ['journal'], findings: ['Make room.'] }],
      ['gates', undefined, { inForce: ['All is open.'] }],
      ['foreign', 'ocr', { rules: ['r1'], checks: 2 }],
      [
        'uncertain',
        undefined,
        {
          reason: 'writes-lost',
          operations: 0,
          from: '1970-01-01T00:00:00.000Z',
          to: '1970-01-01T00:00:01.000Z',
        },
      ],
      ['holds', 'ocr', { holds: 2 }],
      ['keys', undefined, { refusals: 2 }],
      [
        'ledger',
        undefined,
        {
          cause: 'queue-full',
          events: 7,
          from: '1970-01-01T00:00:00.000Z',
          to: '1970-01-01T00:00:01.000Z',
        },
      ],
    ]);
  });

  it('makes a counter that has another number than its events an occurrence, and names no subject', () => {
    const counter = { resource: 'ocr', rule: 'r1', window: 'day', meter: 'units', recorded: 2, counted: 3 };
    observer.ledgerMismatched({ ...counter, startsAt: 0, operationId: 'o1' });
    const [{ incident }] = notifications as [Notification];
    expect(incident.evidence).toEqual({
      ...{ cause: 'counter-differs', ...counter },
      ...{ operationId: 'o1', startsAt: '1970-01-01T00:00:00.000Z' },
    });
  });
});
