import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '@sundial/contract';
import { LiveRules, MemoryStore, type QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import fc from 'fast-check';
import { openRedisStore } from '../contract/store-under-test.js';
import { aRule } from '../contract/rules.js';
import { engineOn } from '../support/engine-on.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';

/** Far from the ends of all windows. */
const AT = Date.parse('2026-11-22T12:20:30+08:00');
const RULES = [
  aRule({
    id: 'r1',
    limits: [
      { window: 'day', max: 5 },
      { window: 'day', meter: 'tokens', max: 9 },
    ],
  }),
  aRule({ id: 'r2', per: ['school'], limits: [{ window: 'hour', max: 4 }] }),
];

/**
 * What a client decided of an operation, and what it did: requests that arrive at a service, sooner or later or never, as checks or
 * reserves, and reports, once or again.
 */
interface Story {
  readonly allowed: boolean;
  readonly amount: number;
  readonly tokens: number;
  readonly isReserve: boolean;
  readonly requests: number;
  readonly reports: number;
}

const story: fc.Arbitrary<Story> = fc.record({
  allowed: fc.boolean(),
  amount: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 0, max: 4 }),
  isReserve: fc.boolean(),
  requests: fc.integer({ min: 0, max: 2 }),
  reports: fc.integer({ min: 1, max: 3 }),
});
/** Each event with its place in the order of all. */
const stories = fc.array(fc.tuple(story, fc.array(fc.nat(1_000), { minLength: 5, maxLength: 5 })), {
  minLength: 1,
  maxLength: 6,
});

interface Service {
  readonly open: () => Promise<Store>;
  readonly stop: () => Promise<void>;
}

async function onRedis(): Promise<Service> {
  const redis = await RedisProcess.start();
  const open = () => openRedisStore({ kind: 'single', url: redis.url }, AT - Date.now());
  return { open, stop: () => redis.stop() };
}

async function onCluster(): Promise<Service> {
  const cluster = await RedisCluster.start();
  const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const open = () => openRedisStore({ kind: 'cluster', nodes }, AT - Date.now());
  return { open, stop: () => cluster.stop() };
}

const inMemory = async (): Promise<Service> => {
  const store = await MemoryStore.open({ clockOffsetMs: AT - Date.now() });
  return { open: async () => store, stop: async () => undefined };
};

describe.each([
  ['in memory', inMemory, 1, 300],
  ['two nodes on one Redis', onRedis, 2, 25],
  ['two nodes on a Cluster', onCluster, 2, 12],
] as const)('reports, and requests that arrive late, %s', (_where, start, nodes, numRuns) => {
  let service: Service;
  let engines: QuotaEngine[];
  beforeAll(async () => {
    service = await start();
    const rules = new LiveRules(new RuleBook(1, RULES));
    const stores = await Promise.all(Array.from({ length: nodes }, () => service.open()));
    engines = stores.map((store) => engineOn({ store, rules, deadlineMs: 10_000 }));
  }, 30_000);
  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await service.stop();
  });

  let rounds = 0;

  it('count what was allowed once, in any order, and what was refused never', async () => {
    await fc.assert(
      fc.asyncProperty(stories, fc.boolean(), async (all, isAtOnce) => {
        const subject = { user: `u${rounds++}`, school: `s${rounds}` };
        const events = all.flatMap(([report, places], index) =>
          eventsOf(report, { id: `o${index}`, places, subject }),
        );
        events.sort((one, other) => one.place - other.place);
        const answers: Promise<unknown>[] = [];
        for (const [index, { happens }] of events.entries()) {
          const answer = happens(engines[index % engines.length]!);
          answers.push(answer);
          if (!isAtOnce) await answer;
        }
        await Promise.all(answers);
        const { limits } = await engines[0]!.usage({ resource: 'ocr', subject });
        const allowed = all.map(([report]) => report).filter((report) => report.allowed);
        const units = allowed.reduce((sum, { amount }) => sum + amount, 0);
        const tokens = allowed.reduce((sum, report) => sum + report.tokens, 0);
        expect(limits.map(({ used, reserved }) => [used, reserved])).toEqual([
          [units, 0],
          [tokens, 0],
          [units, 0],
        ]);
      }),
      { numRuns },
    );
  });
});

interface Event {
  readonly place: number;
  /** What a request is answered does not matter: its client has stopped waiting. */
  readonly happens: (engine: QuotaEngine) => Promise<unknown>;
}

function eventsOf(
  { allowed, amount, tokens, isReserve, requests, reports }: Story,
  { id, places, subject }: { id: string; places: readonly number[]; subject: Report['subject'] },
): Event[] {
  const request = { resource: 'ocr', subject, operationId: id, amount, amounts: { tokens } };
  const report: Report = {
    ...request,
    decidedAt: new Date(AT - 30_000).toISOString(),
    allowed,
    policy: allowed ? 'allow' : 'deny',
    attempted: requests > 0,
  };
  const ask = (engine: QuotaEngine) =>
    (isReserve ? engine.reserve(request) : engine.check(request)).catch(() => undefined);
  const tell = (engine: QuotaEngine) => engine.report([report]);
  const happenings = [
    ...Array.from({ length: requests }, () => ask),
    ...Array.from({ length: reports }, () => tell),
  ];
  return happenings.map((happens, index) => ({ place: places[index]!, happens }));
}
