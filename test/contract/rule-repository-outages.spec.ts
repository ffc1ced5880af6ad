import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisProcess } from '../support/redis-process.js';
import { elapsed, holds, ruleNodesOn, type RuleNode } from './rule-repository-node.js';
import { failsWith, ruleNamed } from './rule-repository.contract.js';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.stop());
beforeEach(() => redis.cli('FLUSHALL'));
afterEach(() => redis.thaw());
const { prepared, started, directoryOf } = ruleNodesOn(() => ({ kind: 'single', url: redis.url }));
const BOOK = 'sd1:{rules}:book';
const OCR = ruleNamed('ocr');
describe('rules of many nodes, when Redis fails', () => {
  it('bring back rules that Redis has lost, edits included, and never stand without', async () => {
    const all = await started('a', 'b', 'c');
    await all[0].set('ocr', 11);
    await redis.cli('FLUSHALL');
    await holds(async () => expect(await redis.cli('HGET', BOOK, 'rule:ocr')).toContain('"max":11'));
    await holds(() => expect(all.map(({ version }) => version)).toEqual([3, 3, 3]));
    expect(all.flatMap(({ books }) => books).filter(({ rules }) => rules.length !== 1)).toEqual([]);
    await all[1].set('ocr', 12);
    expect(all.map((node) => node.maxOf('ocr'))).toEqual([12, 12, 12]);
  });

  it('write into a Redis that was emptied a moment ago', async () => {
    const [a, b] = await started('a', 'b');
    await redis.cli('FLUSHALL');
    await a.repository.write({ kind: 'create', rule: ruleNamed('llm') });
    expect(a.ids).toEqual(['llm', 'ocr']);
    await holds(() => expect(b.ids).toEqual(['llm', 'ocr']));
  });

  it('outlive a Redis that came back with an older state', async () => {
    const [a, b] = await started('a', 'b');
    await redis.cli('COPY', BOOK, `${BOOK}:backup`);
    await a.set('ocr', 11);
    await redis.cli('RENAME', `${BOOK}:backup`, BOOK);
    await holds(async () => expect(await redis.cli('HGET', BOOK, 'version')).toBe('3'));
    await holds(() => expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([11, 11]));
  });

  it('take nothing for new that an older state of Redis says after a write', async () => {
    const [a, b] = await started('a', 'b');
    await redis.cli('COPY', BOOK, `${BOOK}:backup`);
    await a.set('ocr', 11);
    await redis.cli('RENAME', `${BOOK}:backup`, BOOK);
    await b.repository.write({ kind: 'create', rule: ruleNamed('llm') });
    await holds(() => expect([a.version, b.version]).toEqual([4, 4]));
    expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([11, 11]);
  });

  it('agree again when two of them know different books of one version', async () => {
    const [a, b] = await started('a', 'b');
    const text = `2:${JSON.stringify(ruleNamed('ocr', 77))}`;
    await a.set('ocr', 11);
    await redis.cli('HSET', BOOK, 'stamp', 'another second version', 'rule:ocr', text);
    await holds(() => expect([a.version, b.version]).toEqual([3, 3]));
    expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([11, 11]);
  });

  it('keep their rules while Redis is away, and obey again as soon as it is back', async () => {
    const [a, b] = await started('a', 'b');
    await a.set('ocr', 11);
    await redis.kill();
    expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([11, 11]);
    await redis.restart();
    await holds(() => expect([a.version, b.version]).toEqual([3, 3]), { withinMs: 2_000 });
    await holds(() => a.set('ocr', 12));
    await holds(() => expect([a.maxOf('ocr'), b.maxOf('ocr')]).toEqual([12, 12]), { withinMs: 2_000 });
  });

  it('say that a write may have been made when its answer is lost, and find out when Redis answers', async () => {
    const [a] = await started('a');
    redis.freeze();
    const took = await elapsed(() =>
      expect(a.set('ocr', 11)).rejects.toThrow(/may have been made.* If-Match/),
    );
    expect(took).toBeLessThan(1_500);
    redis.thaw();
    await holds(() => expect(a.maxOf('ocr')).toBe(11), { withinMs: 2_000 });
  });
});

describe('a node that starts without Redis', () => {
  afterEach(async () => {
    await redis.restart();
  });

  /** Leaves a file of what a node knew last, where every version is said to be another. */
  const knowing = async (head: object) => {
    const [node] = await started('a');
    await node.repository.write({ kind: 'create', rule: ruleNamed('edited', 5) });
    await node.repository.close();
    const path = join(directoryOf('a'), 'rules-last-known.ndjson');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const edited = lines.map((line) => ({ ...JSON.parse(line), ...(line.includes('"stamp"') && head) }));
    await writeFile(path, edited.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return path;
  };
  const restarted = async (): Promise<RuleNode> => {
    const node = prepared('a');
    expect(await elapsed(() => node.start())).toBeLessThan(1_000);
    return node;
  };

  it('begins with the seed, and plants it when Redis comes up', async () => {
    await redis.kill();
    const node = await restarted();
    expect(node.live.current).toMatchObject({ version: 0, provisional: true, rules: [OCR] });
    await redis.restart();
    await holds(() => expect(node.live.current).toMatchObject({ version: 1, provisional: false }));
    expect(await redis.cli('HGET', BOOK, 'rule:ocr')).toContain('1:{');
  });

  it('begins with the last rules it knew, and brings them back to an empty Redis', async () => {
    await knowing({});
    await redis.kill();
    const node = await restarted();
    expect(node.live.current).toMatchObject({ version: 2, provisional: true });
    expect([node.maxOf('edited'), node.repository.revisionOf('edited')]).toEqual([5, 2]);
    await redis.restart();
    await holds(() => expect(node.live.current).toMatchObject({ version: 3, provisional: false }));
    expect(await redis.cli('HGET', BOOK, 'rule:edited')).toContain('"max":5');
  });

  it('lets what Redis holds win over what it knew, also with a lower version', async () => {
    await knowing({ version: 40 });
    await redis.cli('CONFIG', 'SET', 'save', '3600 1');
    await redis.cli('SAVE');
    await redis.kill();
    const node = await restarted();
    expect(node.version).toBe(40);
    await redis.restart();
    await holds(() => expect(node.live.current).toMatchObject({ version: 2, provisional: false }));
  });

  it('begins with the seed when what it knew is damaged, and says so', async () => {
    const path = await knowing({ format: 9 });
    await redis.kill();
    const node = await restarted();
    expect(node.live.current).toMatchObject({ version: 0, rules: [OCR] });
    expect(node.errors.map(({ message }) => message)).toEqual([expect.stringContaining(path)]);
  });

  it('does so while Redis is frozen', async () => {
    await knowing({});
    redis.freeze();
    const node = await restarted();
    expect(node.live.current).toMatchObject({ version: 2, provisional: true });
    redis.thaw();
    await holds(() => expect(node.live.current).toMatchObject({ version: 2, provisional: false }));
  });

  it('refuses writes at once, for certain', async () => {
    await redis.kill();
    const node = await restarted();
    await expect(node.set('ocr', 11)).rejects.toEqual(failsWith('store-unavailable'));
    await expect(node.set('ocr', 11)).rejects.toThrow(
      'Redis did not confirm the change (it cannot be reached). Nothing was changed; try again.',
    );
  });
});
