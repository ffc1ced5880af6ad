import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AlarmEvaluator, MAX_CHANNELS } from '../../apps/quota-service/src/alarms/alarm-evaluator.js';
import type { AlarmSignal } from '../../apps/quota-service/src/alarms/evaluators/alarm-signal.js';
import type { Notification } from '../../apps/quota-service/src/alarms/watch.js';
import { loadAlarmFile } from '../../apps/quota-service/src/alarms/patterns/alarm-file.js';
import type { AlarmPattern } from '../../apps/quota-service/src/alarms/patterns/alarm-pattern.js';
import { holdsAt, nameOf, type Moment } from './alarm-oracle.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const TICK_MS = 250;
const STARTED_AT = 7_777_777;

let shipped: readonly AlarmPattern[];
beforeAll(async () => {
  shipped = await loadAlarmFile(new URL('../../config/alarms.yaml', import.meta.url).pathname);
});

/** An evaluator with one of the shipped patterns, and what it reported, with the time from the start of the test. */
function alarmsOf(id: string) {
  const notifications: {
    readonly kind: Notification['kind'];
    readonly channel: string;
    readonly atMs: number;
  }[] = [];
  let now = STARTED_AT;
  const evaluator = new AlarmEvaluator(
    shipped.filter((pattern) => pattern.id === id),
    ({ kind, incident }) =>
      notifications.push({ kind, channel: nameOf(incident.channel), atMs: now - STARTED_AT }),
  );
  return {
    evaluator,
    notifications,
    take(signal: AlarmSignal, atMs: number): void {
      now = STARTED_AT + atMs;
      evaluator.take(signal, now);
    },
    tickUntil(fromMs: number, untilMs: number): void {
      for (let atMs = fromMs; atMs <= untilMs; atMs += TICK_MS) {
        now = STARTED_AT + atMs;
        evaluator.tick(now);
      }
    },
  };
}

const channel = (resource: string | number) => ({ resource: `r${resource}`, dependency: 'redis' });
const failed = (resource: string | number = 1): AlarmSignal => ({
  kind: 'failed',
  channel: channel(resource),
});
const succeeded = (resource: string | number = 1, count = 1): AlarmSignal => ({
  kind: 'succeeded',
  channel: channel(resource),
  count,
});
/** So many instants from 0 to `spanMs`, evenly. */
const evenly = (count: number, spanMs: number): number[] =>
  Array.from({ length: count }, (_, index) => (index * spanMs) / (count - 1));

describe('12 in a row within 1 minute on one channel', () => {
  it.each([
    { failures: 11, spanS: 59, raised: [] },
    { failures: 11, spanS: 60, raised: [] },
    { failures: 11, spanS: 61, raised: [] },
    { failures: 12, spanS: 59, raised: [59] },
    { failures: 12, spanS: 60, raised: [60] },
    { failures: 12, spanS: 61, raised: [] },
    { failures: 13, spanS: 59, raised: [(59 * 11) / 12] },
    { failures: 13, spanS: 60, raised: [(60 * 11) / 12] },
    { failures: 13, spanS: 61, raised: [(61 * 11) / 12] },
  ])('$failures failures in $spanS s', ({ failures, spanS, raised }) => {
    const { take, notifications } = alarmsOf('channel-down');
    for (const atMs of evenly(failures, spanS * SECOND_MS)) take(failed(), atMs);
    expect(notifications.map(({ kind, atMs }) => [kind, Math.round(atMs)])).toEqual(
      raised.map((atS) => ['raised', Math.round(atS * SECOND_MS)]),
    );
  });

  it('is one millisecond too slow at 60.001 s', () => {
    const { take, notifications } = alarmsOf('channel-down');
    for (const atMs of evenly(12, MINUTE_MS + 1)) take(failed(), atMs);
    expect(notifications).toEqual([]);
  });

  it.each(Array.from({ length: 11 }, (_, index) => index + 1))(
    'starts over after a success that follows failure %i',
    (before) => {
      const { take, notifications } = alarmsOf('channel-down');
      for (const [index, atMs] of evenly(22, MINUTE_MS).entries()) {
        take(failed(), atMs);
        if (index + 1 === before) take(succeeded(), atMs);
        expect(notifications).toHaveLength(index + 1 >= before + 12 ? 1 : 0);
      }
    },
  );

  it('does not mind the successes of other channels', () => {
    const { take, notifications } = alarmsOf('channel-down');
    for (const atMs of evenly(12, 10 * SECOND_MS)) {
      take(failed(1), atMs);
      take(succeeded(2), atMs);
    }
    expect(notifications).toEqual([{ kind: 'raised', channel: 'r1 on redis', atMs: 10 * SECOND_MS }]);
  });

  it('is reported once while failures go on, over 30 s after the last row of them, and then may come again', () => {
    const { take, tickUntil, notifications } = alarmsOf('channel-down');
    for (const atMs of evenly(2_000, 20 * SECOND_MS)) take(failed(), atMs);
    take(succeeded(), 20_001);
    for (const atMs of evenly(12, SECOND_MS)) take(failed(), 30_000 + atMs);
    take(succeeded(), 31_001);
    tickUntil(31_250, 90_000);
    for (const atMs of evenly(12, SECOND_MS)) take(failed(), 100_000 + atMs);
    expect(notifications.map(({ kind, atMs }) => [kind, Math.round(atMs)])).toEqual([
      ['raised', 110],
      ['cleared', 61_000],
      ['raised', 101_000],
    ]);
  });

  it('is an alarm of its own on each channel', () => {
    const { take, notifications } = alarmsOf('channel-down');
    for (const atMs of evenly(12, SECOND_MS)) for (const each of [1, 2]) take(failed(each), atMs);
    expect(notifications.map(({ kind, channel: about }) => [kind, about])).toEqual([
      ['raised', 'r1 on redis'],
      ['raised', 'r2 on redis'],
    ]);
  });
});

