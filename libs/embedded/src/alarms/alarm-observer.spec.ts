import { beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaAlarm } from '@sundial/contract';
import { AlarmObserver } from './alarm-observer.js';

let alarms: QuotaAlarm[];
let now: number;
let observer: AlarmObserver;
beforeEach(() => {
  alarms = [];
  now = 0;
  observer = new AlarmObserver(
    (alarm) => alarms.push(alarm),
    () => now,
  );
});

const KEY = { resource: 'ocr', rules: ['ocr-per-user'], checks: 2 };

describe('alarms of a process', () => {
  it('begin and end with the store, each raised once', () => {
    observer.modeChanged('degraded', 'timeout');
    observer.modeChanged('exact', null);
    expect(alarms).toEqual([
      expect.objectContaining({
        name: 'degraded',
        state: 'raised',
        severity: 'warn',
        details: { cause: 'timeout' },
      }),
      expect.objectContaining({ name: 'degraded', state: 'cleared', severity: 'info' }),
    ]);
  });

  it('are errors where a start would have ended, or a file cannot be written', () => {
    const eviction = { finding: 'eviction', sentence: 'It evicts.', server: 'a:1' } as const;
    observer.findingChanged({ ...eviction, severity: 'refuse' }, true);
    observer.findingChanged({ ...eviction, severity: 'warn' }, true);
    observer.findingChanged({ ...eviction, severity: 'warn' }, false);
    const full = {
      finding: 'unwritable',
      file: 'journal',
      severity: 'warn',
      sentence: 'No room.',
    } as const;
    observer.fileFindingChanged(full, true);
    observer.fileFindingChanged(full, false);
    expect(alarms.map(({ state, severity, message }) => [state, severity, message])).toEqual([
      ['raised', 'error', 'It evicts.'],
      ['raised', 'warn', 'It evicts.'],
      ['cleared', 'info', 'No longer: It evicts.'],
      ['raised', 'error', 'No room.'],
      ['cleared', 'info', 'The journal can be written again, and nothing is missing.'],
    ]);
  });

  it('begin and end with what an operator sets, and not with what was never in force', () => {
    const gate = {
      ...({
        kind: 'gate',
        key: 'gate:ocr',
        at: 0,
        resource: 'ocr',
        sentence: 'The gate of ocr is closed.',
      } as const),
      ...{ until: undefined, reason: 'r', actor: 'ops' },
    };
    observer.controlChanged({ ...gate, change: 'removed' });
    observer.controlChanged({ ...gate, change: 'set' });
    observer.controlChanged({ ...gate, change: 'expired' });
    expect(alarms).toEqual([
      {
        ...{ name: 'gate', state: 'raised', severity: 'warn', message: gate.sentence },
        details: { resource: 'ocr', reason: 'r', actor: 'ops' },
      },
      expect.objectContaining({ name: 'gate', state: 'cleared', severity: 'info' }),
    ]);
  });

  it('report what happens again and again once a minute, with how often meanwhile, each name for itself', () => {
    for (; now < 60_000; now += 1_000) observer.wrongTypeKey(KEY);
    observer.shed(3);
    observer.wrongTypeKey(KEY);
    expect(alarms.map(({ name, state, details }) => [name, state, details['before']])).toEqual([
      ['wrong-type-key', 'noted', undefined],
      ['checks-shed', 'noted', undefined],
      ['wrong-type-key', 'noted', 59],
    ]);
  });

  it('say when, what and why of counters that may be wrong', () => {
    observer.uncertain({ from: 0, to: 60_000, reason: 'writes-lost', operations: 7 });
    expect(alarms[0]).toMatchObject({
      name: 'uncertain-interval',
      severity: 'error',
      message: expect.stringContaining('1970-01-01T00:00:00.000Z to 1970-01-01T00:01:00.000Z'),
      details: { reason: 'writes-lost', operations: 7 },
    });
  });

  it('say how far a counter is above its max, that rules are old, and that the journal is full', () => {
    observer.overAdmitted({ resource: 'ocr', rule: 'r', window: 'day', meter: 'tokens', used: 12, max: 10 });
    observer.rulesNotUpdated(new Error('it cannot be reached'));
    observer.journalOverflowed(5);
    expect(alarms.map(({ name, message }) => `${name} ${message}`)).toEqual([
      expect.stringContaining('over-admission A counter of r (window day) stands at 12 of 10 tokens'),
      expect.stringContaining(
        'rules-not-updated The rules could not be brought up to date (it cannot be reached)',
      ),
      expect.stringContaining('journal-full The journal of decisions without the store is full'),
    ]);
  });

  it('fail no check where the listener throws', () => {
    const throwing = new AlarmObserver(() => {
      throw new Error('the program');
    });
    expect(() => throwing.modeChanged('degraded', 'timeout')).not.toThrow();
  });
});
