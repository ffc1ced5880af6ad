import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop } from '../../../test/support/closed-loop.js';
import {
  openConnections,
  type HttpAnswer,
  type HttpConnection,
} from '../../../test/support/http-connection.js';
import { openLoop } from '../../../test/support/open-loop.js';
import { percentile } from '../../../test/support/percentile.js';
import type { HttpLoad, Requests } from './http-load.js';

/** What became of requests that were more than a server could answer. All of them a second. */
export interface Goodput {
  /** That wanted to be sent; what finds no free connection is never sent. */
  readonly offered: number;
  /** Decided by the store. */
  readonly good: number;
  /** Answered with 503. */
  readonly shed: number;
  /** Decided without the store, answered with anything else, or not answered at all. */
  readonly bad: number;
  /** Milliseconds from sending to a good answer. */
  readonly p50: number;
  readonly p99: number;
}

const EXACT = Buffer.from('"degraded":null');

/**
 * Loads a server beyond what it can do: in a closed loop (each connection sends its next request when the last one is
 * answered, whatever the answer) or, at a rate, in an open one, where requests arrive however slow the answers are.
 */
export async function goodput(
  { port, requests, connections, durationMs }: HttpLoad,
  ratePerSecond?: number,
): Promise<Goodput> {
  const pool = await openConnections(port, connections);
  const tally = new Tally(requests);
  const load =
    ratePerSecond === undefined
      ? everyConnectionAgain(pool, tally)
      : arrivingAt(ratePerSecond, pool, tally, durationMs);
  try {
    await Promise.race([load, sleep(durationMs)]);
    return tally.perSecond(durationMs, ratePerSecond);
  } finally {
    tally.isOver = true;
    for (const connection of pool) connection.close();
    await load;
  }
}

async function everyConnectionAgain(pool: readonly HttpConnection[], tally: Tally): Promise<void> {
  const drive = (connection: HttpConnection) =>
    closedLoop({
      callers: [connection],
      isOver: () => tally.isOver,
      call: (caller) => tally.ask(caller),
    }).catch(() => undefined);
  await Promise.all(pool.map(drive));
}

async function arrivingAt(
  ratePerSecond: number,
  pool: readonly HttpConnection[],
  tally: Tally,
  durationMs: number,
): Promise<void> {
  const idle = [...pool];
  const call = async () => {
    const connection = idle.shift();
    if (!connection) return;
    await tally.ask(connection);
    idle.push(connection);
  };
  await openLoop({ ratePerSecond, durationMs, call });
}

/** Sends requests in turn, and counts their answers until it is over. */
class Tally {
  isOver = false;
  #sent = 0;
  #good = 0;
  #shed = 0;
  #bad = 0;
  readonly #latencies: number[] = [];

  constructor(private readonly requests: Requests) {}

  /** @throws Error where no answer came: the connection is of no more use. */
  async ask(connection: HttpConnection): Promise<void> {
    const sentAt = performance.now();
    try {
      this.#count(await connection.request(this.requests.at(this.#sent++ % this.requests.length)!), sentAt);
    } catch (error) {
      if (!this.isOver) this.#bad++;
      throw error;
    }
  }

  perSecond(durationMs: number, offered?: number): Goodput {
    const rate = (value: number) => (1_000 * value) / durationMs;
    const latency = (percent: number) =>
      this.#latencies.length === 0 ? Infinity : percentile(this.#latencies, percent);
    return {
      offered: offered ?? rate(this.#sent),
      good: rate(this.#good),
      shed: rate(this.#shed),
      bad: rate(this.#bad),
      p50: latency(50),
      p99: latency(99),
    };
  }

  #count({ status, bytes }: HttpAnswer, sentAt: number): void {
    if (this.isOver) return;
    if (status === 503) this.#shed++;
    else if (status !== 200 || !bytes.includes(EXACT)) this.#bad++;
    else {
      this.#good++;
      this.#latencies.push(performance.now() - sentAt);
    }
  }
}
