import { expect, it, jest } from '@jest/globals';
import type { OutgoingEvent } from '@sundial/ledger';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import type { Deliveries } from './deliveries.js';
import { EventMetrics } from './event-metrics.js';
import { EventOutbox, type PublishedEvent } from './event-outbox.js';
import { EventWaiters } from './event-waiters.js';

// Two writes at once took each other's events off the queue: one was lost, and another node made it after a later one.
it('an outbox writes one batch after the other, and every event, while the database is slow', async () => {
  const written: string[] = [];
  let writing = 0;
  const append = async (events: readonly OutgoingEvent[]) => {
    expect(++writing).toBe(1);
    await sleep(120);
    writing--;
    written.push(...events.map(({ id }) => id));
    return events.map(({ id }) => id);
  };
  const deliveries = { isOn: true, store: { events: { append } } } as unknown as Deliveries;
  const recorder = { record: () => undefined } as unknown as LedgerRecorder;
  const outbox = new EventOutbox(
    deliveries,
    recorder,
    new EventMetrics(new Registry()),
    pino({ level: 'silent' }),
  );
  const ids = Array.from({ length: 12 }, (_, index) => `e${index}`);
  for (const id of ids) {
    const event: PublishedEvent = { id, type: 'threshold', at: 0, subject: 's', data: {} };
    outbox.publish(event);
    await sleep(25);
  }
  await outbox.beforeApplicationShutdown();
  expect(written).toEqual(ids);
});

it('an outbox says of each event whether it was kept, or lost because there was no room', async () => {
  let isAway = true;
  const append = (events: readonly OutgoingEvent[]) =>
    isAway ? Promise.reject(new Error('away')) : Promise.resolve(events.map(({ id }) => id));
  const deliveries = { isOn: true, store: { events: { append } } } as unknown as Deliveries;
  const recorder = { record: () => undefined } as unknown as LedgerRecorder;
  const outbox = new EventOutbox(
    deliveries,
    recorder,
    new EventMetrics(new Registry()),
    pino({ level: 'silent' }),
  );
  const [kept, lost] = [[] as number[], [] as number[]];
  for (let n = 0; n < 10_002; n++)
    outbox.publish({
      ...{ id: `e${n}`, type: 'threshold', at: 0, subject: 's', data: {} },
      kept: () => void kept.push(n),
      lost: () => void lost.push(n),
    });
  await outbox.written();
  expect([kept.length, lost]).toEqual([0, [10_000, 10_001]]);
  isAway = false;
  await outbox.beforeApplicationShutdown();
  expect(kept).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
});

it('an outbox tries again by itself while the database is away', async () => {
  jest.useFakeTimers();
  let asked = 0;
  const append = (events: readonly OutgoingEvent[]) =>
    (asked += 1) < 3 ? Promise.reject(new Error('away')) : Promise.resolve(events.map(({ id }) => id));
  const deliveries = { isOn: true, store: { events: { append } } } as unknown as Deliveries;
  const recorder = { record: () => undefined } as unknown as LedgerRecorder;
  const metrics = new EventMetrics(new Registry());
  const outbox = new EventOutbox(deliveries, recorder, metrics, pino({ level: 'silent' }));
  let isKept = false;
  outbox.publish({
    ...{ id: 'e', type: 'threshold', at: 0, subject: 's', data: {} },
    kept: () => void (isKept = true),
  });
  await jest.advanceTimersByTimeAsync(1_500);
  expect([asked, isKept]).toEqual([2, false]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect([asked, isKept]).toEqual([3, true]);
  jest.useRealTimers();
});

it('an outbox records in the ledger what is new to the database, but for what is there already', async () => {
  const append = (events: readonly OutgoingEvent[]) =>
    Promise.resolve(events.flatMap(({ id }) => (id === 'known' ? [] : [id])));
  const deliveries = { isOn: true, store: { events: { append } } } as unknown as Deliveries;
  const recorded: object[] = [];
  const recorder = { record: (event: object) => recorded.push(event) } as unknown as LedgerRecorder;
  const metrics = new EventMetrics(new Registry());
  const outbox = new EventOutbox(deliveries, recorder, metrics, pino({ level: 'silent' }));
  const about = {
    at: 5,
    subject: 's',
    resource: 'ocr',
    rule: 'r1',
    data: { subject: { user: 'u1' }, used: 8 },
  };
  outbox.publish({ ...about, id: 'known', type: 'threshold' });
  outbox.publish({ ...about, id: 'new', type: 'threshold' });
  outbox.publish({ ...about, id: 'gate', type: 'gate-changed' });
  await outbox.written();
  expect(recorded).toEqual([
    {
      ...{ at: 5, kind: 'threshold', outcome: 'threshold', resource: 'ocr', subject: { user: 'u1' } },
      data: { target: 'r1', event: 'new', used: 8 },
    },
  ]);
});

it('a reader that waits is woken at once by this node, and soon by another', async () => {
  jest.useFakeTimers();
  let kept = () => undefined as void;
  const deliveries = { store: { events: { end: () => Promise.resolve(1) } } } as unknown as Deliveries;
  const outbox = { onKept: (listener: () => void) => (kept = listener) } as unknown as EventOutbox;
  const waiters = new EventWaiters(deliveries, outbox);
  const woken: string[] = [];
  void waiters.wait(10_000).then(() => woken.push('by this node'));
  kept();
  await jest.advanceTimersByTimeAsync(0);
  expect(woken).toEqual(['by this node']);
  void waiters.wait(10_000).then(() => woken.push('by another'));
  await jest.advanceTimersByTimeAsync(499);
  expect(woken).toEqual(['by this node']);
  await jest.advanceTimersByTimeAsync(1);
  expect(woken).toEqual(['by this node', 'by another']);
  waiters.onModuleDestroy();
  jest.useRealTimers();
});
