import type { Rule } from '@sundial/contract';
import { QuotaClient } from '@sundial/client';
import { LiveRules, MemoryStore, RuleBook, type Store } from '@sundial/engine';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';
import { openRedisStore } from './store-under-test.js';
import { quotaContract, type QuotaOptions, type QuotaUnderTest } from './quota.contract.js';
import { engineOn } from '../support/engine-on.js';

quotaContract('QuotaEngine on a MemoryStore', async (options) =>
  underTest(await MemoryStore.open({ clockOffsetMs: options.at - Date.now() }), options),
);

quotaContract('QuotaEngine on a RedisStore', async (options) => {
  const redis = await RedisProcess.start();
  const store = await openRedisStore({ kind: 'single', url: redis.url }, options.at - Date.now());
  const tested = underTest(store, options);
  return {
    ...tested,
    close: async () => {
      await tested.close();
      await redis.stop();
    },
  };
});

quotaContract('QuotaEngine on a Redis Cluster', async (options) => {
  const cluster = await RedisCluster.start();
  const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const store = await openRedisStore({ kind: 'cluster', nodes }, options.at - Date.now());
  const tested = underTest(store, options);
  return {
    ...tested,
    close: async () => {
      await tested.close();
      await cluster.stop();
    },
  };
});

quotaContract('QuotaClient through a service', async ({ at, unknownResource = 'allow' }) => {
  const service = await RunningService.start({
    SUNDIAL_CLOCK_OFFSET_MS: String(at - Date.now()),
    SUNDIAL_UNKNOWN_RESOURCE: unknownResource,
  });
  const quota = new QuotaClient({ url: `http://127.0.0.1:${service.port}`, deadlineMs: 5_000 });
  return {
    quota,
    applyRules: async (next) => {
      const { body } = await service.api.get('/admin/rules');
      for (const { id } of body.rules as Rule[]) await service.api.delete(`/admin/rules/${id}`).expect(200);
      for (const rule of next) await service.api.post('/admin/rules').send(rule).expect(201);
      return ((await service.api.get('/admin/rules')).body as { version: number }).version;
    },
    report: async (reports) => {
      const { status, body } = await service.api.post('/reports').send({ reports });
      if (status !== 200) throw Object.assign(new Error(body.detail), body);
      return body.results;
    },
    close: () => service.stop(),
  };
});

function underTest(store: Store, { unknownResource = 'allow' }: QuotaOptions): QuotaUnderTest {
  const rules = new LiveRules();
  // A busy machine must not make these tests about degradation.
  const quota = engineOn({ store, rules, unknownResource, deadlineMs: 5_000 });
  return {
    quota,
    applyRules: async (next) => {
      const sorted = next.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      rules.apply(new RuleBook(rules.current.version + 1, sorted));
      return rules.current.version;
    },
    report: (reports) => quota.report(reports),
    close: () => quota.close(),
  };
}
