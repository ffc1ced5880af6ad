import { describe, expect, it } from '@jest/globals';
import type { ClientAlarm } from '@sundial/client';
import { alarmsSince, clientAlarmed, type ServiceAlarm, serviceAlarmed } from './alarm-steps.js';

const ofClient = (more: Partial<ClientAlarm>): ClientAlarm => ({
  name: 'calls-failing',
  state: 'raised',
  severity: 'error',
  message: 'Sundial does not decide: 12 calls in a row failed within a minute.',
  details: {},
  ...more,
});
const ofService = (id: string, resource: string | null): ServiceAlarm => ({
  id,
  pattern: 'channel-down',
  channel: resource === null ? null : { resource },
  summary: '12 failures in a row',
});

describe('the alarm of the client', () => {
  it('is that calls fail, and that it was raised', () => {
    expect(clientAlarmed([ofClient({})], 20)).toMatchObject({ passed: true });
    expect(clientAlarmed([ofClient({ name: 'journal-full' })], 20)).toMatchObject({
      passed: false,
      seen: 'none in 20 calls',
    });
    expect(clientAlarmed([ofClient({ state: 'cleared' })], 20).passed).toBe(false);
  });
});

describe('the alarms of the service', () => {
  const before = { active: [ofService('a', 'ocr')], over: [ofService('b', 'ocr')] };

  it('are those about the resource that are active, or were raised and ended meanwhile', () => {
    const now = {
      active: [ofService('a', 'ocr'), ofService('c', 'speech'), ofService('d', null)],
      over: [ofService('e', 'ocr'), ofService('b', 'ocr')],
    };
    expect(alarmsSince(before, now, 'ocr').map(({ id }) => id)).toEqual(['a', 'e']);
  });

  it('fail their step where there is none', () => {
    expect(serviceAlarmed([ofService('a', 'ocr')], 20)).toMatchObject({
      passed: true,
      seen: 'channel-down: 12 failures in a row',
    });
    expect(serviceAlarmed([], 20)).toMatchObject({ passed: false, seen: 'none in 20 calls' });
  });
});
