import { percentile } from '../../../test/support/percentile.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import type { Effort, Scenario } from './scenario.js';
import { manyRules } from './many-rules.js';

const RULE = '/admin/rules/edited-per-user';

interface WriteAnswer {
  readonly nodes: { readonly live: number; readonly applied: number };
}

interface CheckAnswer {
  readonly limits: readonly { readonly max: number }[];
}

/** Rules written through three nodes in turn: how long a write takes, and whether every node then obeys it. */
export const rules: Scenario = {
  name: 'rules',
  budget:
    'the next check on every node obeys a write, always; p99 of a write ≤ 1 s; with 10,000 rules a write ≤ 2 × of one with 100, and p99 of checks beside 20 writes/s ≤ 1.5 × calm, none without Redis',
  async run(effort) {
    return [...(await obedience(effort)), ...(await manyRules(effort))];
  },
};

async function obedience({ writes }: Effort): Promise<readonly Row[]> {
  await using redis = await RedisProcess.start();
  await using first = await WebServer.start('sundial', redis.url);
  await using second = await WebServer.start('sundial', redis.url);
  await using third = await WebServer.start('sundial', redis.url);
  const nodes = [first, second, third];

  const answerMs: number[] = [];
  let obeyed = 0;
  for (let write = 1; write <= writes; write++) {
    const startedAt = performance.now();
    await writeRule(nodes[write % nodes.length]!, write);
    answerMs.push(performance.now() - startedAt);
    const limits = await Promise.all(nodes.map(maxOf));
    obeyed += limits.filter((max) => max === write).length;
  }
  return [
    { measure: 'rule write on 3 nodes, answered: median', unit: 'ms', sundial: answerMs },
    {
      measure: 'rule write on 3 nodes, answered: p99',
      unit: 'ms',
      sundial: [percentile(answerMs, 99)],
      budget: { of: 'value', atMost: 1_000 },
    },
    {
      measure: 'next check on each node obeys the write',
      unit: '%',
      sundial: [(100 * obeyed) / (writes * nodes.length)],
      budget: { of: 'value', atLeast: 100 },
    },
  ];
}

async function writeRule(node: WebServer, max: number): Promise<void> {
  const limits = [
    { window: 'day', max },
    { window: 'hour', max },
  ];
  const { status, body } = await node.fetchJson<WriteAnswer>('PUT', RULE, {
    resource: 'edited',
    per: ['user'],
    limits,
  });
  if (status !== 200) throw new Error(`A write was answered ${status}: ${JSON.stringify(body)}`);
  if (body.nodes.live !== body.nodes.applied) throw new Error(`Not every node: ${JSON.stringify(body)}`);
}

async function maxOf(node: WebServer): Promise<number | undefined> {
  const check = { resource: 'edited', subject: { user: 'u1' }, amount: 0 };
  const { body } = await node.fetchJson<CheckAnswer>('POST', '/check', check);
  return body.limits[0]?.max;
}
