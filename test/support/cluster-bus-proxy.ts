import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';

/** Where a packet of the Cluster bus names its sender (`clusterMsg` in Redis' cluster.h). */
const SENDER_AT = 40;
const SENDER_LENGTH = 40;

interface Link {
  readonly sender: string;
  readonly sockets: readonly [Socket, Socket];
}

/**
 * Stands before the bus port of one node of a Cluster, which announces this port instead. Every link to the node
 * begins with a packet that names its sender, so links can be cut by who made them: a real partition.
 */
export class ClusterBusProxy {
  readonly #links = new Set<Link>();
  readonly #server: Server;
  #isWelcome: (sender: string) => boolean = () => true;

  private constructor(
    readonly port: number,
    private readonly targetPort: number,
  ) {
    this.#server = createServer((incoming) => this.#accept(incoming));
  }

  static async start(targetPort: number): Promise<ClusterBusProxy> {
    const proxy = new ClusterBusProxy(await freePort(), targetPort);
    proxy.#server.listen(proxy.port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** From now on only these nodes, named by their ids, have a link to this one. */
  admit(isWelcome: (sender: string) => boolean): void {
    this.#isWelcome = isWelcome;
    for (const { sender, sockets } of this.#links) {
      if (!isWelcome(sender)) sockets.forEach((socket) => socket.destroy());
    }
  }

  stop(): void {
    this.#server.close();
    this.admit(() => false);
  }

  #accept(incoming: Socket): void {
    let first = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      first = Buffer.concat([first, chunk]);
      if (first.length < SENDER_AT + SENDER_LENGTH) return;
      incoming.off('data', read);
      this.#join(incoming, first);
    };
    incoming.on('data', read);
    incoming.on('error', () => undefined);
  }

  #join(incoming: Socket, first: Buffer): void {
    const sender = first.toString('latin1', SENDER_AT, SENDER_AT + SENDER_LENGTH);
    if (!this.#isWelcome(sender)) {
      incoming.destroy();
      return;
    }
    const outgoing = connect(this.targetPort, '127.0.0.1');
    const link: Link = { sender, sockets: [incoming, outgoing] };
    this.#links.add(link);
    outgoing.on('error', () => undefined);
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => {
      incoming.destroy();
      this.#links.delete(link);
    });
    outgoing.write(first);
    incoming.pipe(outgoing).pipe(incoming);
  }
}
