import { setTimeout as sleep } from 'node:timers/promises';
import { jsonRequest, openConnections, type HttpConnection } from '../../../test/support/http-connection.js';
import { assertOk } from '../load/http-load.js';
import { latency, type Latency } from '../load/latency.js';
import { interleaved } from '../load/interleaved.js';
import { median } from '../../../test/support/percentile.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import type { Effort } from './scenario.js';
import { checkRequests } from '../load/subjects.js';

const MANY = 10_000;
const FEW = 100;
const WRITES_PER_SECOND = 20;
const CHECKS_PER_SECOND = 1_000;
const CONNECTIONS = 32;
const EDITED = 'edited-per-user';

interface RuleList {
  readonly rules: readonly { readonly id: string }[];
}

/**
 * Ten thousand rules against a hundred, each on a Redis and two nodes of its own: what a write through one node costs, and
 * how much slower twenty writes a second make the checks of the other one.
 */
export async function manyRules({ rounds, roundMs, writes }: Effort): Promise<readonly Row[]> {
  await using few = await Site.start(FEW);
  await using many = await Site.start(MANY);
  for (const site of [few, many]) {
    await site.writeMs(writes / 5);
    await site.checksBesideWrites(roundMs);
  }
  const writeMs = await interleaved(rounds, {
    few: () => few.writeMs(writes / 5),
    many: () => many.writeMs(writes / 5),
  });
  // Many short rounds, since the p99 of one is the worst hundredth of whatever the machine did meanwhile.
  const checks = await interleaved(4 * rounds, {
    calm: () => many.checks(roundMs / 2),
    beside: () => many.checksBesideWrites(roundMs / 2),
    besideFew: () => few.checksBesideWrites(roundMs / 2),
  });
  const setMs: number[] = [];
  for (let round = 0; round < rounds; round++) setMs.push(await many.setMs(round));
  const p99 = (latencies: readonly Latency[]) => latencies.map((latency) => latency.p99);
  return [
    {
      measure: `rule write on 2 nodes with ${MANY.toLocaleString('en-US')} rules`,
      unit: 'ms',
      sundial: writeMs.many,
      against: { name: `with ${FEW} rules`, rounds: writeMs.few },
      budget: { of: 'ratio', atMost: 2 },
    },
    {
      measure: `POST /check beside ${WRITES_PER_SECOND} rule writes/s on another node, ${MANY.toLocaleString('en-US')} rules: p99`,
      unit: 'ms',
      sundial: p99(checks.beside),
      against: { name: 'without writes', rounds: p99(checks.calm) },
      budget: { of: 'ratio', atMost: 1.5 },
    },
    {
      measure: `POST /check beside ${WRITES_PER_SECOND} rule writes/s on another node, ${FEW} rules: p99`,
      unit: 'ms',
      sundial: p99(checks.besideFew),
    },
    {
      measure: 'POST /check beside rule writes: decided by Redis',
      unit: '% of checks',
      sundial: [await many.exactShare()],
      budget: { of: 'value', atLeast: 100 },
    },
    {
      measure: `PUT /admin/rules of ${MANY.toLocaleString('en-US')} rules that all change, on 2 nodes`,
      unit: 'ms',
      sundial: setMs,
    },
  ];
}

/** Two nodes on one Redis with so many rules. */
class Site implements AsyncDisposable {
  #written = 0;

  private constructor(
    private readonly redis: RedisProcess,
    private readonly writer: WebServer,
    private readonly checker: WebServer,
    private readonly rules: readonly object[],
    /** To the writer; those that no write is under way on. They cost this process, which measures, next to nothing. */
    private readonly idle: HttpConnection[],
  ) {}

  static async start(rules: number): Promise<Site> {
    const redis = await RedisProcess.start();
    const writer = await WebServer.start('sundial', redis.url);
    const checker = await WebServer.start('sundial', redis.url);
    const { body } = await writer.fetchJson<RuleList>('GET', '/admin/rules');
    const others = Array.from({ length: rules - body.rules.length }, (_, index) => filler(index, 10));
    const connections = await openConnections(writer.port, WRITES_PER_SECOND);
    const site = new Site(redis, writer, checker, [...body.rules, ...others], connections);
    await site.#put('/admin/rules', { rules: site.rules });
    return site;
  }

  /** The median of so many writes. */
  async writeMs(writes: number): Promise<number> {
    const took: number[] = [];
    for (let write = 0; write < writes; write++) {
      const startedAt = performance.now();
      await this.#edit();
      took.push(performance.now() - startedAt);
    }
    return median(took);
  }

  /** A set in which every filler has another limit. */
  async setMs(round: number): Promise<number> {
    const rules = this.rules.map((rule, index) => ({
      ...rule,
      description: `round ${round} of rule ${index}`,
    }));
    const startedAt = performance.now();
    await this.#put('/admin/rules', { rules });
    return performance.now() - startedAt;
  }

  /** What callers of the node wait that writes nothing. */
  checks(durationMs: number): Promise<Latency> {
    return latency({
      port: this.checker.port,
      requests: checkRequests('calm'),
      connections: CONNECTIONS,
      durationMs,
      ratePerSecond: CHECKS_PER_SECOND,
    });
  }

  async checksBesideWrites(durationMs: number): Promise<Latency> {
    let isOver = false;
    const checks = this.checks(durationMs).finally(() => (isOver = true));
    const writes: Promise<void>[] = [];
    while (!isOver) {
      writes.push(this.#edit());
      await sleep(1_000 / WRITES_PER_SECOND);
    }
    await Promise.all(writes);
    return checks;
  }

  /** Of the decisions of the checking node since it started. */
  async exactShare(): Promise<number> {
    const metrics = await this.checker.fetchText('/metrics');
    const decisions = [
      ...metrics.matchAll(/^sundial_decisions_total\{rule="calm-per-user",outcome="([a-z-]+)"\} (\d+)/gm),
    ].map(([, outcome, count]) => ({ isExact: !outcome!.startsWith('degraded'), count: Number(count) }));
    const sum = (counted: typeof decisions) => counted.reduce((total, { count }) => total + count, 0);
    return (100 * sum(decisions.filter(({ isExact }) => isExact))) / sum(decisions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.idle) connection.close();
    await this.checker[Symbol.asyncDispose]();
    await this.writer[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }

  async #edit(): Promise<void> {
    const max = ++this.#written;
    await this.#put(`/admin/rules/${EDITED}`, {
      resource: 'edited',
      per: ['user'],
      limits: [{ window: 'day', max }],
    });
  }

  async #put(path: string, content: object): Promise<void> {
    const connection = this.idle.pop();
    if (connection === undefined) throw new Error('Writes take longer than a second.');
    const request = jsonRequest('PUT', path, content);
    const answer = await connection.request(request);
    this.idle.push(connection);
    assertOk(answer);
  }
}

function filler(index: number, max: number): object {
  return {
    id: `filler-${index}`,
    resource: `filler-${index}`,
    per: ['user'],
    timeZone: 'Asia/Shanghai',
    limits: [
      { window: 'day', max },
      { window: 'hour', max },
    ],
    description: 'One of many, that nothing is asked of.',
  };
}
