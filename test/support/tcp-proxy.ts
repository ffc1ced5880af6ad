import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { freePort } from './free-port.js';
import { ProxiedStream, type Toxic } from './proxied-stream.js';

/** Which way bytes travel: what the client sends, or what the server answers. */
export type Direction = 'requests' | 'replies';

interface ProxiedConnection {
  readonly client: Socket;
  readonly server: Socket;
  readonly streams: readonly ProxiedStream[];
}

const HEALTHY: Toxic = { delayMs: 0, jitterMs: 0, swallow: false, bytesPerSecond: Infinity };

/**
 * A proxy in front of a loopback port whose faults change while connections are open. A fault holds for open
 * and for new connections until `heal`.
 */
export class TcpProxy {
  readonly #connections = new Set<ProxiedConnection>();
  readonly #toxics: Record<Direction, Toxic> = { requests: HEALTHY, replies: HEALTHY };
  #listener: Server | undefined;

  private constructor(
    readonly port: number,
    private readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), targetPort);
    await proxy.#listen();
    return proxy;
  }

  /** Delays every chunk by `ms`, give or take the jitter, and keeps the order; replies unless `direction` says otherwise. */
  latency(ms: number, { jitterMs = 0, direction = 'replies' as Direction } = {}): void {
    this.#toxics[direction] = { ...HEALTHY, delayMs: ms, jitterMs };
  }

  /** Lets replies through a few bytes at a time. */
  trickle(bytesPerSecond: number): void {
    this.#toxics.replies = { ...HEALTHY, bytesPerSecond };
  }

  /** Swallows all bytes: connections stay open, new ones are accepted, and nothing ever answers. */
  blackHole(): void {
    this.dropRequests();
    this.dropReplies();
  }

  /** Swallows what clients send, and lets through what the server answers. */
  dropRequests(): void {
    this.#toxics.requests = { ...HEALTHY, swallow: true };
  }

  /** Lets requests through and swallows what the server answers. */
  dropReplies(): void {
    this.#toxics.replies = { ...HEALTHY, swallow: true };
  }

  /** Leaves every open connection half-open: the server's end is gone, and the client gets no sign of it. New ones are accepted. */
  strand(): void {
    for (const { server, streams } of this.#connections) {
      for (const stream of streams) stream.numb();
      server.resetAndDestroy();
    }
  }

  /** Cuts every open connection with a TCP reset; new ones are welcome. */
  reset(): void {
    for (const connection of this.#connections) cut(connection);
  }

  /** Stops listening, so that new connections are refused; open ones live on. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Ends every fault. A connection that lost bytes is reset, since no network resumes a stream with a hole. */
  async heal(): Promise<void> {
    this.#toxics.requests = this.#toxics.replies = HEALTHY;
    for (const connection of this.#connections) {
      if (connection.streams.some(({ hasHole }) => hasHole)) cut(connection);
    }
    if (!this.#listener) await this.#listen();
  }

  stop(): void {
    this.refuse();
    this.reset();
  }

  async #listen(): Promise<void> {
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#listener.listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const streams = [
      new ProxiedStream(client, server, () => this.#toxics.requests),
      new ProxiedStream(server, client, () => this.#toxics.replies),
    ];
    const connection = { client, server, streams };
    this.#connections.add(connection);
    const forget = () => client.destroyed && server.destroyed && this.#connections.delete(connection);
    client.once('close', forget);
    server.once('close', forget);
  }
}

function cut({ client, server }: ProxiedConnection): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}
