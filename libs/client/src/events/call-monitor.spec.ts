import { beforeEach, describe, expect, it } from '@jest/globals';
import { CallMonitor } from './call-monitor.js';
import type { ClientAlarm } from './client-events.js';

let alarms: ClientAlarm[];
let monitor: CallMonitor;

beforeEach(() => {
  alarms = [];
  monitor = new CallMonitor({ errorRate: 0.05, onAlarm: (alarm) => alarms.push(alarm) });
});

const states = () => alarms.map(({ state, details }) => details['pattern'] ?? state);

describe('calls that no service decides', () => {
  it('are an alarm at the 12th in a row within a minute, once', () => {
    for (let n = 0; n < 11; n += 1) monitor.record(true, n * 5_000);
    expect(alarms).toEqual([]);
    monitor.record(true, 55_000);
    monitor.record(true, 55_001);
    expect(states()).toEqual(['consecutive']);
  });

  it('are none where they take longer, or one between is decided', () => {
    for (let n = 0; n < 30; n += 1) monitor.record(true, n * 25_000);
    expect(states()).toEqual([]);
    for (let n = 0; n < 11; n += 1) monitor.record(true, 800_000 + n);
    monitor.record(false, 800_020);
    for (let n = 0; n < 2; n += 1) monitor.record(true, 800_030 + n);
    expect(states()).toEqual([]);
  });

  it('are an alarm above a twentieth of 100 calls within a minute', () => {
    for (let n = 0; n < 94; n += 1) monitor.record(false, n * 10);
    for (let n = 0; n < 5; n += 1) monitor.record(true, 1_000 + n);
    monitor.record(false, 1_100);
    expect(states()).toEqual([]);
    monitor.record(true, 1_200);
    expect(states()).toEqual(['error-rate']);
  });

  it('are an alarm at 3 in each of 10 minutes', () => {
    for (let minute = 0; minute < 10; minute += 1) {
      for (let n = 0; n < 3; n += 1) {
        monitor.record(false, minute * 60_000 + n * 10_000);
        monitor.record(true, minute * 60_000 + n * 10_000 + 1);
      }
    }
    expect(states()).toEqual(['sustained']);
  });

  it('are over when no pattern has held for a minute, also where no call is made', () => {
    for (let n = 0; n < 12; n += 1) monitor.record(true, n);
    monitor.record(false, 1_000);
    monitor.settle(50_000);
    expect(states()).toEqual(['consecutive']);
    monitor.settle(61_000);
    expect(states()).toEqual(['consecutive', 'cleared']);
    expect(monitor.isRaised).toBe(false);
    for (let n = 0; n < 12; n += 1) monitor.record(true, 200_000 + n);
    expect(states()).toEqual(['consecutive', 'cleared', 'consecutive']);
  });
});
