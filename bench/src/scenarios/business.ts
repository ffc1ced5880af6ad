import { MAX_IMPORTED_OVERRIDES } from '@sundial/contract';
import { postRequest } from '../../../test/support/http-connection.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { manyUserAt, PLENTY } from '../load/subjects.js';
import { throughput } from '../load/throughput.js';
import { cpuSecondsOf } from '../processes/cpu-time.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import type { Scenario } from './scenario.js';

const CONNECTIONS = 64;
/** Subjects that have an override, and as many that have none. */
const SUBJECTS = MAX_IMPORTED_OVERRIDES;

/**
 * What customers with limits of their own cost: their checks, and those of all others, against the same service before
 * it had any. Each round starts a service and a Redis: processes of one build differ by more than what is measured.
 */
export const business: Scenario = {
  name: 'business',
  budget:
    'a check of a subject with an override costs ≤ 1.25 × a plain one, and one of a subject without ≤ 1.05 ×',
  async run({ rounds, roundMs, warmUpMs }) {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) measured.push(await measureRound(roundMs, warmUpMs));
    const rowsOf = (name: 'having' | 'lacking', whose: string, most: number): readonly Row[] => {
      const of = (subjects: keyof Round, figure: keyof Cost) =>
        measured.map((round) => round[subjects][figure]);
      const against = (figure: keyof Cost) => ({ name: 'before it had any', rounds: of('plain', figure) });
      return [
        {
          measure: `CPU of service and Redis, a check of ${whose}`,
          unit: 'µs',
          sundial: of(name, 'cpuMicros'),
          against: against('cpuMicros'),
          budget: { of: 'ratio', atMost: most },
        },
        {
          measure: `POST /check of ${whose}`,
          unit: '/s',
          sundial: of(name, 'perSecond'),
          against: against('perSecond'),
          budget: { of: 'ratio', atLeast: 1 / most },
        },
      ];
    };
    return [
      ...rowsOf('having', 'subjects with an override', 1.25),
      ...rowsOf('lacking', 'subjects without one, beside them', 1.05),
    ];
  },
};

interface Cost {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

type Round = Readonly<Record<'plain' | 'having' | 'lacking', Cost>>;

async function measureRound(roundMs: number, warmUpMs: number): Promise<Round> {
  await using redis = await RedisProcess.start();
  await using service = await WebServer.start('sundial', redis.url);
  const [having, lacking] = [requestsOf(0), requestsOf(SUBJECTS)];
  const cpuSeconds = () => cpuSecondsOf(service.pid) + cpuSecondsOf(redis.pid);
  const loaded = (requests: readonly Buffer[], durationMs: number) =>
    throughput({ port: service.port, requests, connections: CONNECTIONS, durationMs });
  const measure = async (requests: readonly Buffer[]): Promise<Cost> => {
    await loaded(requests, warmUpMs);
    const before = cpuSeconds();
    const { perSecond } = await loaded(requests, roundMs);
    return { perSecond, cpuMicros: ((cpuSeconds() - before) * 1e9) / (perSecond * roundMs) };
  };
  await loaded(lacking, warmUpMs);
  const plain = await measure(having);
  await importOverrides(service.port);
  return { plain, having: await measure(having), lacking: await measure(lacking) };
}

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
