import { describe, expect, it } from '@jest/globals';
import type { Decision } from '@sundial/contract';
import type { Call } from '../traffic/call.js';
import { decidedExactly, goesOn, othersUntouched, saysDegraded } from './call-steps.js';

const call = (decision: Partial<Decision>, tookMs = 10): Call => ({
  operationId: 'op',
  subject: { user: 'u1' },
  tookMs,
  answer: { decision: { allowed: true, reason: 'ok', degraded: null, ...decision } as Decision },
});
const rejected: Call = { ...call({}), answer: { rejected: 'This key is not known here (wrong-key)' } };
const byClient = call({ reason: 'degraded', degraded: { cause: 'unreachable', policy: 'allow' } });
const byService = call({ degraded: { cause: 'timeout', policy: 'local' } });

describe('business goes on', () => {
  it('where every call is allowed in time, by whom does not matter', () => {
    expect(goesOn([byClient, byService, call({}, 214.2)], 215)).toEqual({
      step: 'business goes on',
      passed: true,
      seen: '3 of 3 allowed, the slowest after 215 ms',
    });
  });

  it.each<[string, Call, RegExp]>([
    ['is late', call({}, 216), /1 later than 215 ms/],
    [
      'is refused',
      call({ allowed: false, reason: 'limit-reached' }),
      /0 of 1 allowed.*refused: limit-reached/,
    ],
    ['is rejected', rejected, /rejected: This key is not known here \(wrong-key\)/],
  ])('not where a call %s', (_, odd, seen) => {
    expect(goesOn([odd], 215)).toMatchObject({ passed: false, seen: expect.stringMatching(seen) });
  });

  it('not where nothing was called', () => expect(goesOn([], 215).passed).toBe(false));
});

describe('decisions say degraded', () => {
  it.each([
    ['client', [byClient, byClient], true],
    ['client', [byClient, byService], false],
    ['client', [byClient, call({})], false],
    ['service', [byService], true],
    ['service', [byClient], false],
    ['either', [byClient, byService], true],
    ['either', [byClient, byClient], false],
    ['either', [byClient, byService, call({})], false],
  ] as const)('by the %s: %#', (decider, calls, passed) => {
    expect(saysDegraded(calls, decider).passed).toBe(passed);
  });
});

describe('exact decisions', () => {
  it('are those of the store, and the first that is none says why', () => {
    expect(decidedExactly([call({}), call({ allowed: false })]).passed).toBe(true);
    expect(decidedExactly([call({}), byService])).toEqual({
      step: 'decisions are exact',
      passed: false,
      seen: '1 of 2 decided by the store; else: timeout',
    });
    expect(decidedExactly([rejected])).toMatchObject({
      passed: false,
      seen: expect.stringContaining('wrong-key'),
    });
  });

  it('are what checks of another resource get', () => {
    expect(othersUntouched([call({})], 'speech')).toEqual({
      step: 'other resources untouched',
      passed: true,
      seen: 'speech: 1 of 1 decided by the store',
    });
    expect(othersUntouched([byClient], 'speech').passed).toBe(false);
  });
});
