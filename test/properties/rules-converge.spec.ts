import { MAX_RULES, type Rule } from '@sundial/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseRule } from '@sundial/engine';
import fc from 'fast-check';
import { holds, RuleNode } from '../contract/rule-repository-node.js';
import { ruleNamed } from '../contract/rule-repository.contract.js';
import { RedisProcess } from '../support/redis-process.js';
import { runs } from '../support/runs.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const NODES = 3;
const [BOOK, LOG] = ['sd1:{rules}:book', 'sd1:{rules}:log'];

/** What may happen to three nodes on one Redis, the next before the one before has reached them. */
type Step =
  | { readonly kind: 'set' | 'delete'; readonly node: number; readonly id: number; readonly max: number }
  | { readonly kind: 'set-all'; readonly node: number; readonly ids: readonly number[]; readonly max: number }
  /** Announcements of the next writes reach no node. */
  | { readonly kind: 'cut-subscriptions' }
  | { readonly kind: 'restart'; readonly node: number }
  /** A fail-over to a replica that lags behind: what was written since is gone. */
  | { readonly kind: 'remember' | 'fall-back' }
  | { readonly kind: 'lose-the-log' | 'lose-all' | 'restart-redis' }
  /** A write that no script made. */
  | { readonly kind: 'edit-by-hand'; readonly id: number; readonly max: number };

const node = fc.nat(NODES - 1);
const id = fc.nat(7);
const max = fc.nat(1_000);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('set', 'delete'), node, id, max }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('set-all'), node, ids: fc.uniqueArray(id), max }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart'), node }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut-subscriptions', 'remember', 'fall-back', 'lose-the-log', 'lose-all'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart-redis') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit-by-hand'), id, max }) },
) as fc.Arbitrary<Step>;

describe('nodes that share rules', () => {
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  let nodes: RuleNode[];
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.cli('FLUSHALL'));

  const nameOf = (number: number) => `rule-${number}`;
  const ruleOf = (number: number, limit: number): Rule =>
    ruleNamed(nameOf(number), limit, { resource: `resource-${number % 3}` });

  async function start(index: number): Promise<RuleNode> {
    const target = { kind: 'single', url: redis.url } as const;
    const fresh = new RuleNode({ id: `node-${index}`, target, directory: `${directory.path}/${index}` });
    await fresh.start();
    return fresh;
  }

  /** The writes are not waited for: their answers come when all nodes have them, or not. */
  async function take(step: Step, writes: Promise<unknown>[]): Promise<void> {
    const write = (made: Promise<unknown>) => void writes.push(made.catch(() => undefined));
    switch (step.kind) {
      case 'set': {
        const { repository } = nodes[step.node]!;
        const rule = ruleOf(step.id, step.max);
        return write(
          repository.write({ kind: 'create', rule }).catch(() => repository.write({ kind: 'replace', rule })),
        );
      }
      case 'delete':
        return write(nodes[step.node]!.repository.write({ kind: 'delete', id: nameOf(step.id) }));
      case 'set-all': {
        const rules = step.ids.map((number) => ruleOf(number, step.max));
        return write(nodes[step.node]!.repository.replaceAll({ rules }));
      }
      case 'cut-subscriptions':
        return void (await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub'));
      case 'restart':
        await nodes[step.node]!.repository.close();
        nodes[step.node] = await start(step.node);
        return;
      case 'remember':
        for (const key of [BOOK, LOG]) await redis.cli('COPY', key, `${key}:old`, 'REPLACE');
        return;
      case 'fall-back':
        if ((await redis.cli('EXISTS', `${BOOK}:old`)) === 0) return;
        for (const key of [BOOK, LOG]) await redis.cli('COPY', `${key}:old`, key, 'REPLACE');
        return;
      case 'lose-the-log':
        return void (await redis.cli('DEL', LOG));
      case 'lose-all':
        return void (await redis.cli('FLUSHALL'));
      case 'restart-redis':
        await redis.kill();
        return redis.restart();
      case 'edit-by-hand':
        return editByHand(step.id, step.max);
      default:
        return step satisfies never;
    }
  }

  async function editByHand(number: number, limit: number): Promise<void> {
    const version = Number(await redis.cli('HGET', BOOK, 'version'));
    if (version === 0) return;
    const text = `${version + 1}:${JSON.stringify(ruleOf(number, limit))}`;
    const stamp = `by hand ${Math.random()}`;
    await redis.cli('HSET', BOOK, 'version', version + 1, 'stamp', stamp, `rule:${nameOf(number)}`, text);
  }

  async function storedRules(): Promise<{ version: number; rules: Rule[] }> {
    const words = (await redis.cli('HGETALL', BOOK)) as string[];
    const fields = new Map<string, string>();
    for (let at = 0; at < words.length; at += 2) fields.set(words[at]!, words[at + 1]!);
    const rules = [...fields]
      .filter(([field]) => field.startsWith('rule:'))
      .map(([, text]) => parseRule(JSON.parse(text.slice(text.indexOf(':') + 1))))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return { version: Number(fields.get('version')), rules };
  }

  async function history(steps: readonly Step[]): Promise<void> {
    directory = await temporaryDirectory();
    nodes = [];
    await redis.cli('FLUSHALL');
    try {
      nodes = await Promise.all(Array.from({ length: NODES }, (_, index) => start(index)));
      const writes: Promise<unknown>[] = [];
      for (const step of steps) await take(step, writes);
      await Promise.all(writes);
      await holds(
        async () => {
          const stored = await storedRules();
          for (const { live } of nodes) {
            const { version, rules } = live.current;
            expect({ version, rules }).toEqual(stored);
            // What decides is what is listed.
            for (const rule of rules) expect(live.current.forResource(rule.resource)).toContainEqual(rule);
          }
        },
        { withinMs: 10_000 },
      );
    } finally {
      await Promise.all(nodes.map(({ repository }) => repository.close()));
      await directory.remove();
    }
  }

  it('hold the same book in the end, whatever was lost, cut, restarted or written at once', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 8, maxLength: 25 }), history), {
      numRuns: runs({ inTest: 12, inCampaign: 25 }),
      endOnFailure: true,
    });
  }, 300_000);

  it('hold the same ten thousand rules, also when a whole set is written between single ones', async () => {
    directory = await temporaryDirectory();
    nodes = await Promise.all(Array.from({ length: NODES }, (_, index) => start(index)));
    try {
      const all = Array.from({ length: MAX_RULES }, (_, number) => ruleOf(number, 1));
      await nodes[0]!.repository.replaceAll({ rules: all });
      const writes = [1, 2, 3, 4].flatMap((limit) => [
        nodes[1]!.repository.write({ kind: 'replace', rule: ruleOf(limit, limit) }),
        nodes[limit % NODES]!.repository.replaceAll({ rules: all.slice(limit).map((rule) => ({ ...rule })) }),
      ]);
      await Promise.all(writes.map((write) => write.catch(() => undefined)));
      const stored = await storedRules();
      await holds(() => {
        for (const { live } of nodes) expect(live.current.rules).toEqual(stored.rules);
      });
    } finally {
      await Promise.all(nodes.map(({ repository }) => repository.close()));
      await directory.remove();
    }
  }, 60_000);
});
