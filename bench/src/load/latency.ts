import { openConnections, type HttpConnection } from '../../../test/support/http-connection.js';
import { openLoop } from '../../../test/support/open-loop.js';
import { percentile } from '../../../test/support/percentile.js';
import { assertOk, type HttpLoad } from './http-load.js';

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** After the last arrival; a server that is slower than this has failed. */
const PATIENCE_MS = 10_000;

/**
 * What a caller waits: an open loop. Latency counts from when a request was due, so an arrival that finds no free
 * connection waits for one at the server's expense.
 */
export async function latency({
  ratePerSecond,
  port,
  requests,
  connections,
  durationMs,
}: HttpLoad & { readonly ratePerSecond: number }): Promise<Latency> {
  const opened = await openConnections(port, connections);
  const pool = new Pool(opened);
  const end = new AbortController();
  const ask = async (index: number) => {
    const connection = pool.take() ?? (await pool.next());
    try {
      assertOk(await connection.request(requests.at(index % requests.length)!));
    } catch (error) {
      end.abort();
      throw error;
    } finally {
      pool.release(connection);
    }
  };
  try {
    const latencies = new Float64Array(Math.round((ratePerSecond * durationMs) / 1_000));
    let answers = 0;
    const { errors } = await openLoop({
      ratePerSecond,
      durationMs,
      pace: 'nap',
      patienceMs: PATIENCE_MS,
      signal: end.signal,
      call: ask,
      answered: ({ latencyMs }) => (latencies[answers++] = latencyMs),
    });
    if (errors.length > 0) throw errors[0];
    const answered = latencies.subarray(0, answers);
    const [p50, p99, p999] = [50, 99, 99.9].map((percent) => percentile(answered, percent));
    return { p50: p50!, p99: p99!, p999: p999! };
  } finally {
    for (const connection of opened) connection.close();
  }
}

/** Free connections; what finds none waits for the next one, in the order of arrival. */
class Pool {
  readonly #idle: HttpConnection[];
  readonly #waiting: ((connection: HttpConnection) => void)[] = [];

  constructor(connections: readonly HttpConnection[]) {
    this.#idle = [...connections];
  }

  /** The one that was used longest ago: a server may hang up on one that never is. */
  take(): HttpConnection | undefined {
    return this.#idle.shift();
  }

  next(): Promise<HttpConnection> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(connection: HttpConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }
}
