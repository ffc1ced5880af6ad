import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const NAMES = ['A', 'B', 'C'] as const;
const RULE = { id: 'scan', resource: 'scan', per: ['user'], limits: [{ window: 'year', max: 1_000 }] };

/** Of A alone: only A loses Redis, so that the others go on with it. */
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
        SUNDIAL_LEDGER_URL: url,
        SUNDIAL_NODE_NAME: name,
        SUNDIAL_LAME_DUCK_MS: '0',
      };
      return ServiceProcess.start({ env });
    }),
  );
  nodes = { A: started[0]!, B: started[1]!, C: started[2]! };
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
/** As all nodes have written it. */
const eventuallyInShort = (id: string, isAll: (lines: readonly string[]) => boolean) =>
  eventually(async () => {
    const operations = await historyOf(nodes.C, id);
    const lines = inShort(operations.flatMap(({ events }) => events));
    return operations.length === 1 && isAll(lines) ? lines : undefined;
  });

describe('three nodes with one ledger', () => {
  it('know an operation that was reserved in an outage, repeated elsewhere, settled, extended, committed and refunded', async () => {
    const reserve = { resource: 'scan', subject: { user: 'u1' }, operationId: 'blind-1', ttlMs: 60_000 };
    redis.freeze();
    const { reservation, degraded } = (await post(nodes.A, '/reservations', reserve)).body;
    expect(degraded).not.toBeNull();
    redis.thaw();
    await eventually(async () => {
      const { body } = await nodes.A.fetchJson('GET', '/health/ready');
      return body.store.mode === 'exact' && body.store.pending === 0;
    });
    await eventually(
      async () => (await nodes.B.fetchJson('GET', '/health/ready')).body.store.mode === 'exact',
    );
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
    expect(await eventuallyInShort('blind-1', (lines) => lines.length >= 6)).toEqual([
      'A: reserve allowed degraded',
      'A: settlement counted',
      'B: reserve allowed replayed',
      'C: extend allowed',
      'B: commit committed',
      'A: refund refunded',
    ]);
    const [{ subject, events }] = (await historyOf(nodes.B, 'blind-1')) as [
      { subject: object; events: object[] },
    ];
    expect(subject).toEqual({ user: 'u1' });
    expect(events[1]).toMatchObject({ subject: { user: 'u1' }, intent: 'hold', amounts: { units: 1 } });
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
