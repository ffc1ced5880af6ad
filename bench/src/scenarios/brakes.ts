import { setTimeout as sleep } from 'node:timers/promises';
import { openConnections, postRequest, type HttpConnection } from '../../../test/support/http-connection.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { latency, type Latency } from '../load/latency.js';
import { throughput } from '../load/throughput.js';
import { WebServer } from '../processes/web-server.js';
import type { Scenario } from './scenario.js';
import { checkRequests } from '../load/subjects.js';

const FLOOD_CONNECTIONS = 64;
const CALM_CONNECTIONS = 32;
/** Of what the service can do. */
const CALM_LOAD = 0.05;
/** The flood has begun to weigh on the others. */
const SETTLING_MS = 500;
/** By then the others notice nothing any more. */
const BACK_WITHIN_MS = 2_000;
const FLOODER = { resource: 'ocr', subject: { user: 'flooder' } } as const;
const PERCENT = 90;

interface Round {
  readonly calm: Latency;
  readonly flooded: Latency;
  readonly braked: Latency;
}

/** One subject floods the service, and an operator turns it down to 10 % while it does. */
export const brakes: Scenario = {
  name: 'brakes',
  budget:
    'two seconds after one subject is turned down to 10 % the p99 of the others is ≤ 1.5 × of that without it',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using service = await WebServer.start('sundial', redis.url);
    const { port } = service;
    const requests = checkRequests('ocr');
    const load = { port, requests, connections: FLOOD_CONNECTIONS, durationMs: warmUpMs };
    await throughput(load);
    const { perSecond } = await throughput(load);
    const others = () =>
      latency({
        ...{ port, requests, connections: CALM_CONNECTIONS, durationMs: roundMs },
        ratePerSecond: Math.round(CALM_LOAD * perSecond),
      });
    await others();
    const results: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const calm = await others();
      const flood = await Flood.begin(port);
      await sleep(SETTLING_MS);
      const flooded = await others();
      const id = await turnDown(service);
      await sleep(BACK_WITHIN_MS);
      const braked = await others();
      await flood.end();
      await service.fetchJson('DELETE', `/admin/brakes/${id}`);
      results.push({ calm, flooded, braked });
    }
    const of = (value: (round: Round) => number) => results.map(value);
    const calm = { name: 'without it', rounds: of((round) => round.calm.p99) };
    return [
      {
        measure: 'POST /check of others beside a subject that floods: p99',
        unit: 'ms',
        sundial: of(({ flooded }) => flooded.p99),
        against: calm,
      },
      {
        measure: `POST /check of others 2 s after the flooder is turned down to ${100 - PERCENT} %: p99`,
        unit: 'ms',
        sundial: of(({ braked }) => braked.p99),
        against: calm,
        budget: { of: 'ratio', atMost: 1.5 },
      },
    ];
  },
};

async function turnDown(service: WebServer): Promise<string> {
  const until = new Date(Date.now() + 60_000).toISOString();
  const brake = { ...FLOODER, percent: PERCENT, until };
  const { body } = await service.fetchJson<{ brake: { id: string } }>('PUT', '/admin/brakes', brake);
  return body.brake.id;
}

/**
 * Callers of one subject, each of which asks as soon as it is answered. One that is braked comes back when the answer says so: that
 * is what turns a flood down, since a refusal costs a service nearly as much as an answer.
 */
class Flood {
  #isOver = false;
  readonly #callers: Promise<unknown>;

  private constructor(connections: readonly HttpConnection[]) {
    const request = postRequest('/check', FLOODER);
    this.#callers = Promise.all(connections.map((connection) => this.#ask(connection, request)));
  }

  static async begin(port: number): Promise<Flood> {
    return new Flood(await openConnections(port, FLOOD_CONNECTIONS));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#callers;
  }

  async #ask(connection: HttpConnection, request: Buffer): Promise<void> {
    while (!this.#isOver) {
      const { bytes, bodyAt } = await connection.request(request);
      const { retryAfterMs } = JSON.parse(bytes.toString('utf8', bodyAt)) as { retryAfterMs?: number };
      if (retryAfterMs !== undefined) await sleep(retryAfterMs);
    }
    connection.close();
  }
}
