import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { WEEKDAYS, WINDOW_UNITS, type WindowSpec, type WindowUnit } from '@sundial/contract';

import { windowAfter, windowAt } from '../../libs/engine/src/windows/window-at.js';
import { WindowClock } from '../../libs/engine/src/windows/window-clock.js';
import { windowText } from '../../libs/engine/src/windows/window-text.js';
import { OffsetHistory } from './offset-history.js';
import { runs } from '../support/runs.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Windows are checked from 2012 (and Apia's skipped day just before) to 2035; the histories reach a year further. */
const FROM_MS = Date.UTC(2011, 11, 15);
const TO_MS = Date.UTC(2036, 0, 1);

const histories = [...Intl.supportedValuesOf('timeZone'), 'UTC'].map(
  (timeZone) => new OffsetHistory(timeZone, Date.UTC(2010, 10, 1), Date.UTC(2038, 1, 1)),
);
const changes = histories.flatMap((history) =>
  history.changes.filter((ms) => ms >= FROM_MS && ms < TO_MS).map((changeMs) => ({ history, changeMs })),
);
/** One zone for every different history: the others of its kind are asked less. */
const firstOfKind = new Set(new Map(histories.map((history) => [history.fingerprint, history])).values());

/** From then on zones only repeat what they did every year before, and are asked less too. */
const RECURRING_FROM_MS = Date.UTC(2028, 0, 1);

/** Those that have ends. */
const UNITS = WINDOW_UNITS.filter((unit) => unit !== 'total' && unit !== 'concurrent');
/** Windows that begin when clocks are mostly set, and on days that months and years need not have. */
const AWKWARD: readonly WindowSpec[] = [
  { unit: 'minute', every: 7 },
  { unit: 'hour', every: 5 },
  { unit: 'hour', every: 2, startsAt: '00:30' },
  { unit: 'day', startsAt: '02:30' },
  { unit: 'week', startsOn: 'sunday', startsAt: '01:00' },
  { unit: 'month', startsOn: 31 },
  { unit: 'quarter', startsAt: '04:00' },
  { unit: 'year', startsOn: '02-29', startsAt: '23:45' },
];

const anyTime = fc
  .integer({ min: 0, max: 24 * 60 - 1 })
  .map((minute) => new Date(minute * 60_000).toISOString().slice(11, 16));
const anyDayOfYear = fc
  .integer({ min: 1, max: 366 })
  .map((day) => new Date(Date.UTC(2028, 0, day)).toISOString().slice(5, 10));
