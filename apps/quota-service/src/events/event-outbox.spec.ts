import { expect, it } from '@jest/globals';
import type { OutgoingEvent } from '@sundial/ledger';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import type { Deliveries } from './deliveries.js';
import { EventMetrics } from './event-metrics.js';
import { EventOutbox, type PublishedEvent } from './event-outbox.js';

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
