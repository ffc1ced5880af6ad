import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectRedis, RedisNodeRegistry, RedisRuleRepository, type RedisTarget } from '@sundial/redis';
import { RedisCluster } from '../support/redis-cluster.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { elapsed, holds, ruleNodesOn } from './rule-repository-node.js';
import { describeRuleRepository, ruleNamed } from './rule-repository.contract.js';

const BOOK = 'sd1:{rules}:book';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 30_000);
afterAll(() => cluster.stop());
const target = (): RedisTarget => ({
  kind: 'cluster',
  nodes: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
});

let homes = 0;
describeRuleRepository('a Redis Cluster', async () => {
  const keyPrefix = `home${homes++}`;
  const directory = await temporaryDirectory();
  return {
    open: (seed) => {
      const client = connectRedis(target(), 'rules');
      const nodes = new RedisNodeRegistry(client, { nodeId: 'a', keyPrefix });
      return new RedisRuleRepository(client, { nodes, snapshotDirectory: directory.path, seed, keyPrefix });
    },
    remove: () => directory.remove(),
  };
});

describe('rules of many nodes on a Redis Cluster', () => {
  const { started } = ruleNodesOn(target);

  it('are obeyed everywhere when the write resolves, mostly by announcement', async () => {
    const all = await started('a', 'b', 'c');
    await holds(() => expect(all.map(({ nodes }) => nodes.live)).toEqual([3, 3, 3]));
    const took: number[] = [];
    for (let max = 100; max < 130; max++) {
      const rule = ruleNamed('ocr', max);
      took.push(
        await elapsed(async () => {
          const { nodes } = await (all[max % 3] ?? all[0]).repository.write({ kind: 'replace', rule });
          expect(nodes).toEqual({ live: 3, applied: 3 });
        }),
      );
      expect(all.map((node) => node.maxOf('ocr'))).toEqual([max, max, max]);
    }
    took.sort((a, b) => a - b);
    expect(took[15]).toBeLessThan(200);
  });

  it('outlive the loss of the master that held them', async () => {
    const [a, b] = await started('a', 'b');
    await a.set('ocr', 11);
    const holder = await cluster.nodeOfKey(BOOK);
    await holder.kill();
    expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([11, 11]);
    await holder.restart();
    await holds(async () => expect(await holder.cli('HGET', BOOK, 'rule:ocr')).toContain('"max":11'), {
      withinMs: 10_000,
    });
    await holds(() => a.set('ocr', 12));
    await holds(() => expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([12, 12]));
  });
});
