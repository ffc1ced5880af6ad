import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import { MARGIN_MS, REMEMBER_MS } from '@sundial/engine/ports';
import type { RedisProcess } from '../support/redis-process.js';
import { ending, held, reserved, reserving, settlingHold } from './hold-requests.js';
import { concurrent } from './store-holds-windows.contract.js';
import {
  counter,
  daily,
  HOUR_MS,
  hourly,
  MAX_AMOUNT,
  MINUTE_MS,
  NOON,
  settling,
  taking,
} from './store-requests.js';
import { redisStoreUnderTest, type StoreUnderTest } from './store-under-test.js';

/** A server that is slow for once. */
const SLACK_MS = 10_000;

describe('The holds beside a counter on Redis', () => {
  let underTest: StoreUnderTest & { readonly redis: RedisProcess };
  let store: Store;
  beforeAll(async () => {
    underTest = await redisStoreUnderTest();
  });
  beforeEach(async () => {
    await underTest.empty();
    store = await underTest.at(NOON);
  });
  afterAll(() => underTest.close());

  const both = counter([daily(10), hourly(9)]);
  const atOnce = counter([concurrent(5)], { name: 'at-once' });
  const ttlOf = async (key: string) => Number(await underTest.redis.cli('PTTL', key));
  const holdsOf = ({ key }: { readonly key: string }) => `${key}!holds`;

  it('live until the last of them expires and a margin longer, and are gone with it', async () => {
    const [short, long] = [reserving([both]), reserving([both], { ttlMs: 10 * MINUTE_MS })];
    await reserved(store, long);
    await reserved(store, short);
    const least = 10 * MINUTE_MS + MARGIN_MS - SLACK_MS;
    expect(await ttlOf(holdsOf(both))).toBeGreaterThan(least);
    await store.endHold(ending(short, { kind: 'extend', ttlMs: 60 * MINUTE_MS }));
    expect(await ttlOf(holdsOf(both))).toBeGreaterThan(60 * MINUTE_MS + MARGIN_MS - SLACK_MS);
    await store.endHold(ending(short, { kind: 'commit' }));
    await store.endHold(ending(long, { kind: 'release' }));
    expect(await underTest.redis.cli('EXISTS', holdsOf(both))).toBe(0);
  });

  it('keep a counter of what is held at once for as long as they live', async () => {
    const request = reserving([atOnce], { ttlMs: 2 * MINUTE_MS });
    await reserved(store, request);
    expect(await ttlOf(atOnce.key)).toBeGreaterThan(2 * MINUTE_MS + MARGIN_MS - SLACK_MS);
    await store.endHold(ending(request, { kind: 'extend', ttlMs: 120 * MINUTE_MS }));
    expect(await ttlOf(atOnce.key)).toBeGreaterThan(120 * MINUTE_MS + MARGIN_MS - SLACK_MS);
    await store.settle(settlingHold('hold', reserving([atOnce], { ttlMs: 180 * MINUTE_MS })));
    expect(await ttlOf(atOnce.key)).toBeGreaterThan(180 * MINUTE_MS);
  });

  it('open a counter that outlives its windows, and are remembered for longer than they are held', async () => {
    await reserved(store, reserving([both], { id: 'o1', ttlMs: 60 * MINUTE_MS }));
    const [, tomorrow] = both.limits[0]!.bounds;
    expect(await ttlOf(both.key)).toBeGreaterThan(tomorrow - NOON + MARGIN_MS - SLACK_MS);
    expect(await ttlOf('sd1:own:o')).toBeGreaterThan(60 * MINUTE_MS + REMEMBER_MS - SLACK_MS);
  });

  it('of more units than a number can be leave their counter readable, and take none of one that has more', async () => {
    const watched = counter([daily(10, { enforced: false })], { name: 'watched' });
    await store.take(taking([watched], { amount: 5 }));
    await reserved(store, reserving([watched], { amount: MAX_AMOUNT }));
    expect(await store.read({ counters: [watched] })).toMatchObject({ outcome: 'read' });
    const today = watched.limits[0]!.bounds[0].toString(36);
    await underTest.redis.cli('SET', watched.key, `d${today}=9007199254740992`);
    expect(await store.take(reserving([watched]))).toEqual({ outcome: 'wrong-type' });
  });

  it('keep it alive when a check, or the settlement of one, opens a window of it', async () => {
    const mixed = counter([concurrent(5), hourly(9)], { name: 'mixed' });
    const checked = counter(mixed.limits, { name: 'checked' });
    await reserved(store, reserving([checked], { ttlMs: 24 * HOUR_MS }));
    const later = { ...checked, limits: [concurrent(5), hourly(9, { at: NOON + HOUR_MS })] };
    await (await underTest.at(NOON + HOUR_MS)).take(taking([later]));
    expect(await ttlOf(checked.key)).toBeGreaterThan(24 * HOUR_MS);
    store = await underTest.at(NOON);
    await reserved(store, reserving([mixed], { ttlMs: 24 * HOUR_MS }));
    await store.settle(settling('count', taking([mixed]), { h: 'next' }));
    expect(await ttlOf(mixed.key)).toBeGreaterThan(24 * HOUR_MS);
  });

  it('are wrong-type where something else stands there, and nothing is changed then', async () => {
    const request = reserving([both], { amount: 2 });
    await reserved(store, request);
    await underTest.redis.cli('SET', holdsOf(both), 'not ours');
    const before = await underTest.contents();
    const other = reserving([both, atOnce]);
    const wrongType = { outcome: 'wrong-type' };
    expect(await store.take(other)).toEqual(wrongType);
    for (const kind of ['commit', 'release', 'look', 'extend'] as const)
      expect(await store.endHold(ending(request, { kind }))).toEqual(wrongType);
    expect(await store.settle(settlingHold('hold', other))).toEqual(wrongType);
    expect(await store.settle(settlingHold('commit', request))).toEqual(wrongType);
    expect(await underTest.contents()).toBe(before);
    // A check has no part in them until one is due.
    expect(await store.take(taking([both]))).toMatchObject({
      outcome: 'taken',
      counts: held([1, 2], [1, 2]),
    });
    const later = await underTest.at(NOON + 2 * MINUTE_MS);
    expect(await later.take(taking([both]))).toEqual(wrongType);
    expect(await later.read({ counters: [both] })).toEqual(wrongType);
  });

  it('that are lost leave alone what another reservation holds, though the counter reads as if it was theirs', async () => {
    const [lost, other] = [reserving([both]), reserving([both])];
    // In one call of the script, so that both expire at the same instant.
    await Promise.all([lost, other].map((request) => store.take(request)));
    const { redis } = underTest;
    const members = (await redis.cli('ZRANGE', holdsOf(both), 0, -1)) as string[];
    const its = members.find((member) => member.startsWith(lost.operation.attempt))!;
    await redis.cli('ZREM', holdsOf(both), its);
    const text = String(await redis.cli('GET', both.key));
    await redis.cli('SET', both.key, text.replaceAll('=2', '=1'), 'KEEPTTL');
    expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([0, 1], [0, 1]) });
    expect(await store.endHold(ending(lost, { kind: 'release' }))).toMatchObject({ outcome: 'ended' });
    expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([0, 1], [0, 1]) });
    await store.endHold(ending(other, { kind: 'commit' }));
    expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([1, 0], [1, 0]) });
  });

  it('that a lost counter has left are not those of the next one', async () => {
    await reserved(store, reserving([both], { onExpiry: 'commit' }));
    await underTest.redis.cli('DEL', both.key);
    await reserved(store, reserving([both], { ttlMs: 2 * MINUTE_MS }));
    expect(await underTest.redis.cli('ZCARD', holdsOf(both))).toBe(1);
    const later = await underTest.at(NOON + 3 * MINUTE_MS);
    expect(await later.read({ counters: [both] })).toMatchObject({ counts: held([0, 0], [0, 0]) });
  });

  it('that are wrong-type leave others of the call alone', async () => {
    const [broken, fine] = [reserving([both]), reserving([atOnce])];
    await reserved(store, broken);
    await underTest.redis.cli('SET', holdsOf(both), 'not ours');
    const results = await Promise.all([broken, fine].map((request) => store.take({ ...request })));
    expect(results.map(({ outcome }) => outcome)).toEqual(['wrong-type', 'taken']);
  });
});
