import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_REQUESTS_A_READ } from '../bounds.js';

/** What was read of a socket, and how many requests came of the last read. */
interface Read {
  bytes: number;
  requests: number;
}

/**
 * A server that ends sockets that send too many requests at once. Node.js parses all requests that one read of 64 KiB
 * brings, 2,400 of the shortest, before anything else has its turn, and nothing can stop it in between. So such a socket
 * has one read: what is beyond the bound in it is not handled, and no more is read.
 */
export function boundedServer(
  options: ServerOptions,
  handle: RequestListener,
  onEnded: (socket: Socket) => void,
): Server {
  const reads = new WeakMap<Socket, Read>();
  return createServer(options, (request, response) => {
    const { socket } = request;
    const bytes = socket.bytesRead;
    const read = reads.get(socket);
    if (read === undefined) reads.set(socket, { bytes, requests: 1 });
    else if (read.bytes !== bytes) [read.bytes, read.requests] = [bytes, 1];
    else if (++read.requests > MAX_REQUESTS_A_READ) {
      if (socket.destroyed) return;
      socket.destroy();
      return onEnded(socket);
    }
    handle(request, response);
  });
}
