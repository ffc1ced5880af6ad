import { closedLoop } from '../../../test/support/closed-loop.js';
import { openConnections, type HttpConnection } from '../../../test/support/http-connection.js';
import { assertOk, type HttpLoad } from './http-load.js';

export interface Throughput {
  readonly perSecond: number;
  /** Of this process, as a share of one core: near 1, the generator was the bottleneck and not the server. */
  readonly generatorBusy: number;
}

/** What a caller does over its connection with a request, once or in a row: what is counted. */
export type Exchange = (connection: HttpConnection, request: Buffer) => Promise<void>;

/** How much a server can do: a closed loop over all connections. */
export async function throughput(
  { port, requests, connections, durationMs }: HttpLoad,
  exchange: Exchange = single,
): Promise<Throughput> {
  const callers = await openConnections(port, connections);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  try {
    const answered = await closedLoop({
      callers,
      isOver: () => performance.now() >= startedAt + durationMs,
      call: (connection, index) => exchange(connection, requests.at(index % requests.length)!),
    });
    const elapsedMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return {
      perSecond: (1_000 * answered) / elapsedMs,
      generatorBusy: (user + system) / 1_000 / elapsedMs,
    };
  } finally {
    for (const connection of callers) connection.close();
  }
}

async function single(connection: HttpConnection, request: Buffer): Promise<void> {
  assertOk(await connection.request(request));
}
