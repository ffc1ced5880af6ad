import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestListener } from 'node:http';
import { answerClientError, answerConnect, answerExpectation } from '../problems/client-error.js';
import type { Problem, ProblemCode } from '../problems/problem.js';
import {
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_BODY_BYTES,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  MAX_PATH_PARAMETER_LENGTH,
  REQUEST_TIMEOUT_MS,
  STALLED_SOCKET_MS,
  TIMEOUT_CHECK_MS,
} from '../bounds.js';
import { acceptLines, acceptOnlyJson } from '../body/json-body.js';
import { boundedServer } from './pipelining.js';
import { requestId } from './request-id.js';

export interface AdapterOptions {
  /** Default `STALLED_SOCKET_MS`; tests do not wait for as long. */
  readonly stalledSocketMs?: number;
}

const SERVER_OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  // `Entrance` asks for it, with an answer like all others.
  requireHostHeader: false,
};

/** How the service refuses. */
export interface Refusing {
  readonly answer: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
  /** Notes what is answered on a bare socket. */
  readonly count: (code: ProblemCode) => void;
  /** What to say where no route takes a method and a path. */
  readonly missing: (asked: { readonly method: string; readonly url: string }) => Problem;
}

/** Fastify with every bound set. Its own logger is off: it would make a child logger for each request. */
export function fastifyAdapter(
  refusing: Refusing,
  { stalledSocketMs = STALLED_SOCKET_MS }: AdapterOptions = {},
): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    skipMiddie: true,
    genReqId: requestId,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH },
    serverFactory: (handle: RequestListener) => {
      const server = boundedServer(SERVER_OPTIONS, handle, () => refusing.count('overloaded'));
      return server.setTimeout(stalledSocketMs);
    },
    forceCloseConnections: true,
    return503OnClosing: false,
    frameworkErrors: refusing.answer,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, refusing),
  });
  const fastify = adapter.getInstance();
  fastify.server.maxConnections = MAX_CONNECTIONS;
  // Node.js drops those beyond 2,000: what a proxy reads there has to be seen here. MAX_HEADER_BYTES bounds them.
  fastify.server.maxHeadersCount = 0;
  fastify.server.on('checkExpectation', (_request, response) => answerExpectation(response, refusing.count));
  fastify.server.on('connect', (request, socket) => answerConnect(request, socket, refusing));
  acceptOnlyJson(fastify);
  acceptLines(fastify);
  return adapter;
}
