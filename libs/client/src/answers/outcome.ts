import type { QuotaClientError } from './quota-client-error.js';

/**
 * Why no service decided, as of the last attempt:
 * - `timeout`: no whole answer in time.
 * - `no-connection`: none was made (refused, no such host, TLS), so no request was sent.
 * - `connection-lost`: it was reset or closed before the whole answer had come.
 * - `broken-answer`: something answered, but not as a Sundial service does (a proxy's page, malformed or cut JSON, another
 *   shape, a redirect, more than 4 MiB).
 * - `server-error`: a status of 500 or above, 408 or 429.
 * - `circuit-open`: every endpoint failed so often that none was asked.
 * - `overloaded`: more calls of this client wait for an answer than it keeps.
 */
export type FailureCause =
  | 'timeout'
  | 'no-connection'
  | 'connection-lost'
  | 'broken-answer'
  | 'server-error'
  | 'circuit-open'
  | 'overloaded';

export interface Failure {
  readonly kind: 'failed';
  readonly cause: FailureCause;
  /** A sentence for logs. */
  readonly detail: string;
  /** Whether the request, or one before it in the same call, may have reached a service. */
  readonly sent: boolean;
  /** Of the last answer, if anything answered. */
  readonly status?: number;
  /** Of its problem body. */
  readonly code?: string;
  readonly requestId?: string;
  /** What its Retry-After says. */
  readonly retryAfterMs?: number;
}

/** What an attempt, or a whole call, has come to. `refused` is the service's own word: nothing else can help. */
export type Outcome<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'refused'; readonly error: QuotaClientError }
  | Failure;

/** `undefined` fields left out. */
export function failure(
  cause: FailureCause,
  sent: boolean,
  detail: string,
  more: {
    readonly [Name in 'status' | 'code' | 'requestId' | 'retryAfterMs']?: Failure[Name] | undefined;
  } = {},
): Failure {
  const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
  return { kind: 'failed', cause, sent, detail, ...known };
}
