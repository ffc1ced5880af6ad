import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_TTL_MS, QuotaError, type Reservation } from '@sundial/contract';
import { FakeQuota } from '../testing/fake-quota.js';
import { Hold } from './hold.js';

const ASKED = { resource: 'ocr', subject: { user: 'u1' } };
let quota: FakeQuota;
let reservation: Reservation;
let warnings: string[];
const log = { warn: (why: string) => void warnings.push(why) };

async function begin(ttlMs: number): Promise<Hold> {
  reservation = (await quota.reserve({ ...ASKED, ttlMs })).reservation!;
  return new Hold({ quota, id: reservation.id, ttlMs, logs: { notEnded: log, notExtended: log } });
}

/** On the node's clock, which timers go by, and on the quota's. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await jest.advanceTimersByTimeAsync(1_000);
    quota.advance(1_000);
  }
}

const stateNow = async () => (await quota.reservation(reservation.id)).reservation.state;

beforeEach(() => {
  jest.useFakeTimers();
  quota = FakeQuota.allowing();
  warnings = [];
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a hold', () => {
  it('is extended before it expires, for as long as its call runs', async () => {
    const hold = await begin(3_000);
    await pass(60_000);
    expect(await stateNow()).toBe('held');
    await hold.commit({});
    expect(await stateNow()).toBe('committed');
    const asked = quota.endings.length;
    await pass(60_000);
    expect(quota.endings).toHaveLength(asked);
    expect(warnings).toEqual([]);
  });

  it('is extended for no longer than a day', async () => {
    const hold = await begin(24 * 60 * 60_000);
    await jest.advanceTimersByTimeAsync(3 * MAX_TTL_MS);
    expect(quota.endings.map(({ verb }) => verb)).toEqual(['extend', 'extend', 'extend']);
    hold.abandon();
  });

  it('goes on being extended after an outage of its quota', async () => {
    const hold = await begin(6_000);
    quota.failEndings(new Error('connection refused'));
    await pass(4_000);
    quota.failEndings();
    await pass(20_000);
    expect(await stateNow()).toBe('held');
    expect(warnings).toEqual([
      expect.stringContaining('its commit is late'),
      expect.stringContaining('connection refused'),
    ]);
    await hold.release();
  });

  it('is not extended again when it has ended elsewhere', async () => {
    const hold = await begin(3_000);
    await quota.release(reservation.id);
    quota.clear();
    await pass(30_000);
    expect(quota.endings).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    hold.abandon();
  });

  it('of a stream is extended while items come, and expires when none do', async () => {
    const hold = await begin(3_000);
    hold.followStream();
    for (let second = 0; second < 20; second++) {
      await pass(1_000);
      hold.move();
    }
    expect(await stateNow()).toBe('held');
    expect(quota.endings.length).toBeLessThanOrEqual(20);
    await pass(4_000);
    expect(await stateNow()).toBe('expired');
    await hold.commit({});
    expect((await quota.reservation(reservation.id)).reservation).toMatchObject({
      state: 'committed',
      late: true,
    });
  });

  it('ends once', async () => {
    const hold = await begin(3_000);
    await Promise.all([hold.commit({ amount: 1 }), hold.release(), hold.commit({})]);
    expect(quota.endings).toEqual([{ verb: 'commit', id: reservation.id, request: { amount: 1 } }]);
  });

  it('fails nothing when it cannot be ended', async () => {
    quota.failEndings(new QuotaError('store-unavailable', 'the store is away'));
    const hold = await begin(3_000);
    await expect(hold.commit({})).resolves.toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/its commit failed.*the store is away/)]);
  });
});
