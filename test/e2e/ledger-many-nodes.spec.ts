import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { sundial } from '../support/sundial-cli.js';

/** D keeps its ledger in files of its own. */
const NAMES = ['A', 'B', 'C', 'D'] as const;
const RULE = { id: 'scan', resource: 'scan', per: ['user'], limits: [{ window: 'year', max: 1_000 }] };

let redis: RedisProcess;
let postgres: PostgresProcess;
let nodes: Readonly<Record<(typeof NAMES)[number], ServiceProcess>>;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([RedisProcess.start(), PostgresProcess.start()]);
  const url = await postgres.database();
  const started = await Promise.all(
    NAMES.map(async (name) => {
      const env = {
        PORT: String(await freePort()),
        REDIS_URL: redis.url,
        ...(name !== 'D' && { SUNDIAL_LEDGER_URL: url }),
        SUNDIAL_NODE_NAME: name,
        SUNDIAL_LAME_DUCK_MS: '0',
      };
      return ServiceProcess.start({ env });
    }),
  );
  nodes = { A: started[0]!, B: started[1]!, C: started[2]!, D: started[3]! };
  await nodes.A.fetchJson('POST', '/admin/rules', RULE);
});
afterAll(async () => {
  await Promise.all(Object.values(nodes).map((node) => node.stop()));
  await Promise.all([redis.stop(), postgres.stop()]);
});

const post = (node: ServiceProcess, path: string, body: unknown) => node.fetchJson('POST', path, body);
const inShort = (events: readonly Record<string, unknown>[]) =>
  events.map(({ node, kind, outcome, replayed, degraded }) =>
    [`${String(node)}: ${String(kind)} ${String(outcome)}`, replayed && 'replayed', degraded && 'degraded']
      .filter(Boolean)
      .join(' '),
  );
const historyOf = async (node: ServiceProcess, id: string) =>
  (await node.fetchJson('GET', `/admin/operations/${id}`)).body.operations as {
    readonly subject: object;
    readonly events: Record<string, unknown>[];
  }[];
/** A node has the store again, and nothing of its own to settle. */
const settled = (node: ServiceProcess) =>
  eventually(async () => {
    const { store } = (await node.fetchJson('GET', '/health/ready')).body;
    return store.mode === 'exact' && store.pending === 0;
  });
const escaped = (text: string) => text.replaceAll(/[.+]/g, '\\$&');
const withoutTime = (line: string) => line.replace(/^\S+T\S+ +/, '');
/** As all nodes have written it. */
const eventuallyInShort = (node: ServiceProcess, id: string, length: number) =>
  eventually(async () => {
    const operations = await historyOf(node, id);
    const lines = inShort(operations.flatMap(({ events }) => events));
    return operations.length === 1 && lines.length >= length ? lines : undefined;
  });

