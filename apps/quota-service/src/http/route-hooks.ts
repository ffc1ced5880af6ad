import type { FastifyInstance, RouteOptions } from 'fastify';
import type { KeyRing } from '../keys/key-ring.js';
import type { Log } from '../logging/log.js';
import type { Lifecycle } from '../shutdown/lifecycle.js';
import type { Gate, Gates } from './gate.js';
import type { RouteTable } from './route-table.js';
import type { RoutePolicy } from './route.decorator.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The gate this request holds a place in, if any. */
    gate: Gate | null;
  }
}

interface Guards {
  readonly keys: KeyRing;
  readonly gates: Gates;
  readonly lifecycle: Lifecycle;
  readonly routes: RouteTable;
  readonly log: Log;
}

/**
 * Makes every route's policy true: keys and gates are looked at when only the headers have arrived, so that nobody
 * can make this node read a body it will refuse. These are hooks and not Nest guards for that reason.
 */
export function guardRoutes(fastify: FastifyInstance, guards: Guards): void {
  fastify.decorateRequest('gate', null);
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

function guard(route: RouteOptions, { keys, gates, log }: Guards): void {
  const { access, maxBodyBytes, heavy, hot } = policyOf(route);
  const gate = heavy ? gates.heavy : gates.light;
  if (maxBodyBytes !== undefined) route.bodyLimit = maxBodyBytes;
  if (access !== 'open') {
    route.onRequest = (request, _reply, done) => {
      const refusal = keys.refusal(request.headers.authorization, access) ?? gate.enter(request.raw.socket);
      if (refusal) return done(refusal);
      request.gate = gate;
      done();
    };
  }
  const level = hot ? 'debug' : 'info';
  const logs = log.isLevelEnabled(level);
  route.onResponse = (request, reply, done) => {
    request.gate?.leave(request.raw.socket);
    if (logs) {
      const line = {
        reqId: request.id,
        method: request.method,
        route: route.url,
        status: reply.statusCode,
        ms: reply.elapsedTime,
      };
      log[level](line, 'answered');
    }
    done();
  };
}

/** `/openapi.json` comes from a library and declares nothing. */
function policyOf({ config, url }: RouteOptions): RoutePolicy {
  const policy = config as Partial<RoutePolicy> | undefined;
  return { ...policy, access: policy?.access ?? (url === '/openapi.json' ? 'open' : 'admin') };
}
