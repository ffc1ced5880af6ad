import { assertOk, openConnections, type Answer } from './connection.js';

export interface Load {
  readonly port: number;
  /** Sent over and over, in turn. */
  readonly requests: readonly Buffer[];
  readonly connections: number;
  readonly durationMs: number;
}

export interface Throughput {
  readonly perSecond: number;
  /** Of this process, as a share of one core: near 1, the generator was the bottleneck and not the server. */
  readonly generatorBusy: number;
}

/** Every connection sends its next request as soon as the last one is answered: how much a server can do. */
export async function closedLoop({ port, requests, connections, durationMs }: Load): Promise<Throughput> {
  const pool = await openConnections(port, connections);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  let [sent, answered] = [0, 0];
  const drive = (connection: (typeof pool)[number]) =>
    new Promise<void>((resolve, reject) => {
      const next = () => connection.send(requests[sent++ % requests.length]!, onAnswer, reject);
      const onAnswer = (answer: Answer) => {
        try {
          assertOk(answer);
        } catch (error) {
          return reject(error as Error);
        }
        answered++;
        if (performance.now() < until) next();
        else resolve();
      };
      next();
    });
  try {
    await Promise.all(pool.map(drive));
    const elapsedMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return {
      perSecond: (1_000 * answered) / elapsedMs,
      generatorBusy: (user + system) / 1_000 / elapsedMs,
    };
  } finally {
    for (const connection of pool) connection.close();
  }
}