/** Windows of a unit with these parts, half of them with a `startsAt`. */
function specs(unit: WindowUnit, parts: fc.Arbitrary<Omit<WindowSpec, 'unit'>>): fc.Arbitrary<WindowSpec> {
  return fc
    .tuple(parts, fc.option(anyTime))
    .map(([some, startsAt]) => ({ unit, ...some, ...(startsAt !== null && { startsAt }) }));
}
const nothingElse = fc.constant({});
const anySlots = fc.oneof(
  specs('minute', fc.record({ every: fc.integer({ min: 2, max: 59 }) })),
  specs('hour', fc.record({ every: fc.integer({ min: 2, max: 23 }) })),
);
const anyWindow: fc.Arbitrary<WindowUnit | WindowSpec> = fc.oneof(
  fc.constantFrom(...UNITS),
  anySlots,
  specs('day', nothingElse),
  specs('week', fc.record({ startsOn: fc.constantFrom(...WEEKDAYS) })),
  specs('month', fc.record({ startsOn: fc.integer({ min: 1, max: 31 }) })),
  specs('quarter', nothingElse),
  specs('year', fc.record({ startsOn: anyDayOfYear })),
);
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
      const isNew = firstOfKind.has(history) && changeMs < RECURRING_FROM_MS;
      const probes = isNew ? probesAround(history, changeMs) : probesAt(changeMs);
      for (const { of, atMs } of probes) {
        if (agree(history, of, atMs)) continue;
        wrong.push(`${windowText(of)} of ${new Date(atMs).toISOString()} in ${history.timeZone}`);
      }
    }
    expect(changes.length).toBeGreaterThan(5_000);
    expect(wrong).toEqual([]);
  }, 60_000);

  it('are what the offsets alone say, at any instant', () => {
    fc.assert(
      fc.property(anyMoment, anyWindow, ({ history, atMs }, of) => agree(history, of, atMs)),
      { numRuns: runs({ inTest: 1_500, inCampaign: 4_000 }) },
    );
  });

  it('contain their instant, follow one another without a gap, and are found again from either end', () => {
    fc.assert(
      fc.property(anyMoment, anyWindow, ({ history: { timeZone }, atMs }, of) => {
        const window = windowAt(of, timeZone, atMs);
        const next = windowAfter(window);
        expect(window.startsAtMs).toBeLessThanOrEqual(atMs);
        expect(window.resetsAtMs).toBeGreaterThan(atMs);
        expect(next.startsAtMs).toBe(window.resetsAtMs);
        expect(next.resetsAtMs).toBeGreaterThan(next.startsAtMs);
        expect(windowAt(of, timeZone, window.startsAtMs)).toEqual(window);
        expect(windowAt(of, timeZone, window.resetsAtMs - 1)).toEqual(window);
      }),
      { numRuns: runs({ inTest: 400, inCampaign: 1_000 }) },
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
      { numRuns: runs({ inTest: 400, inCampaign: 1_000 }) },
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
      { numRuns: runs({ inTest: 120, inCampaign: 300 }) },
    );
  });

  it('begin, for slots and business days, when the clock first shows that time or a later one', () => {
    fc.assert(
      fc.property(anyMoment, fc.oneof(anySlots, specs('day', nothingElse)), ({ history, atMs }, of) => {
        const { startsAtMs } = windowAt(of, history.timeZone, atMs);
        const shownAt = (ms: number) => ms + history.offsetAt(ms);
        for (let agoMs = 1; agoMs < 2 * DAY_MS; agoMs += HOUR_MS / 4) {
          if (shownAt(startsAtMs - agoMs) >= shownAt(startsAtMs)) return false;
        }
        return true;
      }),
      { numRuns: runs({ inTest: 120, inCampaign: 300 }) },
    );
  });

  it('write both ends in ISO-8601 with the offset that the zone has then', () => {
    fc.assert(
      fc.property(anyMoment, anyWindow, ({ history, atMs }, of) => {
        const { startsAt, startsAtMs, resetsAt, resetsAtMs } = windowAt(of, history.timeZone, atMs);
        for (const [text, ms] of [
          [startsAt!, startsAtMs],
          [resetsAt!, resetsAtMs],
        ] as const) {
          expect(Date.parse(text)).toBe(ms);
          expect(Date.parse(`${text.slice(0, 19)}Z`) - ms).toBe(history.offsetAt(ms));
        }
      }),
      { numRuns: runs({ inTest: 400, inCampaign: 1_000 }) },
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
  const anyWalk = fc.array(
    fc.record({ of: fc.constantFrom(...UNITS, ...AWKWARD), zone: fc.nat({ max: 2 }), stepMs: anyStep }),
    {
      maxLength: 40,
    },
  );

  it('gives what windowAt gives on any walk through time, and the same object within one window', () => {
    fc.assert(
      fc.property(fc.tuple(anyZone, anyZone, anyZone), anyMoment, anyWalk, (zones, { atMs }, walk) => {
        const clock = new WindowClock();
        let nowMs = atMs;
        for (const { of, zone, stepMs } of walk) {
          nowMs = Math.max(FROM_MS, Math.min(nowMs + stepMs, TO_MS));
          const { timeZone } = zones[zone]!;
          const pair = clock.windowsAt(of, timeZone, nowMs);
          const current = windowAt(of, timeZone, nowMs);
          expect(pair).toEqual({ current, next: windowAfter(current) });
          expect(clock.windowsAt(of, timeZone, current.startsAtMs)).toBe(pair);
          expect(clock.windowsAt(of, timeZone, current.resetsAtMs - 1)).toBe(pair);
          expect(clock.windowsAt(of, timeZone, current.resetsAtMs).current).toEqual(pair.next);
        }
      }),
      { numRuns: runs({ inTest: 40, inCampaign: 100 }) },
    );
  });
});

interface Probe {
  readonly of: WindowUnit | WindowSpec;
  readonly atMs: number;
}

function probesAt(changeMs: number): Probe[] {
  return (['hour', 'day'] as const).map((of) => ({ of, atMs: changeMs }));
}

/** Both sides of the change for every window, and the hours and days that touch those it touches. */
function probesAround(history: OffsetHistory, changeMs: number): Probe[] {
  const sides = [...UNITS, ...AWKWARD].flatMap((of) =>
    [changeMs - 1, changeMs].map((atMs) => ({ of, atMs })),
  );
  const neighbours = (['hour', 'day'] as const).flatMap((of) => [
    { of, atMs: history.windowAt(of, changeMs - 1).startsAtMs - 1 },
    { of, atMs: history.windowAt(of, changeMs).resetsAtMs },
  ]);
  return [...sides, ...neighbours];
}

function agree(history: OffsetHistory, of: WindowUnit | WindowSpec, atMs: number): boolean {
  const window = windowAt(of, history.timeZone, atMs);
  const { startsAtMs, resetsAtMs } = history.windowAt(of, atMs);
  return window.startsAtMs === startsAtMs && window.resetsAtMs === resetsAtMs;
}
