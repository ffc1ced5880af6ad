import { cp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  temporaryDirectory,
  type TemporaryDirectory,
} from '../../../../../../test/support/temporary-directory.js';
import type { LimitSpec } from '../../counter-ref.js';
import type { TakeRequest } from '../../take.js';
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

  /** 75,000 characters: a record had no room for it, and after a restart its units were held for ever. */
  it('are there again also where they take from a thousand limits', async () => {
    const meters = Array.from({ length: 15 }, (_, n) => `meter-${n}`);
    const limits = [limit(), ...meters.map((meter) => ({ ...limit(), field: `(day|${meter})`, meter }))];
    const wide = Array.from({ length: 70 }, (_, n) => ({
      key: `sd1:{u}:rule-${n}`,
      shardGroup: 'u',
      limits,
    }));
    const [held, ended] = ['held', 'ended'].map((id) => ({ ...reserving(id, 2), counters: wide }));
    const before = await MemoryStore.open({ directory: directory.path });
    for (const request of [held!, ended!]) expect(before.take(request)).toMatchObject({ outcome: 'taken' });
    before.endHold({ ...ended!, ending: { kind: 'commit', amount: 1 } });
    await before.close();
    const restarted = await MemoryStore.open({ directory: directory.path });
    expect(restarted.endHold({ ...ended!, ending: { kind: 'look' } })).toMatchObject({
      reservation: { state: 'committed', committed: { units: 1 } },
    });
    expect(restarted.endHold({ ...held!, ending: { kind: 'release' } })).toMatchObject({ outcome: 'ended' });
    const result = restarted.read({ counters: wide });
    const units = 'counts' in result ? result.counts.filter(({ limit: { field } }) => field === 'd') : [];
    expect(units.map(({ used, reserved }) => [used, reserved])).toEqual(wide.map(() => [1, 0]));
    await restarted.close();
  });

  it('are not taken where a restart would forget them', async () => {
    const store = await MemoryStore.open({ directory: directory.path });
    const random = () => Array.from({ length: 16 }, () => Math.random().toString(36).slice(2)).join('');
    const wide = Array.from({ length: 500 }, () => ({ key: random(), shardGroup: 'u', limits: [limit()] }));
    const request = { ...reserving('held', 2), counters: wide };
    expect(store.take(request)).toMatchObject({ outcome: 'full' });
    const result = store.read({ counters: wide });
    expect('counts' in result && result.counts.every(({ used, reserved }) => used + reserved === 0)).toBe(
      true,
    );
    expect(store.take({ ...request, counters: wide.slice(0, 100) })).toMatchObject({ outcome: 'taken' });
    await store.close();
  });

  it('are no more than their counters and records agree on: what a crash left of a hold is free', () => {
    const state = new MemoryState(() => Date.now());
    const [counter] = counters;
    state.put(counter!, counter!.limits[0]!, 'current', 2);
    state.setReserved(counter!, 'd', 5);
    const records = new ReservationRecords(state, () => ({ exchange: () => [] }));
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
