import { cp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  temporaryDirectory,
  type TemporaryDirectory,
} from '../../../../../../test/support/temporary-directory.js';
import type { LimitSpec, TakeRequest } from '../../store.js';
import { MemoryStore } from '../memory-store.js';
import { MemoryState } from '../state/memory-state.js';
import { LiveHolds } from './live-holds.js';
import type { MemoryReservation } from './memory-reservation.js';
import { ReservationRecords } from './reservation-records.js';

const HOUR_MS = 3_600_000;
const limit = (): LimitSpec => {
  const startsAt = Math.floor(Date.now() / HOUR_MS - 1) * HOUR_MS;
  return {
    field: 'd',
    max: 9,
    enforced: true,
    bounds: [startsAt, startsAt + 24 * HOUR_MS, startsAt + 48 * HOUR_MS],
  };
};
const counters = [{ key: 'sd1:{u}:r', shardGroup: 'u', limits: [limit()] }];
const reserving = (id: string, amount: number): TakeRequest => ({
  counters,
  amount,
  operation: { id, content: amount.toString(36), attempt: id },
  deadlineAt: Infinity,
  hold: { ttlMs: 60_000, onExpiry: 'release' },
});

describe('the holds of the embedded store', () => {
  let directory: TemporaryDirectory;
  beforeEach(async () => {
    directory = await temporaryDirectory();
  });
  afterEach(() => directory.remove());

  it('are there again after the process was killed, but for those of its last moment', async () => {
    const [killed, left] = [await MemoryStore.open({ directory: directory.path }), `${directory.path}-left`];
    const committed = reserving('committed', 2);
    for (const request of [reserving('held', 3), committed]) killed.take(request);
    killed.endHold({ ...committed, ending: { kind: 'commit', amount: 1 } });
    await sleep(300);
    await cp(directory.path, left, { recursive: true });
    const restarted = await MemoryStore.open({ directory: left });
    expect(restarted.read({ counters })).toMatchObject({ counts: [{ used: 1, reserved: 3 }] });
    expect(restarted.endHold({ ...committed, ending: { kind: 'commit' } })).toMatchObject({
      outcome: 'ended',
      reservation: { committed: { units: 1 } },
    });
    expect(restarted.endHold({ ...reserving('held', 3), ending: { kind: 'release' } })).toMatchObject({
      outcome: 'ended',
    });
    expect(restarted.read({ counters })).toMatchObject({ counts: [{ used: 1, reserved: 0 }] });
    await Promise.all([killed.close(), restarted.close()]);
    await rm(left, { recursive: true });
  });

  it('are no more than their counters and records agree on: what a crash left of a hold is free', () => {
    const state = new MemoryState(() => Date.now());
    const [counter] = counters;
    state.put(counter!, counter!.limits[0]!, 'current', 2);
    state.setReserved(counter!, 'd', 5);
    const records = new ReservationRecords(state);
    records.restore();
    expect(state.counters.window(counter!, 'd')).toMatchObject({ used: 2, reserved: 0 });
    records.close();
    state.close();
  });

  it('are known in the order of their expiry, whatever becomes of them before', () => {
    const reservation = (id: string, expiresAt: number) =>
      ({ id, expiresAt, counters: [{ key: 'k' }] }) as unknown;
    const step = fc.record({
      id: fc.nat({ max: 30 }).map(String),
      at: fc.nat({ max: 100 }),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const [holds, model] = [new LiveHolds(), new Map<string, number>()];
        for (const { id, at, ends } of steps) {
          const its = reservation(id, at) as MemoryReservation;
          if (ends) {
            holds.remove(its);
            model.delete(id);
          } else {
            holds.put(its);
            model.set(id, at);
          }
        }
        expect([holds.size, holds.countOf('k')]).toEqual([model.size, model.size]);
        const due: number[] = [];
        for (let first = holds.firstDue(100); first !== undefined; first = holds.firstDue(100)) {
          due.push(first.expiresAt);
          holds.remove(first);
        }
        expect(due).toEqual([...model.values()].sort((one, other) => one - other));
      }),
    );
  });
});
