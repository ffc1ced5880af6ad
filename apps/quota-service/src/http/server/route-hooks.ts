import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { ANONYMOUS, type Role } from '../../config/key.js';
import type { KeyRing, Need } from '../keys/key-ring.js';
import type { Log } from '../../logging/log.js';
import { Problem } from '../problems/problem.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import { MAX_BODY_BYTES, READ_AHEAD_BYTES, REQUEST_BYTES, RETRY_AFTER_S } from '../bounds.js';
import type { Door, HoldingClass } from '../admission/door.js';
import type { Sessions } from '../sessions/sessions.js';
import type { RouteTable } from '../routes/route-table.js';
import { roleNeeded, type AdmissionClass, type RoutePolicy } from '../routes/route.decorator.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends it: the actor of its key, `anonymous` until a route has looked at it. */
    actor: string;
    /** The role of its admin key. */
    role: Role | undefined;
    /** It came in by the door, and is counted until it is answered. */
    isInFlight: boolean;
    /** Bytes of its body that the door counts. */
    heldBytes: number;
  }
}

interface Guards {
  readonly keys: KeyRing;
  readonly sessions: Sessions;
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
  fastify.decorateRequest('actor', ANONYMOUS);
  fastify.decorateRequest('role', undefined);
  fastify.decorateRequest('isInFlight', false);
  fastify.decorateRequest('heldBytes', 0);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (guards.lifecycle.isLeaving) reply.header('connection', 'close');
    // Before Fastify looks for a body, and finds that it has the wrong type, is missing or is broken.
    done(request.is404 ? guards.routes.missing(request) : undefined);
  });
  fastify.addHook('onRoute', (route) => {
    guards.routes.add(route);
    guard(route, guards);
  });
}

function guard(route: RouteOptions, { keys, sessions, door, log }: Guards): void {
  const policy = policyOf(route);
  const { access, maxBodyBytes, hot, admission = access === 'admin' ? 'never' : 'checks' } = policy;
  const need: Need = { access, role: roleNeeded(policy) };
  if (maxBodyBytes !== undefined) route.bodyLimit = maxBodyBytes;
  route.onRequest = (request, reply, done) => {
    const { authorization, cookie } = request.headers;
    const bySession =
      authorization === undefined && cookie !== undefined && !keys.isEmpty
        ? sessions.identify(request, reply, need)
        : undefined;
    const { actor, role, refusal } = bySession ?? keys.identify(authorization, need);
    request.actor = actor;
    request.role = role;
    if (refusal) return done(refusal);
    // Open routes show operators that this node is leaving, until it has left.
    if (door.inFlight.isShut && access !== 'open') return done(SHUTTING_DOWN);
    const { socket } = request.raw;
    request.isInFlight = true;
    door.inFlight.enter(socket);
    door.enter(admission, {
      socket,
      fairnessKey: actor,
      admit: () => {
        if (admission === 'large-bodies')
          hold(door, request, 'large-bodies', announcedBytes(request, maxBodyBytes));
        done();
      },
      shed: () => done(OVERLOADED),
      waitingBytes: admission === 'batches' ? waitingBytes(request, maxBodyBytes) : 0,
    });
  };
  if (admission === 'batches') route.preParsing = holdArriving(door);
  route.onResponse = leave({ door, admission, url: route.url, logs: accessLog(log, hot) });
}

/** The most that a body can be: a server reads no more of it than was announced, nor than the route takes. */
function announcedBytes({ headers }: FastifyRequest, maxBodyBytes = MAX_BODY_BYTES): number {
  return Math.min(Number(headers['content-length'] ?? maxBodyBytes), maxBodyBytes);
}

/** What a request whose body is not asked for takes. */
function waitingBytes(request: FastifyRequest, maxBodyBytes: number | undefined): number {
  return REQUEST_BYTES + Math.min(announcedBytes(request, maxBodyBytes), READ_AHEAD_BYTES);
}

function hold(door: Door, request: FastifyRequest, admission: HoldingClass, bytes: number): void {
  request.heldBytes += bytes;
  door.heldBytes[admission].hold(request.raw.socket, bytes);
}

/** Counts the bytes of a body as they arrive, and lets it wait where there are too many. */
function holdArriving(door: Door): NonNullable<RouteOptions['preParsing']> {
  return (request, _reply, payload, done) => {
    door.arriving.follow(request.raw, (bytes) => hold(door, request, 'batches', bytes));
    done(null, payload);
  };
}

interface Leaving {
  readonly door: Door;
  readonly admission: AdmissionClass;
  readonly url: string;
  readonly logs: ((line: object) => void) | undefined;
}

function leave({ door, admission, url, logs }: Leaving): NonNullable<RouteOptions['onResponse']> {
  return (request, reply, done) => {
    const { socket } = request.raw;
    if (request.isInFlight) door.leave({ socket, fairnessKey: request.actor });
    if (request.heldBytes > 0) door.heldBytes[admission as HoldingClass].release(socket, request.heldBytes);
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
    traceId: request.traceId,
    actor: request.actor,
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
