import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryStore, type Store } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { counter, GROUPS, hourly } from './store-requests.js';

/** The counters and operations behind a store, which stay while a test opens it with one clock after another. */
export interface StoreUnderTest {
  /** The store with its clock at an instant, from where it goes on. It ends the use of those opened before. */
  at(instant: number): Promise<Store>;
  /** Everything that is written anywhere, to compare two moments by. */
  contents(): Promise<string>;
  empty(): Promise<void>;
  close(): Promise<void>;
}

export async function memoryStoreUnderTest(): Promise<StoreUnderTest> {
  const directory = await temporaryDirectory();
  const files = async () => {
    const names = await readdir(directory.path);
    return names.sort().map((name) => join(directory.path, name));
  };
  let [open, offsetMs]: [MemoryStore | undefined, number] = [undefined, 0];
  const openAgain = async () => {
    await open?.close();
    return (open = await MemoryStore.open({ directory: directory.path, clockOffsetMs: offsetMs }));
  };
  return {
    at: (instant) => {
      offsetMs = instant - Date.now();
      return openAgain();
    },
    contents: async () => {
      await open?.close();
      const contents = (await files()).map((file) => readFile(file, 'base64'));
      return (await Promise.all(contents)).join('\n');
    },
    empty: async () => {
      await open?.close();
      open = undefined;
      for (const file of await files()) await rm(file);
    },
    close: async () => {
      await open?.close();
      await directory.remove();
    },
  };
}

export async function redisStoreUnderTest(): Promise<StoreUnderTest & { readonly redis: RedisProcess }> {
  const redis = await RedisProcess.start();
  return { ...storeOn([redis], { kind: 'single', url: redis.url }), redis };
}

export async function clusterStoreUnderTest(): Promise<StoreUnderTest & { readonly cluster: RedisCluster }> {
  const cluster = await RedisCluster.start();
  const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  return { ...storeOn(cluster.nodes, { kind: 'cluster', nodes }), cluster };
}

function storeOn(nodes: readonly RedisProcess[], target: RedisTarget): StoreUnderTest {
  let open: Store | undefined;
  return {
    at: async (instant) => {
      await open?.close();
      return (open = await openRedisStore(target, instant - Date.now()));
    },
    contents: async () => (await Promise.all(nodes.map(contentsOf))).join('\n'),
    empty: async () => {
      await Promise.all(nodes.map((node) => node.cli('FLUSHALL')));
    },
    close: async () => {
      await open?.close();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Nodes of a Cluster on a busy machine take each other for dead now and then. */
const PATIENCE = { withinMs: 15_000 };

/** A store that is connected to every node and has read the clock. */
export async function openRedisStore(target: RedisTarget, clockOffsetMs = 0): Promise<RedisStore> {
  const store = new RedisStore(target, { clockOffsetMs });
  const limits = [hourly(1, { at: Date.now() + clockOffsetMs })];
  const counters = GROUPS.map((group) => counter(limits, { group }));
  await eventually(() => store.read({ counters }), PATIENCE);
  return store;
}

/** What a store writes to find out how its servers are, and what its nodes share. */
const OF_THE_STORE_ITSELF = /^sd1:\{?(probe|secret)/;

async function contentsOf(node: RedisProcess): Promise<string> {
  const all = (await node.cli('KEYS', '*')) as string[];
  const keys = all.filter((key) => !OF_THE_STORE_ITSELF.test(key)).sort();
  const values = keys.map(async (key) => {
    const type = String(await node.cli('TYPE', key));
    if (type === 'zset') return `${key} ${String(await node.cli('ZRANGE', key, 0, -1, 'WITHSCORES'))}`;
    return `${key} ${String(await node.cli(type === 'hash' ? 'HGETALL' : 'GET', key))}`;
  });
  return (await Promise.all(values)).join('\n');
}
