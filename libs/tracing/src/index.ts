export { answerAttributes, callAttributes, SPAN_ATTRIBUTES, type TracedCall } from './span-attributes.js';
export { registeredTracer } from './registered-tracer.js';
export { traceIdIn } from './trace-parent.js';
export { tracedQuota } from './traced-quota.js';
export { VerbSpans, verbSpans } from './verb-spans.js';