describe('nodes with one ledger', () => {
  it('know an operation that two of them reserved in an outage, settled, extended, committed and refunded, in order', async () => {
    const reserve = { resource: 'scan', subject: { user: 'u1' }, operationId: 'blind-1', ttlMs: 60_000 };
    redis.freeze();
    const { reservation, degraded } = (await post(nodes.A, '/reservations', reserve)).body;
    expect(degraded).not.toBeNull();
    expect((await post(nodes.B, '/reservations', reserve)).body.degraded).not.toBeNull();
    redis.thaw();
    await Promise.all([settled(nodes.A), settled(nodes.B)]);
    expect((await post(nodes.B, '/reservations', reserve)).body).toMatchObject({
      replayed: true,
      degraded: null,
    });
    expect((await post(nodes.C, `/reservations/${reservation.id}/extend`, { amount: 3 })).body.allowed).toBe(
      true,
    );
    expect(
      (await post(nodes.B, `/reservations/${reservation.id}/commit`, { amount: 2 })).body.reservation.state,
    ).toBe('committed');
    await post(nodes.A, '/refunds', { resource: 'scan', subject: { user: 'u1' }, operationId: 'blind-1' });
    const lines = await eventuallyInShort(nodes.C, 'blind-1', 8);
    // The outbox of either node may be the first to settle.
    expect(lines.slice(2, 4).toSorted()).toEqual([
      expect.stringMatching(/^A: settlement (already-)?counted$/),
      expect.stringMatching(/^B: settlement (already-)?counted$/),
    ]);
    expect(lines.toSpliced(2, 2)).toEqual([
      'A: reserve allowed degraded',
      'B: reserve allowed degraded',
      'B: reserve allowed replayed',
      'C: extend allowed',
      'B: commit committed',
      'A: refund refunded',
    ]);
    const [{ subject, events }] = (await historyOf(nodes.B, 'blind-1')) as [
      { subject: object; events: object[] },
    ];
    expect(subject).toEqual({ user: 'u1' });
    for (const event of events.slice(2, 4))
      expect(event).toMatchObject({ subject: { user: 'u1' }, intent: 'hold', amounts: { units: 1 } });
    const { code, stdout } = await sundial(['trace', 'blind-1'], { SUNDIAL_URL: nodes.C.url });
    expect([code, ...stdout.split('\n').map(withoutTime)]).toEqual([
      0,
      'scan user=u1',
      expect.stringMatching(/^at +node +what/),
      expect.stringMatching(/^A +reserve +allowed .* degraded: timeout, policy local,/),
      expect.stringMatching(/^B +reserve +allowed .* degraded: [a-z-]+, policy local,/),
      expect.stringMatching(/^[AB] +settlement +(already-)?counted /),
      expect.stringMatching(/^[AB] +settlement +(already-)?counted /),
      expect.stringMatching(/^B +reserve +allowed .*replayed/),
      expect.stringMatching(/^C +extend +allowed .*3 units/),
      expect.stringMatching(/^B +commit +committed .*2 units/),
      expect.stringMatching(/^A +refund +refunded .*2 units/),
      '',
      'From the ledger of A, B, C.',
      '',
    ]);
  });

  it("leave what a node with files of its own did to that node's ledger", async () => {
    const reserve = { resource: 'scan', subject: { user: 'u4' }, operationId: 'blind-2', ttlMs: 60_000 };
    redis.freeze();
    const { reservation } = (await post(nodes.D, '/reservations', reserve)).body;
    redis.thaw();
    await settled(nodes.D);
    await post(nodes.D, `/reservations/${reservation.id}/extend`, { amount: 3 });
    await post(nodes.D, `/reservations/${reservation.id}/commit`, { amount: 2 });
    await post(nodes.D, '/refunds', { resource: 'scan', subject: { user: 'u4' }, operationId: 'blind-2' });
    expect(await eventuallyInShort(nodes.D, 'blind-2', 5)).toEqual([
      'D: reserve allowed degraded',
      // An attempt that Redis ran when it was thawed may have counted it.
      expect.stringMatching(/^D: settlement (already-)?counted$/),
      'D: extend allowed',
      'D: commit committed',
      'D: refund refunded',
    ]);
    const { stdout } = await sundial(['trace', 'blind-2'], { SUNDIAL_URL: nodes.D.url });
    const rows = stdout.split('\n').map((line) => withoutTime(line).split(/ +/).slice(0, 3).join(' '));
    expect(rows).toEqual([
      ...['scan user=u4', 'at node what'],
      'D reserve allowed',
      expect.stringMatching(/^D settlement (already-)?counted$/),
      ...['D extend allowed', 'D commit committed'],
      ...['D refund refunded', '', 'From the ledger', ''],
    ]);
    expect(stdout).toMatch(/^From the ledger of D\.$/m);
    expect(await historyOf(nodes.A, 'blind-2')).toEqual([]);
  });

  it('tell an outage, the calls that it affected and what became of them', async () => {
    redis.freeze();
    const decided = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        post(nodes.C, '/check', { resource: 'scan', subject: { user: 'u2' }, operationId: `o${n}` }),
      ),
    );
    expect(decided.filter(({ body }) => body.degraded)).toHaveLength(5);
    redis.thaw();
    // Sums of other nodes come some seconds later.
    const outage = await eventually(async () => {
      const { body } = await nodes.C.fetchJson('GET', '/admin/outages');
      return (
        body.outages as { node: string; to: string | null; pending: number; from: string; allowed: number }[]
      ).find(({ node, to, pending }) => node === 'C' && to !== null && pending === 0);
    });
    const query = new URLSearchParams({ node: 'C', from: outage.from, to: outage.to! });
    const { calls } = (await nodes.A.fetchJson('GET', `/admin/outages/calls?${query}`)).body;
    const ofOperations = (
      calls as { operationId: string; afterwards: { kind: string; outcome: string }[] }[]
    ).filter(({ operationId }) => /^o\d$/.test(operationId));
    expect(ofOperations.map(({ operationId }) => operationId).sort()).toEqual(['o0', 'o1', 'o2', 'o3', 'o4']);
    for (const { afterwards } of ofOperations)
      expect(afterwards).toMatchObject([{ kind: 'settlement', outcome: expect.stringMatching(/counted/) }]);
    const env = { SUNDIAL_URL: nodes.A.url };
    const list = await sundial(['outages', '--from', '1h'], env);
    expect(list.stdout).toMatch(/^node +from +to +allowed +denied +pending +settled\n/);
    expect(list.stdout).toMatch(
      new RegExp(`^C +${escaped(outage.from)} +${escaped(outage.to!)} +\\d+ +0 +0 +.*counted \\d+`, 'm'),
    );
    const ofC = await sundial(['outages', 'calls', 'C', '--from', outage.from, '--to', outage.to!], env);
    expect(ofC.stdout).toMatch(
      /^\S+ +check +allowed +scan +user=u2 +o0 +degraded: [a-z-]+, policy local +settlement (already-)?counted$/m,
    );
    expect(await sundial(['outages', 'calls', 'C'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--from'),
    });
  });

  it('are named by every answer, and find what any of them did', async () => {
    const { audit, nodes: covered } = (await nodes.C.fetchJson('GET', '/admin/audit?rule=scan')).body;
    expect(covered).toEqual(['A', 'B', 'C']);
    expect(audit).toMatchObject([{ node: 'A', outcome: 'rule-created', target: 'scan' }]);
  });

  it('check as before while the database is away, and know how many events are missing', async () => {
    const count = async () => {
      const { body } = await nodes.B.fetchJson('GET', '/admin/decisions?user=u3&limit=1000');
      return (body.decisions as unknown[]).length;
    };
    await postgres.kill();
    for (let n = 0; n < 50; n++) {
      const { status, body } = await post(nodes.B, '/check', { resource: 'scan', subject: { user: 'u3' } });
      expect({ status, allowed: body.allowed, degraded: body.degraded }).toEqual({
        status: 200,
        allowed: true,
        degraded: null,
      });
    }
    expect(await nodes.B.fetchJson('GET', '/admin/decisions')).toMatchObject({
      status: 503,
      body: { code: 'ledger-unavailable' },
    });
    await eventually(async () => {
      const { body } = await nodes.B.fetchJson('GET', '/health/ready');
      return body.conditions.some(({ condition }: { condition: string }) => condition === 'ledger');
    });
    await postgres.restart();
    const written = await eventually(
      async () => {
        const known = await count().catch(() => 0);
        const lost = Number(/^sundial_ledger_lost_total (\d+)/m.exec(await metrics(nodes.B))![1]);
        return known + lost >= 50 && { known, lost };
      },
      { withinMs: 20_000 },
    );
    expect(written).toEqual({ known: 50, lost: 0 });
  });
});

async function metrics(node: ServiceProcess): Promise<string> {
  return (await fetch(new URL('/metrics', node.url))).text();
}
