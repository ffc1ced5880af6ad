import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLedger } from '@sundial/ledger';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.js';
import { NotificationReceiver } from '../support/notification-receiver.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const head = { class: 'alarm', clearAfterMs: 100 };
const PATTERNS = [
  { ...head, id: 'much', kind: 'volume', decisions: 12, withinMs: 1_000 },
  { ...head, id: 'risen', kind: 'volume', decisions: 1_000, factor: 3 },
  { ...head, id: 'row', kind: 'consecutive', failures: 8, withinMs: 60_000 },
];
const RULES = ['scan', 'sms', 'fax', 'ocr', 'llm'].map((resource) => ({
  ...{ id: resource, resource, per: ['user'], limits: [{ window: 'year', max: 1_000 }] },
}));
const NAMES = ['A', 'B', 'C'];
/** An alarm about this resource is not taken by the receiver until it is let go. */
const UNSENT = 'ocr';

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
let database: string;
let receiver: NotificationReceiver;
let isTaken = false;

beforeAll(async () => {
  [directory, redis, postgres] = await Promise.all([
    temporaryDirectory(),
    RedisProcess.start(),
    PostgresProcess.start(),
  ]);
  receiver = await NotificationReceiver.start((response) => {
    const { alarm } = receiver.notifications.at(-1)!.body;
    if (isTaken || alarm.channel.resource !== UNSENT) response.end();
  });
  const file = (name: string) => join(directory.path, name);
  await writeFile(file('alarms.yaml'), stringify({ patterns: PATTERNS }));
  database = await postgres.database();
  await writeVolumes();
  const env = {
    REDIS_URL: redis.url,
    SUNDIAL_LEDGER_URL: database,
    SUNDIAL_ALARMS_FILE: file('alarms.yaml'),
    SUNDIAL_LAME_DUCK_MS: '0',
    SUNDIAL_ALARM_INTERVAL_MS: '200',
    SUNDIAL_ALARM_WEBHOOK_URL: receiver.url,
    SUNDIAL_ALARM_WEBHOOK_SECRET: 'a-secret-of-16-characters',
  };
  nodes = await Promise.all(
    NAMES.map((name) => ServiceProcess.start({ env: { ...env, SUNDIAL_NODE_NAME: name } })),
  );
  expect((await nodes[0]!.fetchJson('PUT', '/admin/rules', { rules: RULES })).status).toBe(200);
  // Until one judges for all, each would for itself.
  await eventually(() => nodes.find(judges), { withinMs: 15_000 });
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  receiver.stop();
  await Promise.all([redis.stop(), postgres.stop(), directory.remove()]);
});

/** Of yesterday and of the last hour, as nodes that are gone have written them. */
async function writeVolumes(): Promise<void> {
  const ledger = await openLedger({ node: 'gone', url: database });
  await ledger.close();
  const slice = Math.floor(Date.now() / 300_000);
  const volumes = [
    [slice - 310, 1],
    [slice - 292, 300],
    [slice - 4, 900],
    [slice - 3, 100],
  ].map(([at, decisions]) => `('tax', ${at}, ${decisions})`);
  await postgres.query(`insert into ledger_volumes values ${volumes.join(', ')}`, database);
}

function judges(node: ServiceProcess): boolean {
  return node.stdout.includes('this node judges the alarms over all nodes now');
}

async function check(node: ServiceProcess, resource: string, times: number): Promise<void> {
  for (let done = 0; done < times; done++)
    await node.fetchJson('POST', '/check', { resource, subject: { user: `u${done}` } });
}

