import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { WINDOW_UNITS, type WindowUnit } from '@sundial/contract';

import { windowAfter, windowAt } from '../../libs/engine/src/windows/window-at.js';
import { WindowClock } from '../../libs/engine/src/windows/window-clock.js';
import { OffsetHistory } from './offset-history.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Windows are checked from 2012 (and Apia's skipped day just before) to 2035; the histories reach a year further. */
const FROM_MS = Date.UTC(2011, 11, 15);
const TO_MS = Date.UTC(2036, 0, 1);

const histories = [...Intl.supportedValuesOf('timeZone'), 'UTC'].map(
  (timeZone) => new OffsetHistory(timeZone, Date.UTC(2010, 10, 1), Date.UTC(2037, 1, 1)),
);
const changes = histories.flatMap((history) =>
  history.changes.filter((ms) => ms >= FROM_MS && ms < TO_MS).map((changeMs) => ({ history, changeMs })),
);
/** One zone for every different history: the others of its kind are asked less. */
const firstOfKind = new Set(new Map(histories.map((history) => [history.fingerprint, history])).values());

const anyUnit = fc.constantFrom(...WINDOW_UNITS);
const anyZone = fc.constantFrom(...histories);
const anyInstant = fc.integer({ min: FROM_MS, max: TO_MS - 1 });
/** Two instants in three are within two days, or two hours, of a change of the offset, where errors hide. */
const anyMoment = fc.oneof(
  fc.record({ history: anyZone, atMs: anyInstant }),
  ...[2 * DAY_MS, 2 * HOUR_MS].map((awayMs) =>
    fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -awayMs, max: awayMs }))
      .map(([{ history, changeMs }, ms]) => ({ history, atMs: changeMs + ms })),
  ),
);

