import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const head = { class: 'alarm', clearAfterMs: 1_000 };
const PATTERNS = [
  { ...head, id: 'much', kind: 'volume', decisions: 12, withinMs: 12_000 },
  { ...head, id: 'row', kind: 'consecutive', failures: 8, withinMs: 60_000 },
];
const RULES = ['scan', 'sms', 'fax'].map((resource) => ({
  ...{ id: resource, resource, per: ['user'], limits: [{ window: 'year', max: 1_000 }] },
}));
const NAMES = ['A', 'B', 'C'];

interface ListedAlarm {
  readonly id: string;
  readonly pattern: string;
  readonly scope?: string;
  readonly channel: { readonly resource: string };
  readonly evidence: { readonly nodes?: readonly string[] };
}

let directory: TemporaryDirectory;
let redis: RedisProcess;
let postgres: PostgresProcess;
let nodes: ServiceProcess[];

beforeAll(async () => {
  [directory, redis, postgres] = await Promise.all([
    temporaryDirectory(),
    RedisProcess.start(),
    PostgresProcess.start(),
  ]);
  const file = (name: string) => join(directory.path, name);
  await writeFile(file('alarms.yaml'), stringify({ patterns: PATTERNS }));
  const env = {
    REDIS_URL: redis.url,
    SUNDIAL_LEDGER_URL: await postgres.database(),
    SUNDIAL_ALARMS_FILE: file('alarms.yaml'),
    SUNDIAL_LAME_DUCK_MS: '0',
  };
  nodes = await Promise.all(
    NAMES.map((name) => ServiceProcess.start({ env: { ...env, SUNDIAL_NODE_NAME: name } })),
  );
  for (const rule of RULES)
    expect((await nodes[0]!.fetchJson('POST', '/admin/rules', rule)).status).toBe(201);
  await eventually(async () => {
    const answers = await Promise.all(nodes.map((node) => node.fetchJson('GET', '/admin/rules')));
    const known = answers.map(({ body }) => (body.rules as { id: string }[]).map(({ id }) => id));
    return known.every((ids) => RULES.every(({ id }) => ids.includes(id)));
  });
  // Until one judges for all, each would for itself.
  await eventually(() => nodes.find(judges), { withinMs: 15_000 });
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await Promise.all([redis.stop(), postgres.stop(), directory.remove()]);
});

function judges(node: ServiceProcess): boolean {
  return node.stdout.includes('this node judges the alarms over all nodes now');
}

async function check(node: ServiceProcess, resource: string, times: number): Promise<void> {
  for (let done = 0; done < times; done++)
    await node.fetchJson('POST', '/check', { resource, subject: { user: `u${done}` } });
}

async function listed(of: readonly ServiceProcess[], list: 'active' | 'over'): Promise<ListedAlarm[]> {
  const answers = await Promise.all(of.map((node) => node.fetchJson('GET', '/admin/alarms')));
  return answers.flatMap(({ body }) => body[list] as ListedAlarm[]);
}

/** Lines of all nodes' logs about alarms of a pattern over a resource. */
function announced(what: 'raised' | 'over', pattern: string, resource: string): number {
  const lines = nodes.flatMap(({ stdout }) => stdout.split('\n'));
  return lines.filter((line) =>
    [`"alarm ${what}: `, `"pattern":"${pattern}"`, `"resource":"${resource}"`].every((part) =>
      line.includes(part),
    ),
  ).length;
}

describe('alarms over all nodes', () => {
  let holder: ServiceProcess;
  let rest: ServiceProcess[];

  it('are raised once for what no node has seen enough of alone', async () => {
    await Promise.all(nodes.map((node) => check(node, 'scan', 4)));
    const [alarm] = await eventually(async () => {
      const active = await listed(nodes, 'active');
      return active.length > 0 ? active : undefined;
    });
    expect(alarm).toMatchObject({
      ...{ pattern: 'much', scope: 'all nodes', channel: { resource: 'scan' } },
      evidence: { nodes: NAMES },
    });
    expect(announced('raised', 'much', 'scan')).toBe(1);
  });

  it('are not raised by the node that has seen enough alone', async () => {
    await check(nodes[0]!, 'sms', 12);
    await eventually(async () => (await listed(nodes, 'active')).length === 2);
    expect((await listed(nodes, 'active')).map(({ scope }) => scope)).toEqual(['all nodes', 'all nodes']);
    expect(announced('raised', 'much', 'sms')).toBe(1);
  });

  it('are judged by another node after the one that judged is killed, which ends what it had raised', async () => {
    holder = nodes.find(judges)!;
    rest = nodes.filter((node) => node !== holder);
    const before = await listed([holder], 'active');
    await holder.stop('SIGKILL');
    redis.freeze();
    // Fewer than a row on either, while nobody judges.
    await Promise.all(rest.map((node) => check(node, 'fax', 5)));
    const row = await eventually(
      async () => (await listed(rest, 'active')).find(({ pattern }) => pattern === 'row'),
      { withinMs: 15_000 },
    );
    redis.thaw();
    expect(row).toMatchObject({ scope: 'all nodes', channel: { resource: 'fax' } });
    const over = await eventually(
      async () => {
        const ended = await listed(rest, 'over');
        return before.every(({ id }) => ended.some((alarm) => alarm.id === id)) ? ended : undefined;
      },
      { withinMs: 20_000 },
    );
    expect(over.filter(({ pattern }) => pattern === 'much')).toHaveLength(before.length);
    expect([announced('raised', 'much', 'scan'), announced('over', 'much', 'scan')]).toEqual([1, 1]);
    expect(announced('raised', 'row', 'fax')).toBe(1);
  }, 60_000);

  it("are each node's own while the database is away", async () => {
    await postgres.kill();
    await check(rest[0]!, 'sms', 12);
    const own = await eventually(
      async () => (await listed([rest[0]!], 'active')).find(({ pattern }) => pattern === 'much'),
      { withinMs: 15_000 },
    );
    expect(own).toMatchObject({ channel: { resource: 'sms' } });
    expect(own.scope).toBeUndefined();
    expect(await listed([rest[1]!], 'active')).toEqual([]);
  }, 30_000);
});
