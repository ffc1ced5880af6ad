import { MAX_IMPORTED_OVERRIDES } from '@sundial/contract';
import { postRequest } from '../../../test/support/http-connection.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { interleaved } from '../load/interleaved.js';
import { manyUserAt, PLENTY } from '../load/subjects.js';
import { throughput } from '../load/throughput.js';
import { WebServer } from '../processes/web-server.js';
import type { Scenario } from './scenario.js';

const CONNECTIONS = 64;
/** Subjects that have an override, and as many that have none. */
const SUBJECTS = MAX_IMPORTED_OVERRIDES;

/** What customers with limits of their own cost: their checks, and those of all others, beside a service that has none. */
export const business: Scenario = {
  name: 'business',
  budget:
    'a check of a subject with an override costs ≤ 1.25 × a plain one, and one of a subject without ≤ 1.05 ×',
  async run({ rounds, roundMs, warmUpMs }) {
    await using plainRedis = await RedisProcess.start();
    await using redis = await RedisProcess.start();
    await using plain = await WebServer.start('sundial', plainRedis.url);
    await using service = await WebServer.start('sundial', redis.url);
    await importOverrides(service.port);
    const [having, lacking] = [requestsOf(0), requestsOf(SUBJECTS)];
    const load = { connections: CONNECTIONS, durationMs: roundMs };
    const measures = {
      plain: () => throughput({ ...load, port: plain.port, requests: having }),
      having: () => throughput({ ...load, port: service.port, requests: having }),
      lacking: () => throughput({ ...load, port: service.port, requests: lacking }),
    };
    for (const requests of [having, lacking])
      for (const { port } of [plain, service])
        await throughput({ ...load, port, requests, durationMs: warmUpMs });
    const results = await interleaved(rounds, measures);
    const of = (name: keyof typeof measures) => results[name].map(({ perSecond }) => perSecond);
    const against = { name: 'a service without overrides', rounds: of('plain') };
    return [
      {
        measure: 'POST /check of subjects with an override',
        unit: '/s',
        sundial: of('having'),
        against,
        budget: { of: 'ratio', atLeast: 1 / 1.25 },
      },
      {
        measure: 'POST /check of subjects without one, beside them',
        unit: '/s',
        sundial: of('lacking'),
        against,
        budget: { of: 'ratio', atLeast: 1 / 1.05 },
      },
    ];
  },
};

function requestsOf(first: number): Buffer[] {
  return Array.from({ length: SUBJECTS }, (_, index) =>
    postRequest('/check', { resource: 'ocr', subject: { user: manyUserAt(first + index) } }),
  );
}

async function importOverrides(port: number): Promise<void> {
  const lines = Array.from({ length: SUBJECTS }, (_, index) =>
    JSON.stringify({
      rule: 'ocr-per-user',
      subject: { user: manyUserAt(index) },
      limits: [{ window: 'day', add: PLENTY }],
    }),
  );
  const response = await fetch(`http://127.0.0.1:${port}/admin/overrides/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  if (response.status !== 200)
    throw new Error(`The import was answered ${response.status}: ${await response.text()}`);
}
