/** `version-traceid-parentid-flags`, as W3C Trace Context writes it; later versions may append fields. */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?$/;
const NO_TRACE = '0'.repeat(32);

/** The trace id of a `traceparent` header; undefined where there is none, or it is none. */
export function traceIdIn(header: unknown): string | undefined {
  if (typeof header !== 'string') return undefined;
  const [, traceId] = TRACE_PARENT.exec(lastOf(header)) ?? [];
  return traceId === NO_TRACE ? undefined : traceId;
}

/**
 * Node.js joins repeated headers. A client and an instrumentation of its `fetch` may each send one, and the later is that of
 * the span that is nearer.
 */
export function lastOf(header: string): string {
  const comma = header.lastIndexOf(',');
  return comma < 0 ? header.trim() : header.slice(comma + 1).trim();
}
