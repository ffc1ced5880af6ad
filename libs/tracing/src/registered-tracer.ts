import { ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api';

const SCOPE = 'sundial';

/**
 * The tracer of the SDK that this process has registered; undefined where it has registered none. The API would answer with
 * a tracer that makes empty spans then, and a context and an options object for each; with `undefined` the verbs are left as
 * they are. To be asked once, when what makes spans is made: an SDK that is registered later is not seen.
 */
export function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  // Without an SDK the API has its own proxy, which delegates to nothing.
  if (provider instanceof ProxyTracerProvider) return provider.getDelegateTracer(SCOPE);
  return provider.getTracer(SCOPE);
}