describe('natural windows, in every zone of the runtime', () => {
  it('are what the offsets alone say, around every change of the offset', () => {
    const wrong: string[] = [];
    for (const { history, changeMs } of changes) {
      const probes = firstOfKind.has(history) ? probesAround(history, changeMs) : probesAt(changeMs);
      for (const { unit, atMs } of probes) {
        if (agree(history, unit, atMs)) continue;
        wrong.push(`${unit} of ${new Date(atMs).toISOString()} in ${history.timeZone}`);
      }
    }
    expect(changes.length).toBeGreaterThan(5_000);
    expect(wrong).toEqual([]);
  }, 60_000);

  it('are what the offsets alone say, at any instant', () => {
    fc.assert(
      fc.property(anyMoment, anyUnit, ({ history, atMs }, unit) => agree(history, unit, atMs)),
      { numRuns: 5_000 },
    );
  });

  it('contain their instant, follow one another without a gap, and are found again from either end', () => {
    fc.assert(
      fc.property(anyMoment, anyUnit, ({ history: { timeZone }, atMs }, unit) => {
        const window = windowAt(unit, timeZone, atMs);
        const next = windowAfter(window);
        expect(window.startsAtMs).toBeLessThanOrEqual(atMs);
        expect(window.resetsAtMs).toBeGreaterThan(atMs);
        expect(next.startsAtMs).toBe(window.resetsAtMs);
        expect(next.resetsAtMs).toBeGreaterThan(next.startsAtMs);
        expect(windowAt(unit, timeZone, window.startsAtMs)).toEqual(window);
        expect(windowAt(unit, timeZone, window.resetsAtMs - 1)).toEqual(window);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are never longer than 60 minutes for an hour and 60 seconds for a minute, and full away from changes', () => {
    fc.assert(
      fc.property(anyMoment, fc.constantFrom('minute', 'hour'), ({ history, atMs }, unit) => {
        const fullMs = unit === 'hour' ? HOUR_MS : 60_000;
        const { startsAtMs, resetsAtMs } = windowAt(unit, history.timeZone, atMs);
        expect(resetsAtMs - startsAtMs).toBeLessThanOrEqual(fullMs);
        if (history.offsetAt(startsAtMs - fullMs) === history.offsetAt(resetsAtMs + fullMs)) {
          expect(resetsAtMs - startsAtMs).toBe(fullMs);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('begin, for a day, at the first instant of a local date', () => {
    fc.assert(
      fc.property(anyMoment, ({ history, atMs }) => {
        const { startsAtMs } = windowAt('day', history.timeZone, atMs);
        const date = history.dateAt(startsAtMs);
        for (let agoMs = 1; agoMs < 2 * DAY_MS; agoMs += HOUR_MS / 4) {
          if (history.dateAt(startsAtMs - agoMs) >= date) return false;
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });

  it('write both ends in ISO-8601 with the offset that the zone has then', () => {
    fc.assert(
      fc.property(anyMoment, anyUnit, ({ history, atMs }, unit) => {
        const { startsAt, startsAtMs, resetsAt, resetsAtMs } = windowAt(unit, history.timeZone, atMs);
        expect(Date.parse(startsAt)).toBe(startsAtMs);
        expect(Date.parse(resetsAt)).toBe(resetsAtMs);
        expect(Date.parse(`${startsAt.slice(0, 19)}Z`) - startsAtMs).toBe(history.offsetAt(startsAtMs));
        expect(Date.parse(`${resetsAt.slice(0, 19)}Z`) - resetsAtMs).toBe(history.offsetAt(resetsAtMs));
      }),
      { numRuns: 1_000 },
    );
  });

  it('make days of 23, 23.5, 24.5 and 25 hours where the zones do', () => {
    const lengths = new Set<number>();
    for (const { history, changeMs } of changes) {
      if (!firstOfKind.has(history)) continue;
      const { startsAtMs, resetsAtMs } = windowAt('day', history.timeZone, changeMs - 1);
      lengths.add((resetsAtMs - startsAtMs) / HOUR_MS);
    }
    expect([...lengths]).toEqual(expect.arrayContaining([23, 23.5, 24.5, 25]));
  });
});

describe('WindowClock', () => {
  const anyStep = fc.oneof(
    fc.integer({ min: 0, max: 90_000 }),
    fc.integer({ min: -2 * HOUR_MS, max: 2 * DAY_MS }),
    fc.integer({ min: -40 * DAY_MS, max: 400 * DAY_MS }),
  );
  const anyWalk = fc.array(fc.record({ unit: anyUnit, zone: fc.nat({ max: 2 }), stepMs: anyStep }), {
    maxLength: 40,
  });

  it('gives what windowAt gives on any walk through time, and the same object within one window', () => {
    fc.assert(
      fc.property(fc.tuple(anyZone, anyZone, anyZone), anyMoment, anyWalk, (zones, { atMs }, walk) => {
        const clock = new WindowClock();
        let nowMs = atMs;
        for (const { unit, zone, stepMs } of walk) {
          nowMs = Math.max(FROM_MS, Math.min(nowMs + stepMs, TO_MS));
          const { timeZone } = zones[zone]!;
          const pair = clock.windowsAt(unit, timeZone, nowMs);
          const current = windowAt(unit, timeZone, nowMs);
          expect(pair).toEqual({ current, next: windowAfter(current) });
          expect(clock.windowsAt(unit, timeZone, current.startsAtMs)).toBe(pair);
          expect(clock.windowsAt(unit, timeZone, current.resetsAtMs - 1)).toBe(pair);
          expect(clock.windowsAt(unit, timeZone, current.resetsAtMs).current).toEqual(pair.next);
        }
      }),
      { numRuns: 100 },
    );
  });
});

interface Probe {
  readonly unit: WindowUnit;
  readonly atMs: number;
}

function probesAt(changeMs: number): Probe[] {
  return (['hour', 'day'] as const).map((unit) => ({ unit, atMs: changeMs }));
}

/** Both sides of the change for every unit, and the hours and days that touch those it touches. */
function probesAround(history: OffsetHistory, changeMs: number): Probe[] {
  const sides = WINDOW_UNITS.flatMap((unit) => [changeMs - 1, changeMs].map((atMs) => ({ unit, atMs })));
  const neighbours = (['hour', 'day'] as const).flatMap((unit) => [
    { unit, atMs: history.windowAt(unit, changeMs - 1).startsAtMs - 1 },
    { unit, atMs: history.windowAt(unit, changeMs).resetsAtMs },
  ]);
  return [...sides, ...neighbours];
}

function agree(history: OffsetHistory, unit: WindowUnit, atMs: number): boolean {
  const window = windowAt(unit, history.timeZone, atMs);
  const { startsAtMs, resetsAtMs } = history.windowAt(unit, atMs);
  return window.startsAtMs === startsAtMs && window.resetsAtMs === resetsAtMs;
}
