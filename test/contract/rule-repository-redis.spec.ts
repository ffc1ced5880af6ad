import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectRedis, RedisNodeRegistry, RedisRuleRepository } from '@sundial/redis';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { elapsed, holds, ruleNodesOn } from './rule-repository-node.js';
import { describeRuleRepository, ruleNamed } from './rule-repository.contract.js';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.stop());
beforeEach(() => redis.cli('FLUSHALL'));
const { prepared, started } = ruleNodesOn(() => ({ kind: 'single', url: redis.url }));
const BOOK = 'sd1:{rules}:book';
const NODES = 'sd1:{rules}:nodes';
let homes = 0;
describeRuleRepository('Redis', async () => {
  const keyPrefix = `home${homes++}`;
  const directory = await temporaryDirectory();
  const connection = { kind: 'single', url: redis.url } as const;
  return {
    open: (seed) => {
      const client = connectRedis(connection, 'rules');
      const nodes = new RedisNodeRegistry(client, { nodeId: 'a', keyPrefix });
      return new RedisRuleRepository(client, { nodes, snapshotDirectory: directory.path, seed, keyPrefix });
    },
    remove: () => directory.remove(),
  };
});

describe('rules of many nodes', () => {
  /** When Redis saw something, `agoMs` before now by its clock, as the register says it. */
  const seen = async (agoMs: number) => {
    const [seconds, micros] = (await redis.cli('TIME')) as [string, string];
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) - agoMs;
  };

  it('obey a change everywhere when the write resolves, 200 times of 200', async () => {
    const all = await started('a', 'b', 'c');
    await eventually(() => all.every(({ nodes }) => nodes.live === 3));
    for (let max = 100; max < 300; max++) {
      const writer = all[max % 3] ?? all[0];
      const { nodes } = await writer.repository.write({ kind: 'replace', rule: ruleNamed('ocr', max) });
      expect(nodes).toEqual({ live: 3, applied: 3 });
      expect(all.map((node) => node.maxOf('ocr'))).toEqual([max, max, max]);
    }
  });

  it('plant one seed when they start together', async () => {
    const all = ['a', 'b', 'c'].map((id, max) => prepared(id, [ruleNamed('ocr', max)]));
    await Promise.all(all.map((node) => node.start()));
    expect(new Set(all.map((node) => node.maxOf('ocr'))).size).toBe(1);
    expect(all.map(({ version }) => version)).toEqual([1, 1, 1]);
  });

  // 200,000 forged ones made each heartbeat take 302 ms, in which Redis did nothing else.
  it('keep to their second, and count themselves again, when the register is flooded', async () => {
    const all = await started('a', 'b');
    await eventually(() => all.every(({ nodes }) => nodes.live === 2));
    const flood = `for i = 1, 200000 do redis.call('HSET', KEYS[1], 'forged-' .. i, ARGV[1] .. ':1') end`;
    await redis.cli('EVAL', flood, '1', NODES, String(await seen(-60_000)));
    await redis.cli('CONFIG', 'SET', 'slowlog-log-slower-than', '20000');
    await redis.cli('SLOWLOG', 'RESET');
    await eventually(async () => Number(await redis.cli('HLEN', NODES)) <= 2, { withinMs: 5_000 });
    await eventually(() => {
      expect(all.map(({ nodes }) => nodes.live)).toEqual([2, 2]);
      expect(all.map(({ nodes }) => nodes.rank).sort()).toEqual([0, 1]);
      return true;
    });
    expect(await redis.cli('SLOWLOG', 'LEN')).toBe(0);
  });

  it('know how many they are, and each its own rank', async () => {
    const all = await started('b', 'c', 'a');
    await eventually(() => all.every(({ nodes }) => nodes.live === 3));
    expect(all.map(({ nodes }) => nodes.rank)).toEqual([1, 2, 0]);
    await all[2].repository.close();
    expect(await redis.cli('HKEYS', NODES)).toEqual(expect.not.arrayContaining(['a']));
    await holds(() => expect([all[0].nodes.live, all[0].nodes.rank]).toEqual([2, 0]));
  });

  it('count a silent node for three seconds, and then forget it', async () => {
    const [a] = await started('a');
    await redis.cli('HSET', NODES, 'silent', `${await seen(0)}:1`, 'dead', `${await seen(4_000)}:1`);
    await holds(() => expect(a.nodes.live).toBe(2));
    expect(await redis.cli('HEXISTS', NODES, 'dead')).toBe(0);
    await holds(() => expect(a.nodes.live).toBe(1));
    expect(await redis.cli('HKEYS', NODES)).toEqual(['a']);
  });

  it('answer a write after two seconds when one of them is silent', async () => {
    const [a] = await started('a');
    await redis.cli('HSET', NODES, 'silent', `${await seen(0)}:1`);
    const took = await elapsed(async () => {
      const written = await a.repository.write({ kind: 'replace', rule: ruleNamed('ocr', 11) });
      const rule = ruleNamed('ocr', 11);
      expect(written).toEqual({ version: 2, nodes: { live: 2, applied: 1 }, created: false, rule });
    });
    expect(took).toBeGreaterThan(1_900);
    expect(took).toBeLessThan(2_500);
    expect(a.maxOf('ocr')).toBe(11);
  });

  it('find a change that was never announced', async () => {
    const [a, b] = await started('a', 'b');
    const text = `2:${JSON.stringify(ruleNamed('ocr', 77))}`;
    await redis.cli('HSET', BOOK, 'version', 2, 'stamp', 'silent change', 'rule:ocr', text);
    await holds(() => expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([77, 77]), { withinMs: 2_000 });
    expect(a.repository.revisionOf('ocr')).toBe(2);
  });

  it('read only what has changed, however many rules there are', async () => {
    const [a, b] = await started('a', 'b');
    await a.repository.replaceAll({ rules: Array.from({ length: 1_000 }, (_, i) => ruleNamed(`r${i}`)) });
    await holds(() => expect(b.ids).toHaveLength(1_000));
    const before = b.live.current;
    await redis.cli('CONFIG', 'RESETSTAT');
    for (let max = 1; max <= 5; max++) await a.set('r7', max);
    await a.repository.write({ kind: 'delete', id: 'r8' });
    await a.repository.replaceAll({ rules: a.live.current.rules.slice(0, 990) });
    await holds(() => expect(b.live.current.rules).toEqual(a.live.current.rules));
    expect(b.maxOf('r7')).toBe(5);
    expect(b.live.current.byId('r100')).toBe(before.byId('r100'));
    const stats = String(await redis.cli('INFO', 'commandstats'));
    expect(stats).not.toContain('cmdstat_hscan');
  });

  // A fail-over had lost version 2, and others wrote a version 2 of their own, and a third one.
  it('read all rules when their version has become that of other rules', async () => {
    const [a] = await started('a');
    const first = String(await redis.cli('HGET', BOOK, 'stamp'));
    await a.set('ocr', 11);
    const script = `
      redis.call('DEL', KEYS[2])
      redis.call('HSET', KEYS[1], 'version', 3, 'stamp', 'Z', 'rule:ocr', ARGV[1], 'rule:llm', ARGV[2], 'rule:asr', ARGV[3])
      redis.call('ZADD', KEYS[2], 1, 's' .. ARGV[4], 2, 'sY', 2, 'rllm', 3, 'sZ', 3, 'rasr')`;
    const texts = [`1:${JSON.stringify(ruleNamed('ocr'))}`, `2:${JSON.stringify(ruleNamed('llm'))}`];
    const args = [...texts, `3:${JSON.stringify(ruleNamed('asr'))}`, first];
    await redis.cli('EVAL', script, '2', BOOK, 'sd1:{rules}:log', ...args);
    await holds(() => expect(a.version).toBe(3));
    expect([a.ids, a.maxOf('ocr')]).toEqual([['asr', 'llm', 'ocr'], 10]);
  });

  it('start at once, and obey, where they may not subscribe', async () => {
    await redis.cli('ACL', 'SETUSER', 'default', '-subscribe');
    try {
      const [a] = await started('a');
      const b = prepared('b');
      expect(await elapsed(() => b.start())).toBeLessThan(500);
      expect(b.live.current.provisional).toBe(false);
      await a.set('ocr', 11);
      await holds(() => expect(b.maxOf('ocr')).toBe(11), { withinMs: 2_000 });
    } finally {
      await redis.cli('ACL', 'SETUSER', 'default', '+subscribe');
    }
  });

  it('obey in time while their subscriptions are cut again and again', async () => {
    const [a, b] = await started('a', 'b');
    for (let max = 20; max < 30; max++) {
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await a.set('ocr', max);
      expect(b.maxOf('ocr')).toBe(max);
    }
  });

  it('subscribe again, and hear the next announcement at once', async () => {
    const [a, b] = await started('a', 'b');
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const subscribers = async () => redis.cli('PUBSUB', 'NUMSUB', 'sd1:{rules}:changed');
    await holds(async () => expect(await subscribers()).toEqual(['sd1:{rules}:changed', 2]));
    const took = [];
    for (let max = 20; max < 25; max++) took.push(await elapsed(() => a.set('ocr', max)));
    expect(b.maxOf('ocr')).toBe(24);
    expect(Math.min(...took)).toBeLessThan(200);
  });

  it('survive a flush of the scripts', async () => {
    const [a, b] = await started('a', 'b');
    await redis.cli('SCRIPT', 'FLUSH');
    await a.set('ocr', 11);
    expect(b.maxOf('ocr')).toBe(11);
    expect([...a.errors, ...b.errors]).toEqual([]);
  });

  it('keep the last good rules when a newer Sundial stores what they do not know', async () => {
    const [a] = await started('a');
    await a.set('ocr', 11);
    const future = `3:${JSON.stringify({ ...ruleNamed('ocr', 12), burst: 5 })}`;
    await redis.cli('HSET', BOOK, 'version', 3, 'stamp', 'future', 'rule:ocr', future);
    await holds(() => expect(a.errors).toHaveLength(1));
    expect(a.errors[0]?.message).toMatch(/rule:ocr cannot be used here: burst: is not a field/);
    await holds(() => expect(a.nodes.live).toBe(1));
    expect([a.version, a.maxOf('ocr'), a.errors.length]).toEqual([2, 11, 1]);
    const { nodes } = await a.repository.write({ kind: 'replace', rule: ruleNamed('ocr', 13) });
    expect([nodes, a.version, a.maxOf('ocr')]).toEqual([{ live: 1, applied: 1 }, 4, 13]);
  });
});
