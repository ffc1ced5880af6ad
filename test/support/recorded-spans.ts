import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** A real OpenTelemetry SDK, registered in this process; to be made before what it shall see. */
export class RecordedSpans {
  readonly #exporter = new InMemorySpanExporter();
  readonly tracer;

  constructor() {
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    this.tracer = provider.getTracer('test');
  }

  /** Ended spans of Sundial, in the order of their ends; and none of them is left. */
  take(): readonly ReadableSpan[] {
    const spans = this.#exporter.getFinishedSpans();
    this.#exporter.reset();
    return spans;
  }

  /** All of them as text, whatever they say. */
  static text(spans: readonly ReadableSpan[]): string {
    return JSON.stringify(
      spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
  }

  static unregister(): void {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
