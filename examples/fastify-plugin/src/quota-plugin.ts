import { type Amounts, type Decision, type Quota, retryAt, type Subject } from '@sundial/client';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';

/** What a route says in its `config.limit`. */
interface RouteLimit {
  readonly resource: string;
  readonly subject: (request: FastifyRequest) => Subject;
  /** What the operation takes of meters beside `units`. */
  readonly amounts?: (request: FastifyRequest) => Amounts;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    limit?: RouteLimit;
  }
  interface FastifyInstance {
    readonly quota: Quota;
  }
  interface FastifyRequest {
    /** Of a route with a limit, from its `preHandler` on. */
    decision: Decision | null;
  }
}

export interface QuotaPluginOptions {
  /** A `QuotaClient`, or an engine in this process. */
  readonly quota: Quota;
}

const register: FastifyPluginAsync<QuotaPluginOptions> = async (app, { quota }) => {
  app.decorate('quota', quota);
  app.decorateRequest('decision', null);
  // After the validation of the body, so that a request that is refused anyway is not counted.
  app.addHook('preHandler', async (request, reply) => {
    const { limit } = request.routeOptions.config;
    if (!limit) return;
    const { resource, subject, amounts } = limit;
    request.decision = await quota.check({
      resource,
      subject: subject(request),
      ...(amounts && { amounts: amounts(request) }),
    });
    if (!request.decision.allowed) return refuse(reply, request.decision);
  });
};

/** Gives routes a limit by their `config`, and the application a `quota`. */
export const quotaPlugin = plugin(register, { name: 'sundial-quota', fastify: '5.x' });

function refuse(reply: FastifyReply, decision: Decision): FastifyReply {
  const at = retryAt(decision);
  if (at) void reply.header('retry-after', Math.ceil((at.getTime() - Date.now()) / 1_000));
  return reply.code(429).send({ reason: decision.reason, ...decision.onDeny });
}
