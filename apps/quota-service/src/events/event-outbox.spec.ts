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
