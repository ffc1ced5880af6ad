import { type Limit, type LimitState, WINDOW_UNITS } from '@sundial/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, RuleBook, type Store } from '@sundial/engine';
import { openRedisStore } from '../contract/store-under-test.js';
import { aRule } from '../contract/rules.js';
import { RedisProcess } from '../support/redis-process.js';
import { OffsetHistory } from './offset-history.js';
import { engineOn } from '../support/engine-on.js';

/** Instants at which calendars are easily wrong, each with what makes it awkward. */
const AWKWARD: readonly [string, string, string][] = [
  ['Asia/Shanghai', '2026-11-22T00:00:00+08:00', 'the first instant of a day'],
  ['Asia/Shanghai', '2026-12-31T23:58:00+08:00', 'the last minutes of a year'],
  ['Pacific/Kiritimati', '2027-01-01T00:00:00+14:00', 'a year that begins while others are a day behind'],
  ['Pacific/Pago_Pago', '2026-11-30T23:58:00-11:00', 'a month that lasts when others have begun the next'],
  ['America/New_York', '2026-03-08T01:58:00-05:00', 'two minutes before an hour that does not exist'],
  ['America/New_York', '2026-03-08T03:00:00-04:00', 'the first instant after it, of a day of 23 hours'],
  ['America/New_York', '2026-11-01T01:30:00-04:00', 'half past one for the first time'],
  ['America/New_York', '2026-11-01T01:30:00-05:00', 'half past one for the second time'],
  ['America/Havana', '2026-03-08T01:00:00-04:00', 'a day that begins at one'],
  ['Africa/Cairo', '2026-04-24T01:00:00+03:00', 'a Friday that begins at one'],
  ['America/Santiago', '2026-09-06T01:00:00-03:00', 'a Sunday that begins at one'],
  ['Asia/Beirut', '2026-10-24T23:30:00+02:00', 'the last half hour of a day for the second time'],
  ['Pacific/Apia', '2011-12-29T23:30:00-10:00', 'the eve of a day that never was'],
  ['Pacific/Apia', '2011-12-31T00:00:00+14:00', 'the day after it, in the same week'],
  ['Australia/Lord_Howe', '2026-04-05T01:45:00+10:30', 'an hour of which half comes twice'],
  ['Australia/Lord_Howe', '2026-10-04T02:30:00+11:00', 'an hour that begins at half past'],
  ['Antarctica/Troll', '2026-03-29T03:00:00+02:00', 'clocks that are set by two hours'],
  ['Asia/Kathmandu', '2026-07-01T00:10:00+05:45', 'hours that begin at a quarter past in UTC'],
  ['Europe/London', '2028-02-29T12:00:00+00:00', 'a leap day'],
  ['Africa/Casablanca', '2026-02-15T03:30:00+00:00', 'a summer time that pauses for Ramadan'],
  ['Asia/Tehran', '2026-03-21T00:00:00+03:30', 'a zone of half hours'],
];

/** One of each kind that has ends. */
const WINDOWS: readonly Limit['window'][] = [
  ...WINDOW_UNITS.filter((unit) => unit !== 'minute' && unit !== 'total' && unit !== 'concurrent'),
  { unit: 'hour', every: 5 },
  { unit: 'day', startsAt: '04:00' },
  { unit: 'week', startsOn: 'sunday' },
  { unit: 'month', startsOn: 31 },
  { unit: 'year', startsOn: '02-29' },
];

describe.each(['memory', 'Redis'])('check and usage in %s agree with the zone’s calendar', (kind) => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.stop());

  async function openAt(instant: number): Promise<Store> {
    const clockOffsetMs = instant - Date.now();
    if (kind === 'memory') return MemoryStore.open({ clockOffsetMs });
    return openRedisStore({ kind: 'single', url: redis.url }, clockOffsetMs);
  }

  it.each(AWKWARD)('in %s at %s: %s', async (timeZone, text) => {
    const instant = Date.parse(text);
    const history = new OffsetHistory(timeZone, instant - 400 * 86_400_000, instant + 800 * 86_400_000);
    const limits = [...WINDOWS, 'total' as const].map((window) => ({ window, max: 10 }));
    const rules = new LiveRules();
    rules.apply(new RuleBook(1, [aRule({ timeZone, limits })]));
    const engine = engineOn({ store: await openAt(instant), rules, deadlineMs: 5_000 });

    const subject = { user: `${timeZone}-${text}` };
    const decision = await engine.check({ resource: 'ocr', subject, amount: 2 });
    const usage = await engine.usage({ resource: 'ocr', subject });
    await engine.close();

    expect(decision).toMatchObject({ allowed: true, degraded: null });
    expect(usage.limits).toEqual(decision.limits);
    const ending = decision.limits.slice(0, -1);
    expect(ending.map(spanOf)).toEqual(
      WINDOWS.map((window) => ({ window, used: 2, ...history.windowAt(window, instant) })),
    );
    expect(decision.limits.at(-1)).toMatchObject({
      window: 'total',
      used: 2,
      startsAt: null,
      resetsAt: null,
    });
    for (const end of ending.flatMap(({ startsAt, resetsAt }) => [startsAt!, resetsAt!]))
      expect(shownBy(timeZone, end)).toBe(localPart(end));
  });
});

function spanOf({ window, used, startsAt, resetsAt }: LimitState) {
  return { window, used, startsAtMs: Date.parse(startsAt!), resetsAtMs: Date.parse(resetsAt!) };
}

/** Date and time of `2026-11-22T00:00:00+08:00`, as they are written. */
function localPart(text: string): string {
  return text.slice(0, 19);
}

/** Date and time that the runtime's `Intl` shows in a zone. */
function shownBy(timeZone: string, instant: string): string {
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return shown.format(Date.parse(instant)).replace(' ', 'T');
}
