import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;
const STATUS_AT = 'HTTP/1.1 '.length;

/** An answer as it came: its status, and all of its bytes. */
export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Anything but a 200 is an error where speed is measured, since a bench that measures errors measures nothing. */
export function assertOk({ status, bytes }: Answer): void {
  if (status !== 200) throw new Error(`Not a 200: ${bytes.toString()}`);
}

/**
 * One keep-alive HTTP/1.1 connection with one request at a time, and nothing else: it must cost little beside the
 * servers it shares two cores with. Requests are whole messages as bytes.
 */
export class Connection {
  #partial: Buffer | undefined;
  #answered: (answer: Answer) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('The server closed a connection.')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  send(request: Buffer, answered: (answer: Answer) => void, failed: (error: Error) => void): void {
    this.#answered = answered;
    this.#failed = failed;
    this.socket.write(request);
  }

  close(): void {
    this.#failed = () => undefined;
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#partial ? Buffer.concat([this.#partial, chunk]) : chunk;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd >= 0) {
      const head = bytes.toString('latin1', 0, headEnd);
      const length = CONTENT_LENGTH.exec(head)?.[1];
      if (length === undefined) return this.#failed(new Error(`No content-length: ${head}`));
      if (bytes.length >= headEnd + HEAD_END.length + Number(length)) {
        this.#partial = undefined;
        return this.#answered({ status: Number(head.slice(STATUS_AT, STATUS_AT + 3)), bytes });
      }
    }
    this.#partial = bytes;
  }
}

export function openConnections(port: number, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(port)));
}

/** A `POST` of JSON as the bytes that travel. */
export function postRequest(path: string, body: unknown): Buffer {
  return jsonRequest('POST', path, body);
}

export function jsonRequest(method: 'POST' | 'PUT', path: string, body: unknown): Buffer {
  const text = JSON.stringify(body);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
}
