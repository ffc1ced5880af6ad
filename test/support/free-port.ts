import { createServer } from 'node:net';

/**
 * Below every system's ephemeral range: a port of that range may be taken by an outgoing connection while its
 * server is down, and a client that reconnects to it may even reach itself.
 */
const LOWEST = 12_000;
/** Each Jest worker has a slice of its own, since a server takes a while to listen on the port it was given. */
const SLICE = 1_000;
const SLICES = 10;

const given = new Set<number>();

/** A loopback port that no server listens on, nor on the ports at `offsets` from it; given once in a test file. */
export async function freePort(...offsets: readonly number[]): Promise<number> {
  const worker = Number(process.env.JEST_WORKER_ID ?? '1');
  for (;;) {
    const port = LOWEST + (worker % SLICES) * SLICE + Math.floor(Math.random() * SLICE);
    if (given.has(port)) continue;
    const free = await Promise.all([0, ...offsets].map((offset) => isFree(port + offset)));
    if (!free.every(Boolean)) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
