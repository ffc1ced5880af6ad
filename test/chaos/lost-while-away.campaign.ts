import type { Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { Journal } from '@sundial/resilience';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { engineOn } from '../support/engine-on.js';

/** Each second a node notes how far it has come; what it counted after that is in doubt for two. */
const NOTED_MS = 1_300;
const UNNOTED_MS = 2_000;
/** Until one that is asked to end has noted all. */
const CLOSED_MS = 200;
const RULE: Rule = {
  id: 'kept',
  resource: 'kept',
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'year', max: 1_000_000 }],
  mode: 'enforce',
  degrade: 'allow',
};

interface Interval {
  readonly from: number;
  readonly to: number;
}

function expectCovered([interval]: readonly Interval[], { from, to }: Interval, marginMs: number): void {
  expect(interval!.from).toBeLessThanOrEqual(from);
  expect(interval!.to).toBeGreaterThanOrEqual(to);
  expect(interval!.to).toBeLessThanOrEqual(to + marginMs);
}

describe('a node whose Redis loses data while it is away', () => {
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  let service: ServiceProcess;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    directory = await temporaryDirectory();
    await writeFile(
      join(directory.path, 'rules.yaml'),
      'rules: [{ id: kept, resource: kept, per: [user], limits: [{ window: year, max: 1000000 }] }]',
    );
    service = await start();
  });
  afterEach(async () => {
    await service.stop('SIGKILL');
    await redis.stop();
    await directory.remove();
  });

  function start(): Promise<ServiceProcess> {
    return ServiceProcess.start({
      env: {
        REDIS_URL: redis.url,
        SUNDIAL_DATA_DIR: directory.path,
        SUNDIAL_RULES_FILE: join(directory.path, 'rules.yaml'),
        SUNDIAL_LAME_DUCK_MS: '0',
      },
    });
  }

  /** Counts for longer than a note takes, and says when. */
  async function count(): Promise<Interval> {
    const from = Date.now();
    while (Date.now() < from + NOTED_MS) {
      const { body } = await service.fetchJson('POST', '/check', {
        resource: 'kept',
        subject: { user: 'u1' },
      });
      expect(body).toMatchObject({ allowed: true, degraded: null });
      await sleep(20);
    }
    return { from, to: Date.now() };
  }

  /** What the node reports, as soon as it has asked Redis for all watermarks of the processes before it. */
  async function reported(): Promise<Interval[]> {
    await eventually(async () => ((await redis.cli('KEYS', 'sd1:*:watermark:*')) as string[]).length === 1, {
      withinMs: 10_000,
    });
    const { body } = await service.fetchJson('GET', '/admin/journal');
    const intervals = (body as { uncertainIntervals: { from: string; to: string; reason: string }[] })
      .uncertainIntervals;
    expect(intervals.every(({ reason }) => reason === 'writes-lost')).toBe(true);
    return intervals.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
  }

  it.each([
    ['was stopped', 'SIGTERM', CLOSED_MS],
    ['was killed', 'SIGKILL', UNNOTED_MS],
  ] as const)(
    'reports all that it had counted when it %s, and Redis was started again without a copy',
    async (_how, signal, marginMs) => {
      const counted = await count();
      await service.stop(signal);
      await redis.kill();
      await redis.restart();
      service = await start();
      await eventually(async () => (await reported()).length > 0);
      expectCovered(await reported(), counted, marginMs);
      expect(service.output).toContain('counters of this interval may be wrong');
      const metrics = await (await fetch(new URL('/metrics', service.url))).text();
      expect(metrics).toContain('sundial_uncertain_intervals 1');
    },
    30_000,
  );

  it('reports nothing after SIGTERM or SIGKILL when Redis was there all the time', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await count();
      await service.stop(signal);
      service = await start();
      expect(await reported()).toEqual([]);
    }
  }, 30_000);
});

