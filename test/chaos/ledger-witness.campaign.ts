import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Amounts } from '@sundial/contract';
import { eventually } from '../support/eventually.js';
import { inTurns } from '../support/in-turns.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const [CHECKS, SUBJECTS, TOGETHER] = [2_000, 50, 20] as const;
/** When Redis is killed, and when it is back. */
const [AWAY, BACK] = [700, 1_300] as const;
/** Fewer than the 80 units that a subject asks for: some are denied, and more than it are allowed in the outage. */
const MAX = 60;
const RULES = `rules:
  - { id: pages, resource: pages, per: [user], degrade: local, limits: [{ window: year, max: ${MAX} }] }
`;
const SOON = { withinMs: 15_000 };

/** A decision as `GET /admin/decisions` answers it, as far as the sums depend on it. */
interface Recorded {
  readonly outcome: 'allowed' | 'denied';
  readonly subject: { readonly user: string };
  readonly operationId: string;
  readonly amounts: Amounts;
  readonly degraded?: object;
}

interface Outage {
  readonly allowed: number;
  readonly pending: number;
  readonly settled: Readonly<Record<string, number>>;
}

/** The ledger as a witness: what it says was allowed is what callers heard and what is counted, whatever happened to Redis. */
describe('the ledgers of two nodes', () => {
  // Two thousand checks, and a machine that may be busy.
  jest.setTimeout(60_000);
  const nodes: ServiceProcess[] = [];
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
    directory = await temporaryDirectory();
    const file = join(directory.path, 'rules.yaml');
    await writeFile(file, RULES);
    const of = {
      REDIS_URL: redis.url,
      SUNDIAL_RULES_FILE: file,
      SUNDIAL_LAME_DUCK_MS: '0',
      LOG_LEVEL: 'warn',
    };
    const start = (name: string) => ServiceProcess.start({ env: { ...of, SUNDIAL_NODE_NAME: name } });
    nodes.push(...(await Promise.all([start('a'), start('b')])));
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
    await directory.remove();
  });

  const get = async (node: ServiceProcess, path: string) => {
    const { status, body } = await node.fetchJson('GET', path);
    expect(status).toBe(200);
    return body;
  };

  /** All pages of both nodes. */
  async function listed<T>(name: string, query: string): Promise<readonly T[]> {
    const rows: T[] = [];
    for (const node of nodes)
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const asked = `/admin/${name}?limit=1000${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
        const page: { readonly next?: string } & Readonly<Record<string, T[]>> = await get(node, asked);
        rows.push(...page[name]!);
        cursor = page.next;
      }
    return rows;
  }

  /** Checks while Redis is killed and comes back; some callers repeat theirs at the other node. Answers the operations that were allowed. */
  async function checkThroughAnOutage(): Promise<ReadonlySet<string>> {
    const allowed = new Set<string>();
    let back: Promise<void> | undefined;
    await inTurns([...Array(CHECKS).keys()], TOGETHER, async (index) => {
      if (index === AWAY) await redis.kill();
      if (index === BACK) back = redis.restart();
      const subject = { user: `u${index % SUBJECTS}` };
      const body = { resource: 'pages', subject, operationId: randomUUID(), amount: 1 + (index % 3) };
      for (const node of [nodes[index % 2]!, ...(index % 7 === 0 ? [nodes[(index + 1) % 2]!] : [])]) {
        const answer = await node.fetchJson('POST', '/check', body);
        if (answer.body.allowed === true) allowed.add(body.operationId);
      }
    });
    await back;
    // Redis writes its log before it answers, but not while it waits for the disk: nodes replay what it has lost.
    for (const node of nodes)
      await eventually(async () => {
        const { pending, toReplay } = await get(node, '/admin/journal');
        return pending === 0 && toReplay === 0;
      }, SOON);
    return allowed;
  }

  it('add up to the counters after an outage of Redis', async () => {
    const allowed = await checkThroughAnOutage();
    const decisions = await listed<Recorded>('decisions', '&resource=pages');
    // What two nodes allowed, or one replayed, is one operation.
    const operations = new Map(
      decisions.filter(({ outcome }) => outcome === 'allowed').map((one) => [one.operationId, one]),
    );
    expect(new Set(operations.keys())).toEqual(allowed);
    expect(decisions.some(({ outcome }) => outcome === 'denied')).toBe(true);

    const recorded = new Map<string, number>();
    for (const { subject, amounts } of operations.values())
      recorded.set(subject.user, (recorded.get(subject.user) ?? 0) + amounts['units']!);
    expect(recorded.size).toBe(SUBJECTS);
    // A node may notice only now what Redis has lost.
    await eventually(async () => {
      const counted = new Map<string, number>();
      for (const user of recorded.keys()) {
        const { limits } = await get(nodes[0]!, `/usage?resource=pages&user=${user}`);
        counted.set(user, limits[0].used);
      }
      expect(recorded).toEqual(counted);
      return true;
    }, SOON);

    const degraded = decisions.filter((one) => one.degraded && one.outcome === 'allowed').length;
    expect(degraded).toBeGreaterThan(100);
    // The ledger sums up behind what it records.
    await eventually(async () => {
      const outages = await listed<Outage>('outages', '');
      expect(outages.reduce((sum, one) => sum + one.allowed, 0)).toBe(degraded);
      expect(outages.filter(({ pending }) => pending > 0)).toEqual([]);
      return true;
    }, SOON);
    for (const node of nodes) expect(await get(node, '/admin/ledger')).toMatchObject({ lost: 0, gaps: [] });
  });
});
