import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Decision } from '@sundial/contract';
import { KnownGates, MAX_UNHEARD_MS } from './known-gates.js';

const DECISION: Decision = {
  allowed: true,
  reason: 'ok',
  operationId: 'op-1',
  replayed: false,
  wouldDeny: false,
  limits: [],
  degraded: null,
  rulesVersion: 1,
};
const ON_DENY = { code: 'OCR_CLOSED', action: 'come-back' };

let gates: KnownGates;
let elapsedMs: number;

beforeEach(() => {
  gates = new KnownGates();
  elapsedMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => 5_000 + elapsedMs);
});
afterEach(() => {
  jest.restoreAllMocks();
});

function learn(state: 'open' | 'closed', until: string | null = null, resource = 'ocr'): void {
  gates.learn(resource, { ...DECISION, allowed: state === 'open', gate: { state, until } });
}

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('a gate that a decision named', () => {
  it('is that of its resource alone, with the business flow of its refusal', () => {
    const closed = { reason: 'gate-closed', gate: { state: 'closed', until: null } } as const;
    gates.learn('ocr', { ...DECISION, ...closed, allowed: false, onDeny: ON_DENY });
    expect(gates.get('ocr')).toEqual({ state: 'closed', until: null, onDeny: ON_DENY });
    expect(gates.get('sms')).toBeUndefined();
  });

  it('is forgotten with the next decision that names none', () => {
    learn('open');
    gates.learn('sms', DECISION);
    expect(gates.get('ocr')).toMatchObject({ state: 'open' });
    gates.learn('ocr', DECISION);
    expect(gates.get('ocr')).toBeUndefined();
  });

  it('ends when it says, and without hearing of it again after 10 minutes', () => {
    learn('open', inMs(60_000));
    learn('closed', null, 'sms');
    elapsedMs = 59_000;
    expect(gates.get('ocr')).toBeDefined();
    elapsedMs = 61_000;
    expect(gates.get('ocr')).toBeUndefined();
    elapsedMs = MAX_UNHEARD_MS - 1;
    expect(gates.get('sms')).toBeDefined();
    learn('closed', null, 'sms');
    elapsedMs += 2;
    expect(gates.get('sms')).toBeDefined();
    elapsedMs += MAX_UNHEARD_MS;
    expect(gates.get('sms')).toBeUndefined();
  });

  it('ends when it says also where the wall clock jumps meanwhile', () => {
    learn('open', inMs(60_000));
    const now = Date.now();
    for (const jumpMs of [86_400_000, -86_400_000]) {
      jest.spyOn(Date, 'now').mockReturnValue(now + jumpMs);
      elapsedMs = 59_000;
      expect(gates.get('ocr')).toBeDefined();
      elapsedMs = 61_000;
      expect(gates.get('ocr')).toBeUndefined();
    }
  });

  it.each([[null], ['open'], [{}], [{ state: 'ajar', until: null }], [{ state: 5 }]])(
    'is none where it is of a later version: %j',
    (gate) => {
      learn('closed');
      gates.learn('ocr', { ...DECISION, gate: gate as never });
      expect(gates.get('ocr')).toBeUndefined();
    },
  );

  it('is kept of 1,000 resources', () => {
    for (let n = 0; n < 1_001; n += 1) learn('open', null, `r${n}`);
    expect(gates.get('r0')).toBeUndefined();
    expect(gates.get('r1')).toBeDefined();
    expect(gates.get('r1000')).toBeDefined();
  });
});