describe('an engine whose Redis loses data while it is away', () => {
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  let engine: QuotaEngine;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    directory = await temporaryDirectory();
    await open();
  });
  afterEach(async () => {
    await engine.close();
    await redis.stop();
    await directory.remove();
  });

  /** An engine on what the one before left behind. */
  async function open(): Promise<void> {
    engine = engineOn({
      store: new RedisStore({ kind: 'single', url: redis.url }),
      rules: new LiveRules(new RuleBook(1, [RULE])),
      journal: await Journal.open({ directory: directory.path, sync: 'group' }),
    });
  }

  async function reopen(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await engine.close();
    await meanwhile();
    await open();
  }

  const check = () => engine.check({ resource: 'kept', subject: { user: 'u1' } });

  /** Counts for longer than a note takes, and says when. */
  async function count(): Promise<Interval> {
    await eventually(async () => (await check()).degraded === null);
    const from = Date.now();
    while (Date.now() < from + NOTED_MS) {
      await check();
      await sleep(20);
    }
    return { from, to: Date.now() };
  }

  /** What it reports, as soon as it has asked Redis for all watermarks of the engines before it. */
  async function reported(): Promise<readonly Interval[]> {
    await eventually(async () => ((await redis.cli('KEYS', 'sd1:*:watermark:*')) as string[]).length === 1, {
      withinMs: 10_000,
    });
    const { uncertainIntervals } = engine.journal();
    expect(uncertainIntervals.every(({ reason }) => reason === 'writes-lost')).toBe(true);
    return uncertainIntervals;
  }

  async function reportedLoss(): Promise<readonly Interval[]> {
    return eventually(async () => {
      const intervals = await reported();
      return intervals.length > 0 && intervals;
    });
  }

  it('reports only what came after the copy that Redis found on its disk', async () => {
    const kept = await count();
    await sleep(NOTED_MS);
    await redis.cli('SAVE');
    const lost = await count();
    await reopen(async () => {
      await redis.kill();
      await redis.restart();
    });
    const intervals = await reportedLoss();
    expectCovered(intervals, lost, CLOSED_MS);
    expect(intervals[0]!.from).toBeGreaterThan(kept.to);
  }, 30_000);

  it('reports it also when it could not reach Redis in the run between', async () => {
    const counted = await count();
    await reopen(() => redis.kill());
    await reopen(() => redis.restart());
    expectCovered(await reportedLoss(), counted, CLOSED_MS);
  }, 30_000);

  it('remembers since when it has counted there over a run in which nothing was lost', async () => {
    const counted = await count();
    await reopen();
    expect(await reported()).toEqual([]);
    await count();
    await reopen(async () => void (await redis.cli('FLUSHALL')));
    expect((await reportedLoss())[0]!.from).toBeLessThanOrEqual(counted.from);
  }, 30_000);

  it('reports nothing when both were stopped as they should be, and Redis kept a copy', async () => {
    await count();
    await reopen(async () => {
      await redis.cli('SAVE');
      await redis.restart();
    });
    expect(await reported()).toEqual([]);
  }, 30_000);
});

describe('a node on a Cluster of which one master loses data while it is away', () => {
  let cluster: RedisCluster;
  let directory: TemporaryDirectory;
  beforeEach(async () => {
    cluster = await RedisCluster.start();
    directory = await temporaryDirectory();
  }, 30_000);
  afterEach(async () => {
    await cluster.stop();
    await directory.remove();
  });

  async function run(during: (engine: QuotaEngine) => Promise<void>): Promise<void> {
    const engine = engineOn({
      store: new RedisStore(cluster.target),
      rules: new LiveRules(new RuleBook(1, [RULE])),
      journal: await Journal.open({ directory: directory.path, sync: 'group' }),
    });
    await during(engine).finally(() => engine.close());
  }

  async function watermarks(): Promise<number> {
    const keys = await Promise.all(cluster.nodes.map((node) => node.cli('KEYS', 'sd1:*:watermark:*')));
    return keys.flat().length;
  }

  it('reports it, and nothing when none has', async () => {
    const counting = async (engine: QuotaEngine) => {
      await eventually(async () => (await watermarks()) === cluster.nodes.length);
      for (let n = 0; n < 60; n++) {
        const check = () => engine.check({ resource: 'kept', subject: { user: `u${n}` } });
        await eventually(async () => (await check()).degraded === null);
      }
    };
    await run(counting);
    await run(async (engine) => {
      await counting(engine);
      expect(engine.journal().uncertainIntervals).toEqual([]);
    });
    await cluster.nodes[1]!.cli('FLUSHALL');
    await run(async (engine) => {
      await eventually(() => engine.journal().uncertainIntervals.length > 0);
      expect(engine.journal().uncertainIntervals).toMatchObject([{ reason: 'writes-lost' }]);
    });
  }, 30_000);
});
