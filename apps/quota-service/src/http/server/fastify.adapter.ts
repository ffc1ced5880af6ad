import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerClientError, answerExpectation } from '../problems/client-error.js';
import type { ProblemCode } from '../problems/problem.js';
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
import { acceptOnlyJson } from '../body/json-body.js';
import { requestId } from './request-id.js';

export interface AdapterOptions {
  /** Default `STALLED_SOCKET_MS`; tests do not wait for as long. */
  readonly stalledSocketMs?: number;
}

/** Fastify with every bound set. Its own logger is off: it would make a child logger for each request. */
export function fastifyAdapter(
  onRefused: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void,
  count: (code: ProblemCode) => void,
  { stalledSocketMs = STALLED_SOCKET_MS }: AdapterOptions = {},
): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    skipMiddie: true,
    genReqId: requestId,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: stalledSocketMs,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // `Entrance` asks for it, with an answer like all others.
      requireHostHeader: false,
    },
    forceCloseConnections: true,
    return503OnClosing: false,
    frameworkErrors: onRefused,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, count),
  });
  const fastify = adapter.getInstance();
  fastify.server.maxConnections = MAX_CONNECTIONS;
  // Node.js drops those beyond 2,000: what a proxy reads there has to be seen here. MAX_HEADER_BYTES bounds them.
  fastify.server.maxHeadersCount = 0;
  fastify.server.on('checkExpectation', (_request, response) => answerExpectation(response, count));
  acceptOnlyJson(fastify);
  return adapter;
}
