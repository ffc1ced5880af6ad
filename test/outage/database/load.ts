import { openConnections, postRequest, type HttpConnection } from '../../support/http-connection.js';
import { openLoop } from '../../support/open-loop.js';
import { percentile } from '../../support/percentile.js';
import type { Load, LoadOrder } from './database-outage.js';

/** Checks at an even rate, in a process that does nothing else; what came of them is one line on stdout. */
const CONNECTIONS = 64;
const PATIENCE_MS = 10_000;

const { port, resource, users, ratePerSecond, durationMs } = JSON.parse(process.argv[2] ?? '') as LoadOrder;
const requests = Array.from({ length: users }, (_, n) =>
  postRequest('/check', { resource, subject: { user: `u${n}` } }),
);
const connections = await openConnections(port, CONNECTIONS);
const idle = [...connections];
const waiting: ((connection: HttpConnection) => void)[] = [];
const latencies: number[] = [];
const load = { decided: 0, degraded: 0 };
/** What became of the others, and how many. */
const failures: Record<string, number> = {};
const failed = (why: string) => void (failures[why] = (failures[why] ?? 0) + 1);

async function check(index: number): Promise<void> {
  const connection = idle.shift() ?? (await new Promise<HttpConnection>((free) => waiting.push(free)));
  const { status, bytes } = await connection.request(requests[index % users]!);
  const next = waiting.shift();
  if (next) next(connection);
  else idle.push(connection);
  if (status !== 200) return failed(`status ${status}`);
  load.decided++;
  if (!bytes.includes('"degraded":null')) load.degraded++;
}

const { errors } = await openLoop({
  ...{ ratePerSecond, durationMs, pace: 'nap', patienceMs: PATIENCE_MS, call: check },
  answered: ({ latencyMs }) => void latencies.push(latencyMs),
});
for (const connection of connections) connection.close();
const [p50, p99] = [percentile(latencies, 50), percentile(latencies, 99)];
for (const error of errors) failed(String(error));
process.stdout.write(`${JSON.stringify({ ...load, failures, p50, p99 } satisfies Load)}\n`);
