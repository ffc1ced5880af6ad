import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answer } from './history.js';
import type { Operation } from './load.js';

const HEAD_END = '\r\n\r\n';

/** One keep-alive connection with one check at a time. It costs little, so that hundreds overload a node and not this process. */
export class FloodConnection {
  #received = '';
  #answered: (answer: Answer) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    socket.on('close', () => this.#fail('closed'));
  }

  static async open(port: number): Promise<FloodConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new FloodConnection(socket);
  }

  /** Never rejects. */
  check(operation: Operation): Promise<Answer> {
    if (this.socket.destroyed) return Promise.resolve({ kind: 'unanswered', why: 'closed' });
    const body = JSON.stringify(operation);
    const head = `POST /check HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.socket.write(`${head}${HEAD_END}${body}`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1]);
    const from = headEnd + HEAD_END.length;
    if (headEnd < 0 || Buffer.byteLength(this.#received.slice(from)) < length) return;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(from);
    this.#received = '';
    this.#answered(
      status === 200 ? { kind: 'decided', decision: JSON.parse(body) } : { kind: 'failed', status },
    );
  }

  #fail(why: string): void {
    this.#answered({ kind: 'unanswered', why });
  }
}