describe('25 within 10 minutes over 3 channels', () => {
  const TEN_MINUTES_MS = 10 * MINUTE_MS;

  it.each(
    [24, 25, 26].flatMap((failures) =>
      [2, 3].flatMap((channels) =>
        [TEN_MINUTES_MS, TEN_MINUTES_MS + 1].map((spanMs) => ({
          failures,
          channels,
          spanMs,
          raised:
            channels === 3 && (failures === 26 || (failures === 25 && spanMs === TEN_MINUTES_MS)) ? 1 : 0,
        })),
      ),
    ),
  )('$failures failures of $channels channels in $spanMs ms: $raised', (edge) => {
    const { take, notifications } = alarmsOf('trouble-spreads');
    for (const [index, atMs] of evenly(edge.failures, edge.spanMs).entries()) {
      take(succeeded(index % edge.channels, 1_000), atMs);
      take(failed(index % edge.channels), atMs);
      // At the very failure that makes it 25, not at some later look.
      const is25th = index >= 24;
      expect(notifications).toHaveLength(edge.raised === 1 && is25th ? 1 : 0);
    }
  });

  it('does not count a third channel that failed last more than 10 minutes ago', () => {
    const { take, notifications } = alarmsOf('trouble-spreads');
    take(failed(3), 0);
    for (const atMs of evenly(100, SECOND_MS)) take(failed(atMs % 2 < 1 ? 1 : 2), TEN_MINUTES_MS + 1 + atMs);
    expect(notifications).toEqual([]);
    take(failed(3), TEN_MINUTES_MS + 1_500);
    expect(notifications).toHaveLength(1);
  });
});

