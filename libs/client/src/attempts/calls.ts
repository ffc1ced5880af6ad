import { failure, type Failure, type Outcome } from '../answers/outcome.js';
import type { Endpoint } from '../endpoints/endpoint.js';
import type { Endpoints } from '../endpoints/endpoints.js';
import { type ClientEvents, guarded } from '../events/client-events.js';
import { type Asked, exchange, type TraceHeaders } from './exchange.js';
import type { RetryBudget } from './retry-budget.js';

/** With less time left no attempt is begun. */
const MIN_ATTEMPT_MS = 4;
/** Before the first retry; twice that before the next. */
const BACKOFF_MS = 10;
/** Requests under way at once: what comes beyond is decided by the fallback. */
const MAX_IN_FLIGHT = 1_000;

export interface CallsOptions {
  readonly endpoints: Endpoints;
  readonly budget: RetryBudget;
  readonly events: ClientEvents;
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the caller's tracing, asked before each attempt. */
  readonly moreHeaders: (() => Readonly<Record<string, string>>) | undefined;
  /** Of the trace that is active. Undefined where the process traces nothing. */
  readonly traceHeaders: (() => TraceHeaders) | undefined;
  readonly retries: number;
  readonly random: () => number;
}

/** What one call has been through. */
interface Course {
  readonly asked: Map<Endpoint, number>;
  attempts: number;
  retries: number;
  sent: boolean;
  last: Failure | undefined;
}

/**
 * Calls of the service: attempts at one endpoint after another, all of them within the call's deadline. An attempt takes at most
 * half of the time that is left; an endpoint that was not asked yet comes before a retry, and a retry needs the budget.
 */
export class Calls {
  readonly #options: CallsOptions;
  #inFlight = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /** Ends by `deadline` (monotonic) and never rejects. `retries`: in place of the client's. */
  async ask<T>(
    asked: Asked<T>,
    deadline: number,
    retries: number = this.#options.retries,
  ): Promise<Outcome<T>> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      return failure('overloaded', false, `${MAX_IN_FLIGHT} calls of this client wait for an answer`);
    }
    this.#inFlight += 1;
    try {
      return await this.#attempts(asked, deadline, retries);
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #attempts<T>(asked: Asked<T>, deadline: number, retries: number): Promise<Outcome<T>> {
    const course: Course = { asked: new Map(), attempts: 0, retries: 0, sent: false, last: undefined };
    this.#options.budget.began(performance.now());
    for (;;) {
      const endpoint = await this.#next(course, asked.resource, deadline, retries);
      const leftMs = deadline - performance.now();
      if (!endpoint || leftMs < MIN_ATTEMPT_MS) return given(course, endpoint);
      const outcome = await this.#attempt(endpoint, asked, course, leftMs / 2);
      if (outcome.kind !== 'failed') return outcome;
      course.sent ||= outcome.sent;
      course.last = outcome;
      const notBefore = performance.now() + (outcome.retryAfterMs ?? 0);
      course.asked.set(endpoint, notBefore);
    }
  }

  /** Undefined where there is no endpoint to ask, no time, or no retry left. It waits before a retry. */
  async #next(
    course: Course,
    resource: string | undefined,
    deadline: number,
    retries: number,
  ): Promise<Endpoint | undefined> {
    const usable = this.#options.endpoints.usable(resource);
    const other = usable.find((endpoint) => !course.asked.has(endpoint));
    if (other) return other;
    const now = performance.now();
    const leftMs = deadline - now;
    const notBefore = (endpoint: Endpoint) => course.asked.get(endpoint) ?? 0;
    const again = usable.find((endpoint) => notBefore(endpoint) - now < leftMs / 2);
    if (!again || leftMs < 2 * MIN_ATTEMPT_MS || course.retries >= retries) return undefined;
    if (!this.#options.budget.take(now)) return undefined;
    const backoffMs = Math.min(BACKOFF_MS * 2 ** course.retries, leftMs / 4) * this.#options.random();
    course.retries += 1;
    await later(Math.max(backoffMs, notBefore(again) - now));
    return again;
  }

  async #attempt<T>(
    endpoint: Endpoint,
    asked: Asked<T>,
    course: Course,
    timeoutMs: number,
  ): Promise<Outcome<T>> {
    const { fetch: send, headers, moreHeaders, traceHeaders, endpoints, events } = this.#options;
    const more = moreHeaders && guarded('The option headers', moreHeaders);
    const startedAt = performance.now();
    course.attempts += 1;
    const outcome = await exchange(endpoint.urlOf(asked.path), asked, {
      fetch: send,
      headers: { ...(asked.traceHeaders ?? traceHeaders?.()), ...more, ...headers },
      timeoutMs,
    });
    if (outcome.kind === 'failed') endpoints.failed(endpoint, outcome, asked.resource);
    else endpoints.answered(endpoint, asked.resource);
    events.emit('attempt', {
      endpoint: endpoint.name,
      path: asked.path,
      attempt: course.attempts,
      durationMs: performance.now() - startedAt,
      outcome: outcome.kind === 'failed' ? outcome.cause : outcome.kind,
      status: statusOf(outcome),
    });
    return outcome;
  }
}

function given({ last, sent }: Course, endpoint: Endpoint | undefined): Failure {
  if (last) return { ...last, sent };
  if (endpoint) return failure('timeout', false, 'no time was left to ask');
  return failure('circuit-open', false, 'every endpoint failed, and is probed aside');
}

function statusOf(outcome: Outcome<unknown>): number | undefined {
  switch (outcome.kind) {
    case 'answered':
      return 200;
    case 'refused':
      return outcome.error.status;
    case 'failed':
      return outcome.status;
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
