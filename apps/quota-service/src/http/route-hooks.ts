import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { KeyRing } from '../keys/key-ring.js';
import type { Log } from '../logging/log.js';
import { Problem } from '../problems/problem.js';
import type { Lifecycle } from '../shutdown/lifecycle.js';
import { RETRY_AFTER_S } from './bounds.js';
import type { Door } from './door.js';
import type { RouteTable } from './route-table.js';
import type { RoutePolicy } from './route.decorator.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** It came in by the door, and is counted until it is answered. */
    isInFlight: boolean;
    /** Bytes of its body that the door was told of. */
    heldBytes: number;
  }
}

interface Guards {
  readonly keys: KeyRing;
  readonly door: Door;
  readonly lifecycle: Lifecycle;
  readonly routes: RouteTable;
  readonly log: Log;
}

/**
 * Makes every route's policy true: keys and admission are looked at when only the headers have arrived, so that no caller
 * can make this node read a body it will refuse. These are hooks and not Nest guards for that reason.
 */
export function guardRoutes(fastify: FastifyInstance, guards: Guards): void {
  fastify.decorateRequest('isInFlight', false);
  fastify.decorateRequest('heldBytes', 0);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (guards.lifecycle.isLeaving) reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onRoute', (route) => {
    guards.routes.add(route);
    guard(route, guards);
  });
}

function guard(route: RouteOptions, { keys, door, log }: Guards): void {
  const { access, maxBodyBytes, hot, admission = access === 'admin' ? 'never' : 'checks' } = policyOf(route);
  if (maxBodyBytes !== undefined) route.bodyLimit = maxBodyBytes;
  route.onRequest = (request, _reply, done) => {
    const refusal = keys.refusal(request.headers.authorization, access);
    if (refusal) return done(refusal);
    // What is open tells operators that this node is leaving, until it has left.
    if (door.inFlight.isShut && access !== 'open') return done(SHUTTING_DOWN);
    const { socket } = request.raw;
    request.isInFlight = true;
    door.inFlight.enter(socket);
    door.enter(admission, {
      socket,
      fairnessKey: keyOf(request),
      admit: done,
      shed: () => done(OVERLOADED),
    });
  };
  if (admission === 'batches') route.preParsing = holdBytes(door);
  route.onResponse = leave(door, route.url, accessLog(log, hot));
}

/** Callers are told apart by their keys. */
function keyOf({ headers }: FastifyRequest): string {
  return headers.authorization ?? '';
}

/** Tells the door of the bytes of a body as they arrive. */
function holdBytes(door: Door): NonNullable<RouteOptions['preParsing']> {
  return (request, _reply, payload, done) => {
    payload.on('data', (chunk: Buffer) => {
      request.heldBytes += chunk.length;
      door.holdBatchBytes(chunk.length);
    });
    done(null, payload);
  };
}

function leave(
  door: Door,
  url: string,
  logs: ((line: object) => void) | undefined,
): NonNullable<RouteOptions['onResponse']> {
  return (request, reply, done) => {
    if (request.isInFlight) door.leave({ socket: request.raw.socket, fairnessKey: keyOf(request) });
    if (request.heldBytes > 0) door.holdBatchBytes(-request.heldBytes);
    logs?.(accessLine(request, reply, url));
    done();
  };
}

function accessLog(log: Log, isHot: boolean | undefined): ((line: object) => void) | undefined {
  const level = isHot ? 'debug' : 'info';
  return log.isLevelEnabled(level) ? (line) => log[level](line, 'answered') : undefined;
}

function accessLine(request: FastifyRequest, reply: FastifyReply, route: string): object {
  return {
    reqId: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    ms: reply.elapsedTime,
  };
}

const LATER = { headers: { 'retry-after': String(RETRY_AFTER_S) } };
/** Made once: turning a request away must cost less than serving it. */
const OVERLOADED = new Problem(
  'overloaded',
  'This node has more requests than it can answer in time: try again later, or another node.',
  LATER,
);
const SHUTTING_DOWN = new Problem('shutting-down', 'This node is shutting down: try another one.', LATER);

/** `/openapi.json` comes from a library and declares nothing. */
function policyOf({ config, url }: RouteOptions): RoutePolicy {
  const policy = config as Partial<RoutePolicy> | undefined;
  return { ...policy, access: policy?.access ?? (url === '/openapi.json' ? 'open' : 'admin') };
}