/** Without those of yesterday's volume, or these alone: they last longer than a test. */
async function listed(
  of: readonly ServiceProcess[],
  list: 'active' | 'over',
  { risen = false } = {},
): Promise<ListedAlarm[]> {
  const answers = await Promise.all(of.map((node) => node.fetchJson('GET', '/admin/alarms')));
  const alarms = answers.flatMap(({ body }) => body[list] as ListedAlarm[]);
  return alarms.filter(({ pattern }) => (pattern === 'risen') === risen);
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

/** Notifications that the receiver was sent. */
function sent(event: 'raised' | 'cleared', resource: string) {
  return receiver.notifications
    .map(({ body }) => body)
    .filter(({ event: kind, alarm }) => kind === event && alarm.channel.resource === resource);
}

/** What was raised was sent, and the database knows: it is not sent again. */
function noted(): Promise<unknown> {
  return eventually(async () => {
    const waiting = await postgres.query('select key from alarm_incidents where announced = 0', database);
    return waiting.length === 0;
  });
}

/** All of these are listed as over by the node. */
function ended(alarms: readonly ListedAlarm[], by: ServiceProcess): Promise<unknown> {
  return eventually(async () => {
    const over = await listed([by], 'over');
    return alarms.every(({ id }) => over.some((alarm) => alarm.id === id));
  });
}

/** Of a busy machine, which gives a node its turn late. */
const LEASE_CHANGES = { withinMs: 15_000 };

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
    const seen = await eventually(async () => {
      const active = await listed(nodes, 'active');
      return active.some(({ channel }) => channel.resource === 'sms') ? active : undefined;
    });
    expect(seen.every(({ scope }) => scope === 'all nodes')).toBe(true);
    expect(announced('raised', 'much', 'sms')).toBe(1);
  });

  it('compare with the same hour of yesterday by what the ledger has of all nodes', async () => {
    const alarm = await eventually(async () => (await listed(nodes, 'active', { risen: true })).at(0));
    expect(alarm).toMatchObject({
      ...{ scope: 'all nodes', channel: { resource: 'tax', dependency: 'redis' } },
      evidence: { decisions: 1_000, yesterday: 300 },
    });
  });

  it('are judged by another node while the one that judged is frozen, which then leaves it to that one', async () => {
    const frozen = nodes.find(judges)!;
    const others = nodes.filter((node) => node !== frozen);
    const before = await listed([frozen], 'active');
    await noted();
    frozen.freeze();
    holder = await eventually(() => others.find(judges), LEASE_CHANGES);
    await ended(before, holder);
    await Promise.all(others.map((node) => check(node, 'scan', 6)));
    await eventually(async () => (await listed([holder], 'active')).length > 0, LEASE_CHANGES);
    frozen.thaw();
    await eventually(async () => (await listed([frozen], 'active')).length === 0, LEASE_CHANGES);
    // Each once, by either node.
    expect([announced('raised', 'much', 'scan'), announced('raised', 'much', 'sms')]).toEqual([2, 1]);
    expect(announced('over', 'much', 'sms')).toBe(1);
    // The next node that judges reads what this one read, before it says what holds.
    expect([announced('raised', 'risen', 'tax'), announced('over', 'risen', 'tax')]).toEqual([1, 0]);
    await noted();
    expect(sent('raised', 'scan')).toHaveLength(2);
  });

  it('are judged by another node after the one that judged is killed, which ends what it had raised and sends what it had not', async () => {
    await check(holder, UNSENT, 12);
    await eventually(() => sent('raised', UNSENT).length > 0);
    const before = await listed([holder], 'active');
    expect(before.map(({ channel }) => channel.resource)).toContain(UNSENT);
    await postgres.query('delete from ledger_volumes', database);
    await holder.stop('SIGKILL');
    isTaken = true;
    redis.freeze();
    rest = nodes.filter((node) => node !== holder);
    // Fewer than a row on either, while no node judges.
    await Promise.all(rest.map((node) => check(node, 'fax', 5)));
    const row = await eventually(async () =>
      (await listed(rest, 'active')).find(
        ({ pattern, channel }) => pattern === 'row' && channel.resource === 'fax',
      ),
    );
    redis.thaw();
    expect(row).toMatchObject({ scope: 'all nodes', channel: { resource: 'fax' } });
    holder = await eventually(async () => {
      for (const node of rest) if ((await listed([node], 'active')).length > 0) return node;
      return undefined;
    }, LEASE_CHANGES);
    await ended(before, holder);
    expect(announced('raised', 'row', 'fax')).toBe(1);
    const [first, ...again] = sent('raised', UNSENT);
    expect(again.length).toBeGreaterThanOrEqual(1);
    for (const { alarm } of again) expect(alarm.id).toBe(first!.alarm.id);
    await eventually(() => sent('cleared', UNSENT).length > 0);
    await eventually(() => announced('over', 'risen', 'tax') > 0, LEASE_CHANGES);
    expect([announced('raised', 'risen', 'tax'), announced('over', 'risen', 'tax')]).toEqual([1, 1]);
    expect(sent('raised', 'scan')).toHaveLength(2);
  });

  it("are each node's own while the database is frozen, and of all nodes again afterwards", async () => {
    postgres.freeze();
    const [one, other] = rest as [ServiceProcess, ServiceProcess];
    await eventually(async () => {
      await check(one, 'llm', 12);
      return (await listed([one], 'active')).some(({ channel }) => channel.resource === 'llm');
    });
    const own = (await listed([one], 'active')).find(({ channel }) => channel.resource === 'llm')!;
    expect(own).toMatchObject({ pattern: 'much' });
    expect(own.scope).toBeUndefined();
    expect((await listed([other], 'active')).filter(({ scope }) => scope === undefined)).toEqual([]);
    postgres.thaw();
    await ended([own], one);
    await eventually(async () => {
      await Promise.all(rest.map((node) => check(node, 'sms', 6)));
      return (await listed(rest, 'active')).find(({ scope }) => scope === 'all nodes');
    });
  });

  it('are judged by another node at once when the one that judged is stopped', async () => {
    const holderOf = async () =>
      (await postgres.query('select holder from alarm_lease', database))[0]?.['holder'];
    const before = await holderOf();
    expect(before).toBeDefined();
    const stopped = rest.find(({ stdout }) => stdout.includes(String(before)))!;
    rest = rest.filter((node) => node !== stopped);
    await stopped.stop();
    expect(await holderOf()).not.toBe(before);
  });

  it("are a node's own while there is no database", async () => {
    await postgres.kill();
    const [node] = rest as [ServiceProcess];
    await eventually(async () => {
      await check(node, 'fax', 12);
      const active = await listed([node], 'active');
      return active.some(({ channel, scope }) => channel.resource === 'fax' && scope === undefined);
    });
  });
});
