import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QuotaError, SCHEDULE_DAYS, type Rule, type Schedule } from '@sundial/contract';
import { parseRule } from '@sundial/engine';
import { RuleWindowsCache } from '../../libs/engine/src/counters/rule-windows.js';
import { OffsetHistory } from './offset-history.js';

const ZONES = [
  ...['Asia/Shanghai', 'UTC', 'America/New_York', 'Europe/Berlin', 'Europe/London', 'America/Sao_Paulo'],
  ...[
    'Australia/Lord_Howe',
    'Australia/Sydney',
    'Asia/Kathmandu',
    'Asia/Tehran',
    'Asia/Beirut',
    'Africa/Cairo',
  ],
  ...[
    'Africa/Casablanca',
    'America/Havana',
    'America/Santiago',
    'America/St_Johns',
    'Pacific/Chatham',
    'Asia/Gaza',
  ],
  ...[
    'Antarctica/Troll',
    'America/Asuncion',
    'Pacific/Kiritimati',
    'Asia/Almaty',
    'America/Nuuk',
    'Atlantic/Azores',
  ],
];
const FROM = Date.UTC(2024, 0, 1);
const TO = Date.UTC(2031, 0, 1);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Which entry holds while the local clock shows this, by the words of the contract: the minute it shows is in its times. */
function shownBy(when: readonly Schedule[], shownMs: number): number | undefined {
  const minute = Math.floor(shownMs / MINUTE_MS);
  const holding = when.flatMap((entry, index) => (holds(entry, minute) ? [index] : []));
  return holding.find((index) => when[index]!.dates) ?? holding[0];
}

function holds({ days, dates, from = '00:00', to = '24:00' }: Schedule, minute: number): boolean {
  const [today, time] = [Math.floor(minute / 1_440), clock(minute % 1_440)];
  const begins = (day: number) => {
    const date = new Date(day * DAY_MS);
    const text = date.toISOString().slice(0, 10);
    if (!dates) return !days || days.includes(WEEKDAYS[date.getUTCDay()]!);
    return dates.some((range) => {
      const [first = '', last = first] = range.split('/');
      return first <= text && text <= last;
    });
  };
  if (from < to) return begins(today) && from <= time && time < to;
  return (begins(today) && from <= time) || (begins(today - 1) && time < to);
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

const anyTime = fc.integer({ min: 0, max: 95 }).map((quarter) => clock(quarter * 15));
const anyTimes = fc.record(
  { from: anyTime, to: fc.oneof(anyTime, fc.constant('24:00')) },
  { requiredKeys: [] },
);

/** Dates and times around a day, so that offset changes are met. */
function anyEntry(day: number): fc.Arbitrary<Omit<Schedule, 'max'>> {
  const anyDate = fc.integer({ min: -3, max: 3 }).map((ahead) => (day + ahead) * DAY_MS);
  const text = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const anyRange = fc
    .tuple(anyDate, fc.integer({ min: 0, max: 2 }))
    .map(([first, more]) => (more === 0 ? text(first) : `${text(first)}/${text(first + more * DAY_MS)}`));
  return fc.oneof(
    fc
      .tuple(anyTimes, fc.subarray([...SCHEDULE_DAYS], { minLength: 1 }))
      .map(([times, days]) => ({ ...times, days })),
    fc
      .tuple(anyTimes, fc.array(anyRange, { minLength: 1, maxLength: 2 }))
      .map(([times, dates]) => ({ ...times, dates })),
    anyTimes,
  );
}

function ruleWith(when: readonly object[], timeZone: string): Rule | undefined {
  const limits = [{ window: 'total', max: 100, when: when.map((entry, max) => ({ ...entry, max })) }];
  try {
    return parseRule({ id: 'r', resource: 'r', per: [], timeZone, limits });
  } catch (error) {
    if (error instanceof QuotaError) return undefined;
    throw error;
  }
}

/** Whether two of one kind share a minute of the local clock in the weeks around a day. */
function areAtOnce(when: readonly Schedule[], day: number): boolean {
  for (const kind of [true, false]) {
    const its = when.filter(({ dates }) => (dates !== undefined) === kind);
    for (let minute = (day - 8) * 1_440; minute < (day + 9) * 1_440; minute += 15)
      if (its.filter((entry) => holds(entry, minute)).length > 1) return true;
  }
  return false;
}

/** The first quarter of an hour in `[from, until)` of which it is so. */
function laterThat(from: number, until: number, isSo: (ms: number) => boolean): number | undefined {
  for (let later = from; later < until; later += 15 * MINUTE_MS) if (isSo(later)) return later;
  return undefined;
}

describe('schedules', () => {
  const windows = new RuleWindowsCache();
  const allowanceAt = (rule: Rule, at: number) => windows.once(rule, at).limits[0]!.allowance;

  it.each(ZONES)('in %s hold when the calendar says so, around every change of the offset', (timeZone) => {
    const history = new OffsetHistory(timeZone, FROM - 30 * DAY_MS, TO + 30 * DAY_MS);
    const around = [...history.changes.filter((ms) => ms >= FROM && ms < TO), Date.UTC(2026, 10, 22)];
    const shownAt = (ms: number) => ms + history.offsetAt(ms);
    const anyCase = fc.constantFrom(...around).chain((change) => {
      const day = Math.floor(shownAt(change) / DAY_MS);
      const anyInstant = fc
        .integer({ min: -300, max: 300 })
        .map((quarters) => change + quarters * 15 * MINUTE_MS);
      return fc.tuple(
        fc.array(anyEntry(day), { minLength: 1, maxLength: 3 }),
        fc.array(anyInstant, { minLength: 6, maxLength: 6 }),
        fc.constant(day),
      );
    });
    fc.assert(
      fc.property(anyCase, ([when, instants]) => {
        const rule = ruleWith(when, timeZone);
        if (rule === undefined) return;
        const entries = rule.limits[0]!.when!;
        for (const at of instants.flatMap((ms) => [ms - 1, ms])) {
          const { max, schedule, source, change } = allowanceAt(rule, at);
          const expected = shownBy(entries, shownAt(at));
          expect([at, source, schedule?.index]).toEqual([
            at,
            expected === undefined ? 'rule' : 'schedule',
            expected,
          ]);
          expect(max).toBe(expected ?? 100);
          if (schedule)
            expect(schedule.until === null ? Infinity : Date.parse(schedule.until)).toBe(change!.atMs);
          const until = Math.min(change!.atMs, at + 2 * DAY_MS);
          const other = laterThat(at, until, (later) => shownBy(entries, shownAt(later)) !== expected);
          expect(other).toBeUndefined();
          if (until === change!.atMs) expect(shownBy(entries, shownAt(until))).not.toBe(expected);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('are refused where two of one kind hold at once, and only there', () => {
    const day = Math.floor(Date.UTC(2026, 10, 22) / DAY_MS);
    fc.assert(
      fc.property(fc.array(anyEntry(day), { minLength: 2, maxLength: 3 }), (when) => {
        const written = when.map((entry) => ({ ...entry, max: 1 }));
        const isOdd = when.some(
          ({ from = '00:00', to = '24:00', ...rest }) =>
            from === to || (Object.keys(rest).length === 0 && from === '00:00' && to === '24:00'),
        );
        fc.pre(!isOdd);
        expect(ruleWith(when, 'UTC') === undefined).toBe(areAtOnce(written, day));
      }),
      { numRuns: 100 },
    );
  });
});
