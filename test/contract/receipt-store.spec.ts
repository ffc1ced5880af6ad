import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryReceiptStore, type ReceiptStore } from '@sundial/engine';
import { connectRedis, RedisReceiptStore } from '@sundial/redis';
import { RedisProcess } from '../support/redis-process.js';

const NOW = Date.parse('2026-11-22T14:29:26+08:00');
const HOUR_MS = 3_600_000;

let redis: RedisProcess;
let clients: ReturnType<typeof connectRedis>[];
beforeAll(async () => {
  redis = await RedisProcess.start();
  clients = ['one', 'other'].map((name) => connectRedis({ kind: 'single', url: redis.url }, name));
  for (const client of clients)
    if (client.status !== 'ready') await new Promise((ready) => client.once('ready', ready));
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await redis.stop();
});
beforeEach(() => redis.cli('FLUSHALL'));

const onRedis = (node: number): ReceiptStore => new RedisReceiptStore(clients[node]!);
const inMemory = new MemoryReceiptStore();

describe.each([
  ['in memory', (): [ReceiptStore, ReceiptStore] => [inMemory, inMemory]],
  ['on Redis', (): [ReceiptStore, ReceiptStore] => [onRedis(0), onRedis(1)]],
])('a receipt store %s', (name, open) => {
  const own = [{ kid: 'one', jwk: '{"kty":"OKP"}' }];

  it('answers the keys that were published', async () => {
    const [store] = open();
    expect(await store.exchangeKeys(own, { now: NOW, keepMs: HOUR_MS })).toEqual(own);
  });

  it('consumes a receipt once over all nodes, however many ask at once', async () => {
    const stores = open();
    const asked = Array.from({ length: 100 }, (_, n) =>
      stores[n % 2]!.consume({ id: `${name} a`, forMs: HOUR_MS }),
    );
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
    expect(await stores[0].consume({ id: `${name} b`, forMs: HOUR_MS })).toBe(true);
  });

  it('remembers a consumed receipt until it is over, and no longer', async () => {
    const [store] = open();
    expect(await store.consume({ id: `${name} c`, forMs: 30 })).toBe(true);
    expect(await store.consume({ id: `${name} c`, forMs: 30 })).toBe(false);
    await new Promise((later) => setTimeout(later, 60));
    expect(await store.consume({ id: `${name} c`, forMs: 30 })).toBe(true);
  });
});

describe('the keys that nodes publish on Redis', () => {
  const [one, other] = ['one', 'other'].map((kid) => ({ kid, jwk: `{"kid":"${kid}"}` })) as [
    { kid: string; jwk: string },
    { kid: string; jwk: string },
  ];
  const kids = (keys: readonly { kid: string }[]) => keys.map(({ kid }) => kid).sort();

  it('are those of all, also of one that has left, until its receipts are over', async () => {
    await onRedis(0).exchangeKeys([one], { now: NOW, keepMs: HOUR_MS });
    const exchange = async (now: number) =>
      kids(await onRedis(1).exchangeKeys([other], { now, keepMs: HOUR_MS }));
    expect(await exchange(NOW + 1)).toEqual(['one', 'other']);
    expect(await exchange(NOW + HOUR_MS)).toEqual(['one', 'other']);
    expect(await exchange(NOW + HOUR_MS + 1)).toEqual(['other']);
    expect(await redis.cli('HKEYS', 'sd1:{rules}:receipt-keys')).toEqual(['other']);
  });

  it('leave with the last node: the hash has an end', async () => {
    await onRedis(0).exchangeKeys([one], { now: NOW, keepMs: HOUR_MS });
    expect(Number(await redis.cli('PTTL', 'sd1:{rules}:receipt-keys'))).toBeGreaterThan(24 * HOUR_MS);
  });

  it('are read past what no node wrote, which is removed', async () => {
    await redis.cli('HSET', 'sd1:{rules}:receipt-keys', 'odd', 'nonsense', 'endless', `${NOW * 1000}:{}`);
    expect(kids(await onRedis(0).exchangeKeys([one], { now: NOW, keepMs: HOUR_MS }))).toEqual(['one']);
    expect(await redis.cli('HLEN', 'sd1:{rules}:receipt-keys')).toBe(1);
  });

  it('are dropped where there are more of them than nodes have', async () => {
    const many = Array.from({ length: 1_100 }, (_, n) => [`k${n}`, `${NOW + HOUR_MS}:{}`]).flat();
    await redis.cli('HSET', 'sd1:{rules}:receipt-keys', ...many);
    expect(kids(await onRedis(0).exchangeKeys([one], { now: NOW, keepMs: HOUR_MS }))).toEqual(['one']);
  });

  it('cannot be exchanged where another type stands in their place', async () => {
    await redis.cli('SET', 'sd1:{rules}:receipt-keys', 'x');
    await expect(onRedis(0).exchangeKeys([one], { now: NOW, keepMs: HOUR_MS })).rejects.toThrow('WRONGTYPE');
  });
});
