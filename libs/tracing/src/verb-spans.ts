import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { registeredTracer } from './registered-tracer.js';
import { answerAttributes, callAttributes, type TracedCall } from './span-attributes.js';
import { lastOf } from './trace-parent.js';

/** `client`: of a verb that is asked of a service; `server`: of one that is answered there; `inside`: in the process. */
const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER, inside: SpanKind.INTERNAL };

/** Undefined where the process has no SDK registered: then nothing is to be done at all. */
export function verbSpans(kind: keyof typeof KINDS): VerbSpans | undefined {
  const tracer = registeredTracer();
  return tracer && new VerbSpans(tracer, KINDS[kind]);
}

/** One span a verb, a child of the span that is active when the verb is called. */
export class VerbSpans {
  constructor(
    private readonly tracer: Tracer,
    private readonly kind: SpanKind,
  ) {}

  /** A verb, with its span active, so that what it asks of others carries its context. A refusal is an answer, no error. */
  async run<T>(call: TracedCall, run: () => Promise<T>): Promise<T> {
    const span = this.begin(call.verb, context.active(), callAttributes(call));
    try {
      const answer = await context.with(trace.setSpan(context.active(), span), run);
      span.setAttributes(answerAttributes(answer));
      return answer;
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  begin(verb: TracedCall['verb'], parent: Context, attributes: Attributes = {}): Span {
    return this.tracer.startSpan(`sundial.${verb}`, { kind: this.kind, attributes }, parent);
  }

  /** The context in which a request came: that of a span which an instrumentation has begun for it, else its headers'. */
  parentOf(headers: Readonly<Record<string, unknown>>): Context {
    const active = context.active();
    if (trace.getSpan(active)) return active;
    const { traceparent } = headers;
    const carrier =
      typeof traceparent === 'string' ? { ...headers, traceparent: lastOf(traceparent) } : headers;
    return propagation.extract(active, carrier);
  }

  /** Headers by which a service continues the trace that is active, such as `traceparent`. */
  headers(): Readonly<Record<string, string>> {
    const carrier: Record<string, string> = {};
    propagation.inject(context.active(), carrier);
    return carrier;
  }
}

/** By its code alone: a message may quote what the caller sent. */
function failed(span: Span, error: unknown): void {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  span.setAttribute('error.type', String(code ?? name ?? 'unknown'));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
