import { describe, expect, it } from '@jest/globals';
import type { Quota } from '@sundial/contract';
import { tracedQuota, traceIdIn, verbSpans } from './index.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('a process that has registered no SDK', () => {
  it('has no spans to make, and each quota as it is', () => {
    const quota = {} as Quota;
    expect(verbSpans('client')).toBeUndefined();
    expect(tracedQuota(quota)).toBe(quota);
  });
});

describe('the trace of a traceparent header', () => {
  it.each([
    [`00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
    [`00-${TRACE}-00f067aa0ba902b7-00`, TRACE],
    [`cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-brings`, TRACE],
    [`00-${'1'.repeat(32)}-00f067aa0ba902b7-01, 00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
    [`ff-${TRACE}-00f067aa0ba902b7-01`, undefined],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${TRACE}-0000000000000000-01`, undefined],
    [`00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    [`00-${TRACE}-00f067aa0ba902b7`, undefined],
    ['{"level":60}', undefined],
    ['', undefined],
    [undefined, undefined],
    [['a', 'b'], undefined],
  ])('of %j is %s', (header, traceId) => {
    expect(traceIdIn(header)).toBe(traceId);
  });
});