describe('3 in each minute for 10 minutes in a row over 3 channels', () => {
  /** For each minute the failures in it, each somewhere inside. */
  const feed = (
    counts: readonly number[],
    { channels = 3, offsetMs = 0, place = (n: number) => n * 15_000 } = {},
  ) => {
    const { take, notifications } = alarmsOf('trouble-lasts');
    let taken = 0;
    for (const [minute, count] of counts.entries()) {
      for (let n = 0; n < count; n++) {
        take(failed(taken % channels), offsetMs + minute * MINUTE_MS + place(n));
        taken += 1;
      }
    }
    return notifications;
  };
  const TEN = Array<number>(10).fill(3);

  it('fires at the third failure of the tenth minute', () => {
    expect(feed(TEN)).toEqual([{ kind: 'raised', channel: 'the node', atMs: 9 * MINUTE_MS + 30_000 }]);
  });

  it('needs ten minutes, three failures in each, and three channels', () => {
    expect(feed(TEN.slice(1))).toEqual([]);
    expect(feed(TEN, { channels: 2 })).toEqual([]);
    for (const minute of TEN.keys()) expect(feed(TEN.with(minute, 2))).toEqual([]);
    expect(feed([...TEN.with(4, 0), ...TEN.slice(6)])).toEqual([]);
  });

  it('is not outweighed by many failures in one minute', () => {
    expect(feed([300, ...TEN.slice(1, 9), 2], { place: (n) => n * 100 })).toEqual([]);
  });

  it('fires wherever minutes begin on the chart that shows it, at its tenth bar or sooner', () => {
    const anyMinute = fc.uniqueArray(fc.integer({ min: 0, max: MINUTE_MS - 1 }), {
      minLength: 3,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        fc.nat({ max: 300 }),
        fc.array(anyMinute, { minLength: 10, maxLength: 10 }),
        (second, minutes) => {
          const { take, notifications } = alarmsOf('trouble-lasts');
          // STARTED_AT is no whole second of the node's clock: the chart's minutes begin at one.
          const offsetMs = second * SECOND_MS + SECOND_MS - (STARTED_AT % SECOND_MS);
          const times = minutes.flatMap((places, minute) =>
            places.toSorted((a, b) => a - b).map((place) => offsetMs + minute * MINUTE_MS + place),
          );
          for (const [index, atMs] of times.entries()) take(failed(index % 3), atMs);
          expect(notifications).toHaveLength(1);
          const third = offsetMs + 9 * MINUTE_MS + minutes[9]!.toSorted((a, b) => a - b)[2]!;
          expect(notifications[0]!.atMs).toBeLessThanOrEqual(third);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('more than 5 % of at least 100 outcomes', () => {
  it.each([
    { failures: 5, successes: 95, raised: 0 },
    { failures: 6, successes: 94, raised: 1 },
    { failures: 6, successes: 93, raised: 0 },
    { failures: 99, successes: 0, raised: 0 },
    { failures: 100, successes: 0, raised: 1 },
  ])('$failures failures among $successes successes: $raised', ({ failures, successes, raised }) => {
    const { take, tickUntil, notifications } = alarmsOf('errors-frequent');
    for (let n = 0; n < failures; n++) take(failed(), 0);
    if (successes > 0) take(succeeded(1, successes), 1);
    tickUntil(TICK_MS, SECOND_MS);
    expect(notifications).toHaveLength(raised);
  });

  /** No signal makes it hold here, only time: the successes grow old before the failures do. */
  it('is reported within a second also when it comes to hold by time alone', () => {
    const { take, tickUntil, notifications } = alarmsOf('errors-frequent');
    const history: Moment[] = [];
    const live = (signal: AlarmSignal, atMs: number) => {
      take(signal, atMs);
      history.push({ signal, at: STARTED_AT + atMs });
    };
    live(succeeded(1, 2_400), 0);
    for (let n = 0; n < 120; n++) live(failed(), 30_000);
    tickUntil(30_250, 70_000);
    const pattern = shipped.find(({ id }) => id === 'errors-frequent')!;
    const holds = (atMs: number) =>
      holdsAt(pattern, 'r1 on redis', [...history, { signal: 'tick', at: STARTED_AT + atMs }]);
    let held = 55_000;
    expect(holds(held)).toBe(false);
    while (!holds(held)) held += 10;
    expect(notifications).toHaveLength(1);
    expect(notifications[0]!.atMs - held).toBeGreaterThan(-10);
    expect(notifications[0]!.atMs - held).toBeLessThanOrEqual(TICK_MS);
  });
});

describe('more channels than an evaluator watches', () => {
  it('share one memory, lose no failure, and get one of their own when others have been forgotten', () => {
    const { take, tickUntil, notifications } = alarmsOf('channel-down');
    for (let each = 0; each < MAX_CHANNELS; each++) take(failed(each), 0);
    for (let n = 0; n < 12; n++) take(failed(`late${n}`), 1);
    expect(notifications).toEqual([{ kind: 'raised', channel: '* on *', atMs: 1 }]);
    tickUntil(MINUTE_MS + TICK_MS, 2 * MINUTE_MS);
    for (let n = 0; n < 12; n++) take(failed('late'), 3 * MINUTE_MS);
    expect(notifications.at(-1)).toMatchObject({ kind: 'raised', channel: 'rlate on redis' });
  });
});
