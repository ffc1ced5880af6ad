import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;
const STATUS_AT = 'HTTP/1.1 '.length;

/** An answer as it came: its status, and all of its bytes. */
export interface HttpAnswer {
  readonly status: number;
  readonly bytes: Buffer;
  /** Where the body begins in `bytes`. */
  readonly bodyAt: number;
}

interface Pending {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One keep-alive HTTP/1.1 connection with one request at a time, and nothing else: it must cost little beside the
 * servers that share the machine with it. Requests are whole messages as bytes.
 */
export class HttpConnection {
  #partial: Buffer | undefined;
  #pending: Pending | undefined;
  #failure: Error | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server closed a connection.')));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  /** @throws Error where the connection ends before the whole answer has arrived; then it is of no more use. */
  request(bytes: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#pending = { resolve, reject };
      this.socket.write(bytes);
    });
  }

  /** A request that is under way is rejected. */
  close(): void {
    this.#fail(new Error('The caller closed a connection.'));
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#partial ? Buffer.concat([this.#partial, chunk]) : chunk;
    const headerEnd = bytes.indexOf(HEADER_END);
    this.#partial = bytes;
    if (headerEnd < 0) return;
    const header = bytes.toString('latin1', 0, headerEnd);
    const length = CONTENT_LENGTH.exec(header)?.[1];
    if (length === undefined) return this.#fail(new Error(`No content-length: ${header}`));
    const bodyAt = headerEnd + HEADER_END.length;
    if (bytes.length < bodyAt + Number(length)) return;
    this.#partial = undefined;
    this.#pending?.resolve({ status: Number(header.slice(STATUS_AT, STATUS_AT + 3)), bytes, bodyAt });
    this.#pending = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#pending?.reject(error);
    this.#pending = undefined;
  }
}

export function openConnections(port: number, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)));
}

/** A `POST` of JSON as the bytes that travel. */
export function postRequest(path: string, body: unknown): Buffer {
  return jsonRequest('POST', path, body);
}

export function jsonRequest(method: 'POST' | 'PUT', path: string, body: unknown): Buffer {
  const text = JSON.stringify(body);
  const header = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${text}`);
}
