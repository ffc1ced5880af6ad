import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CircuitBreaker,
  CONSECUTIVE_FAILURES,
  FAILURE_RATIO,
  MINIMUM_VOLUME,
  MAX_PROBE_MS,
  PROBE_FLOOR_MS,
  STABLE_AFTER_MS,
  WINDOW_MS,
} from './circuit-breaker.js';

/** Fails `times` times in a row at `now`; says whether the last one opened the breaker. */
function fail(breaker: CircuitBreaker, times: number, now = 0): boolean {
  const { generation } = breaker;
  let opened = false;
  for (let i = 0; i < times; i++) opened = breaker.failed(generation, now);
  return opened;
}

describe('CircuitBreaker', () => {
  it('opens with the last of a run of failures, and says so once', () => {
    const breaker = new CircuitBreaker();
    expect(fail(breaker, CONSECUTIVE_FAILURES - 1)).toBe(false);
    expect(breaker.state).toBe('closed');
    expect(fail(breaker, 1)).toBe(true);
    expect(breaker.state).toBe('open');
    expect(fail(breaker, 1)).toBe(false);
  });

  it('opens when half of enough calls fail, though never many in a row', () => {
    const breaker = new CircuitBreaker();
    const opened: number[] = [];
    for (let call = 1; call <= MINIMUM_VOLUME; call++) {
      if (call % 2 === 1) breaker.succeeded(0, call);
      else if (breaker.failed(0, call)) opened.push(call);
    }
    expect(opened).toEqual([MINIMUM_VOLUME]);
  });

  it('forgets the failures of an earlier window', () => {
    const breaker = new CircuitBreaker();
    for (let call = 0; call < 2 * MINIMUM_VOLUME; call++) {
      const now = (call * WINDOW_MS) / (MINIMUM_VOLUME - 2);
      if (call % 2 === 0) breaker.succeeded(0, now);
      else expect(breaker.failed(0, now)).toBe(false);
    }
  });

  it('closes when a probe is answered, and with an empty record', () => {
    const breaker = new CircuitBreaker();
    fail(breaker, CONSECUTIVE_FAILURES);
    breaker.probing();
    expect(breaker.state).toBe('half-open');
    breaker.probeSucceeded(60);
    expect(breaker.state).toBe('closed');
    expect(fail(breaker, CONSECUTIVE_FAILURES - 1, 61)).toBe(false);
  });

  it('does not hold calls of before against a store that has answered a probe since', () => {
    const breaker = new CircuitBreaker();
    const { generation } = breaker;
    fail(breaker, CONSECUTIVE_FAILURES);
    breaker.probing();
    breaker.probeSucceeded(60);
    for (let late = 0; late < 100; late++) expect(breaker.failed(generation, 61)).toBe(false);
    expect(breaker.state).toBe('closed');
  });

  it('waits longer after each probe that fails, up to a maximum, jittered by half', () => {
    for (const random of [0, 0.999_999]) {
      const breaker = new CircuitBreaker(() => random);
      fail(breaker, CONSECUTIVE_FAILURES);
      const share = 0.5 + random / 2;
      for (let failed = 0; failed < 12; failed++) {
        const step = Math.min(PROBE_FLOOR_MS * 2 ** failed, MAX_PROBE_MS);
        expect(breaker.probeDelayMs).toBeCloseTo(step * share, 3);
        breaker.probing();
        breaker.probeFailed();
      }
    }
  });

  it('keeps its back-off when it opens again soon, and loses it when it was closed for long', () => {
    const breaker = new CircuitBreaker(() => 1);
    const openAndClose = (openAt: number, closeAt: number) => {
      fail(breaker, CONSECUTIVE_FAILURES, openAt);
      const delay = breaker.probeDelayMs;
      breaker.probing();
      breaker.probeSucceeded(closeAt);
      return delay;
    };
    expect(openAndClose(0, 100)).toBe(PROBE_FLOOR_MS);
    expect(openAndClose(200, 300)).toBe(2 * PROBE_FLOOR_MS);
    expect(openAndClose(400, 500)).toBe(4 * PROBE_FLOOR_MS);
    expect(openAndClose(500 + STABLE_AFTER_MS, 0)).toBe(PROBE_FLOOR_MS);
  });

  it('does what a breaker by definition does, whatever happens to it in whatever order', () => {
    const happening = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('failed'), old: fc.boolean() }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('succeeded'), old: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('passed'), ms: fc.nat(WINDOW_MS) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('probed'), answered: fc.boolean() }) },
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 150 }), (happenings) => {
        const breaker = new CircuitBreaker(() => 0);
        const definition = new BreakerByDefinition();
        for (const { kind, old = false, ms = 0, answered = false } of happenings as Happening[]) {
          const generation = breaker.generation - (old ? 1 : 0);
          const isCounted = !definition.isOpen && !old;
          const { now } = definition;
          if (kind === 'passed') definition.now += ms;
          else if (kind === 'probed') probe(breaker, definition, answered);
          else if (kind === 'failed')
            expect(breaker.failed(generation, now)).toBe(isCounted && definition.count(true));
          else {
            breaker.succeeded(generation, now);
            if (isCounted) definition.count(false);
          }
          expect(breaker.state).toBe(definition.isOpen ? 'open' : 'closed');
        }
      }),
      { numRuns: 500 },
    );
  });
});

interface Happening {
  readonly kind: 'failed' | 'succeeded' | 'passed' | 'probed';
  readonly old?: boolean;
  readonly ms?: number;
  readonly answered?: boolean;
}

function probe(breaker: CircuitBreaker, definition: BreakerByDefinition, answered: boolean): void {
  if (!definition.isOpen) return;
  breaker.probing();
  if (answered) {
    breaker.probeSucceeded(definition.now);
    definition.close();
  } else breaker.probeFailed();
}

/** The rules of opening and closing, stated over the whole list of calls since the breaker closed. */
class BreakerByDefinition {
  now = 0;
  isOpen = false;
  #windowSince = 0;
  #calls: { readonly at: number; readonly isFailure: boolean }[] = [];

  /** Says whether the call opens the breaker. */
  count(isFailure: boolean): boolean {
    if (this.now - this.#windowSince >= WINDOW_MS) this.#windowSince = this.now;
    this.#calls.push({ at: this.now, isFailure });
    const isRun = this.#calls.slice(-CONSECUTIVE_FAILURES).every((call) => call.isFailure);
    const recent = this.#calls.filter(({ at }) => at >= this.#windowSince);
    const ratio = recent.filter((call) => call.isFailure).length / recent.length;
    const isRatioHigh = recent.length >= MINIMUM_VOLUME && ratio >= FAILURE_RATIO;
    const enough = this.#calls.length >= CONSECUTIVE_FAILURES;
    this.isOpen = isFailure && ((enough && isRun) || isRatioHigh);
    return this.isOpen;
  }

  close(): void {
    this.isOpen = false;
    this.#calls = [];
    this.#windowSince = this.now;
  }
}
