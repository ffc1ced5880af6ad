import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import { type CounterRef, MARGIN_MS } from '@sundial/engine/ports';
import { operationPlace } from '../../libs/redis/src/counters/operation-place.js';
import { TAKES } from '../../libs/redis/src/counters/redis-take-batch.js';
import type { RedisProcess } from '../support/redis-process.js';
import { ending, reserved, reserving } from './hold-requests.js';
import { counter, daily, DAY_MS, HOUR_MS, hourly, NOON, settling, taking } from './store-requests.js';
import { redisStoreUnderTest, type StoreUnderTest } from './store-under-test.js';

/** A server that is slow for once. */
const SLACK_MS = 10_000;
const FOREVER = -1;

describe('The override beside a counter on Redis', () => {
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

  const limits = (at = NOON) => [daily(2, { at }), hourly(9, { at })];
  const one = counter(limits());
  const beside = `${one.key}!override`;
  const write = async (until?: number, where: CounterRef = one) => {
    const terms = { until, limits: new Map([['d', { set: 5 }]]) };
    await store.overrides!.write('rule', [
      { counter: where, name: where.key, override: { terms, text: '{"rule":"rule"}' } },
    ]);
  };
  const remove = () => store.overrides!.write('rule', [{ counter: one, name: one.key }]);
  const ttlOf = async (key: string) => Number(await underTest.redis.cli('PTTL', key));
  const textOf = async (key: string) => String(await underTest.redis.cli('GET', key));
  const take = async (amount = 1, from: CounterRef = one) =>
    (await store.take(taking([from], { amount }))).outcome;

  it('keeps its counter as long as it lives, whatever opens a window or ends a hold, and no longer', async () => {
    await write(NOON + 10 * DAY_MS);
    const least = 10 * DAY_MS + MARGIN_MS - SLACK_MS;
    for (const key of [one.key, beside]) expect(await ttlOf(key)).toBeGreaterThan(least);
    expect(await take()).toBe('taken');
    await store.settle(settling('count', taking([one])));
    const held = reserving([one]);
    await reserved(store, held);
    await store.endHold(ending(held, { kind: 'commit' }));
    expect(await ttlOf(one.key)).toBeGreaterThan(least);
    await write();
    for (const key of [one.key, beside]) expect(await ttlOf(key)).toBe(FOREVER);
    const at = NOON + DAY_MS;
    store = await underTest.at(at);
    const tomorrow = counter(limits(at));
    expect(await take(5, tomorrow)).toBe('taken');
    await store.settle({ ...settling('count', taking([tomorrow])), decidedAt: at });
    await reserved(store, reserving([counter([...limits(at).slice(1)])]));
    expect(await ttlOf(one.key)).toBe(FOREVER);
    await remove();
    expect(await ttlOf(one.key)).toBeLessThan(2 * DAY_MS + 2 * MARGIN_MS);
    expect(await underTest.redis.cli('EXISTS', beside)).toBe(0);
  });

  it('leaves nothing where it is removed and nothing was counted', async () => {
    await write();
    await remove();
    expect(await underTest.contents()).toBe('');
  });

  it('costs a counter its mark when it is over, so that the fast path reads it again', async () => {
    await write(NOON + HOUR_MS / 4);
    await take();
    expect(await textOf(one.key)).toMatch(/ O[0-9a-z]+=1$/);
    store = await underTest.at(NOON + HOUR_MS / 2);
    await take();
    expect(await textOf(one.key)).toMatch(/^d[0-9a-z]+=2 h[0-9a-z]+=2$/);
  });

  it('is none where its key holds what no node wrote, or nothing', async () => {
    await write();
    await underTest.redis.cli('SET', beside, 'nonsense');
    expect(await take(3)).toBe('refused');
    await underTest.redis.cli('DEL', beside);
    await underTest.redis.cli('HSET', beside, 'a', 'b');
    expect(await take(3)).toBe('refused');
    await expect(write()).rejects.toThrow('did not write');
  });

  it('is kept in place by a node of the version before reservations, which decides by the rule', async () => {
    await write();
    const lua = readFileSync(new URL('before-holds/take.lua', import.meta.url), 'utf8');
    const request = taking([one], { amount: 3 });
    const before = async (asked: typeof request) => {
      const item = {
        ...{ request: asked, place: operationPlace(asked.operation.id) },
        startBy: Number.MAX_SAFE_INTEGER,
      };
      const { keys, args } = TAKES.encode([item], NOON - Date.now());
      const reply = await underTest.redis.cli('EVAL', lua, keys.length, ...keys, ...args);
      return TAKES.decode([item], reply).results[0]!.outcome;
    };
    expect(await before(request)).toBe('refused');
    expect(await before(taking([one]))).toBe('taken');
    expect(await take(4)).toBe('taken');
    expect(await take()).toBe('refused');
  });
});
