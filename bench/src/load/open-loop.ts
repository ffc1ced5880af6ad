import type { Load } from './closed-loop.js';
import { assertOk, openConnections, type Answer, type Connection } from './connection.js';
import { percentile } from './statistics.js';

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Much shorter than the answers that are measured, and long enough to leave the core to the servers. */
const NAP_MS = 0.05;
/** After the last arrival; a server that is slower than this has failed. */
const PATIENCE_MS = 10_000;

/**
 * Requests arrive at a constant rate, however slow the answers are: what a caller waits. Latency counts from when a
 * request was due, so an arrival that finds no free connection waits for one at the server's expense.
 */
export async function openLoop({
  ratePerSecond,
  port,
  requests,
  connections,
  durationMs,
}: Load & { readonly ratePerSecond: number }): Promise<Latency> {
  const pool = await openConnections(port, connections);
  try {
    const arrivals = new Arrivals(pool, requests, {
      everyMs: 1_000 / ratePerSecond,
      total: Math.round((ratePerSecond * durationMs) / 1_000),
    });
    const latencies = await arrivals.run();
    return {
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
      p999: percentile(latencies, 99.9),
    };
  } finally {
    for (const connection of pool) connection.close();
  }
}

class Arrivals {
  readonly #latencies: number[] = [];
  readonly #idle: Connection[];
  readonly #startedAt = performance.now();
  #sent = 0;

  constructor(
    connections: readonly Connection[],
    private readonly requests: readonly Buffer[],
    private readonly schedule: { readonly everyMs: number; readonly total: number },
  ) {
    this.#idle = [...connections];
  }

  run(): Promise<number[]> {
    const { everyMs, total } = this.schedule;
    return new Promise((resolve, reject) => {
      const turn = () => {
        this.#sendDue(reject);
        if (this.#latencies.length === total) return resolve(this.#latencies);
        if (this.#elapsedMs() > total * everyMs + PATIENCE_MS)
          return reject(new Error('Answers are missing.'));
        nap();
        setImmediate(turn);
      };
      turn();
    });
  }

  #sendDue(reject: (error: Error) => void): void {
    while (this.#sent < this.schedule.total && this.#idle.length > 0) {
      const dueAt = this.#sent * this.schedule.everyMs;
      if (dueAt > this.#elapsedMs()) return;
      // The one that was used longest ago: a server may hang up on one that never is.
      const connection = this.#idle.shift()!;
      const answered = (answer: Answer) => {
        try {
          assertOk(answer);
        } catch (error) {
          return reject(error as Error);
        }
        this.#latencies.push(this.#elapsedMs() - dueAt);
        this.#idle.push(connection);
      };
      connection.send(this.requests[this.#sent++ % this.requests.length]!, answered, reject);
    }
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Timers count in milliseconds, as long as the answers take; spinning would take one of the servers' cores. */
function nap(): void {
  Atomics.wait(cell, 0, 0, NAP_MS);
}
