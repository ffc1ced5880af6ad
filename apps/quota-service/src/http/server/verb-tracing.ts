import { type Context, context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { answerAttributes, callAttributes, traceIdIn, verbSpans } from '@sundial/tracing';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RoutePolicy } from '../routes/route.decorator.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of the verb that it asks; null where the process traces nothing. */
    traced: { readonly span: Span; readonly context: Context } | null;
    /** Of the problem that it was answered with. */
    problemCode: string | null;
    /** Of the trace that it is part of: that of its span, else the one that its caller has named. */
    readonly traceId: string | undefined;
  }
}

/**
 * Makes a span of each request that asks a verb, from when its headers have arrived until it is answered, and makes it the
 * active one for what decides. Where no SDK was registered before the service was made there is no hook at all.
 */
export function traceVerbs(fastify: FastifyInstance): void {
  fastify.decorateRequest('traced', null);
  fastify.decorateRequest('problemCode', null);
  fastify.decorateRequest('traceId', { getter: traceIdOf });
  const spans = verbSpans('server');
  if (!spans) return;
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { verb } = request.routeOptions.config as Partial<RoutePolicy>;
    if (verb) {
      const parent = spans.parentOf(request.headers);
      const span = spans.begin(verb, parent);
      request.traced = { span, context: trace.setSpan(parent, span) };
    }
    done();
  });
  // Not earlier: what reads a body runs in the context of its socket.
  fastify.addHook('preValidation', ({ traced }, _reply, done) => {
    if (traced) context.with(traced.context, done);
    else done();
  });
  fastify.addHook('preSerialization', ({ traced, body }, _reply, payload, done) => {
    traced?.span.setAttributes({ ...callAttributes(asked(body)), ...answerAttributes(payload) });
    done(null, payload);
  });
  fastify.addHook('onResponse', ({ traced, problemCode }, { statusCode }, done) => {
    if (traced) end(traced.span, statusCode, problemCode);
    done();
  });
}

function traceIdOf(this: FastifyRequest): string | undefined {
  return this.traced ? this.traced.span.spanContext().traceId : traceIdIn(this.headers.traceparent);
}

/** Of a body that was answered. A decision does not say its resource, nor a refund its operation. */
function asked(body: unknown): Parameters<typeof callAttributes>[0] {
  return body ?? {};
}

function end(span: Span, status: number, code: string | null): void {
  span.setAttribute('http.response.status_code', status);
  if (code !== null) span.setAttribute('error.type', code);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
