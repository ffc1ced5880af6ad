import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { isoText } from './iso-text.js';

const ZONES = ['Asia/Shanghai', 'UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];

function byTemporal(atMs: number, timeZone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  return zoned.toString({ timeZoneName: 'never' });
}

describe('isoText', () => {
  it('writes what Temporal writes, also within one second and over changes of the offset', () => {
    const changes = ['2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z', '2026-04-04T15:00:00Z'].map(Date.parse);
    const anyInstant = fc.oneof(
      fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
      fc
        .tuple(fc.constantFrom(...changes), fc.integer({ min: -2_000, max: 2_000 }))
        .map(([at, ms]) => at + ms),
    );
    const anyStep = fc.tuple(fc.constantFrom(...ZONES), fc.constantFrom(0, 1, 10, 100, 999));
    fc.assert(
      fc.property(anyInstant, fc.array(anyStep, { minLength: 1, maxLength: 6 }), (instant, steps) => {
        let at = instant;
        for (const [timeZone, ms] of steps) {
          at += ms;
          expect(isoText(at, timeZone)).toBe(byTemporal(at, timeZone));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('rounds to milliseconds, and writes no zeros at their end', () => {
    const at = Date.parse('2026-11-22T12:20:30Z');
    expect([at, at + 120, at + 99.6].map((ms) => isoText(ms, 'Asia/Shanghai'))).toEqual([
      '2026-11-22T20:20:30+08:00',
      '2026-11-22T20:20:30.12+08:00',
      '2026-11-22T20:20:30.1+08:00',
    ]);
  });
});
