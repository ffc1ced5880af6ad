import { performance } from 'node:perf_hooks';
import type { Load } from './closed-loop.js';
import { openConnections, type Answer, type Connection } from './connection.js';
import { percentile } from './statistics.js';

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
/** Between looks at the clock of an open loop; timers count in milliseconds. */
const ARRIVALS_EVERY_MS = 1;

/**
 * Loads a server beyond what it can do: in a closed loop (each connection sends its next request when the last one is
 * answered, whatever the answer) or, at a rate, in an open one, where requests arrive however slow the answers are.
 */
export async function goodput(
  { port, requests, connections, durationMs }: Load,
  ratePerSecond?: number,
): Promise<Goodput> {
  const pool = await openConnections(port, connections);
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  const counts = { sent: 0, good: 0, shed: 0, bad: 0 };
  const latencies: number[] = [];
  const idle: Connection[] = [];
  const count = ({ status, bytes }: Answer, sentAt: number) => {
    if (performance.now() > until) return;
    if (status === 503) counts.shed++;
    else if (status !== 200 || !bytes.includes(EXACT)) counts.bad++;
    else {
      counts.good++;
      latencies.push(performance.now() - sentAt);
    }
  };
  const send = (connection: Connection, next: () => void) => {
    const sentAt = performance.now();
    connection.send(
      requests[counts.sent++ % requests.length]!,
      (answer) => {
        count(answer, sentAt);
        next();
      },
      () => counts.bad++,
    );
  };
  const drive = (connection: Connection) => {
    if (performance.now() < until) send(connection, () => drive(connection));
  };
  const release = (connection: Connection) => void idle.push(connection);
  try {
    pool.forEach(ratePerSecond === undefined ? drive : release);
    await new Promise<void>((resolve) => {
      let due = 0;
      const timer = setInterval(() => {
        const now = performance.now();
        if (now >= until) {
          clearInterval(timer);
          return resolve();
        }
        if (ratePerSecond === undefined) return;
        const arrived = Math.floor(((now - startedAt) * ratePerSecond) / 1_000);
        for (; due < arrived && idle.length > 0; due++) {
          const connection = idle.shift()!;
          send(connection, () => release(connection));
        }
        due = arrived;
      }, ARRIVALS_EVERY_MS);
    });
    const perSecond = (value: number) => (1_000 * value) / durationMs;
    return {
      offered: ratePerSecond ?? perSecond(counts.sent),
      good: perSecond(counts.good),
      shed: perSecond(counts.shed),
      bad: perSecond(counts.bad),
      p50: latencies.length === 0 ? Infinity : percentile(latencies, 50),
      p99: latencies.length === 0 ? Infinity : percentile(latencies, 99),
    };
  } finally {
    for (const connection of pool) connection.close();
  }
}
