import { type InputError, QuotaError, type QuotaErrorCode, type QuotaErrorMembers } from '@sundial/contract';

/**
 * What went wrong when the service was asked:
 * - `service-unreachable`: no connection, a broken one, or no whole answer in time. A check may or may not have been
 *   counted; repeating it under its operation id is safe.
 * - `unexpected-answer`: something answered, but not as a Sundial service does (a proxy's page, another program).
 * - every other code is the service's own, from its problem body (`invalid-request`, `operation-conflict`, …).
 */
export type QuotaClientErrorCode =
  QuotaErrorCode | 'service-unreachable' | 'unexpected-answer' | (string & Record<never, never>);

interface Details {
  readonly retryable: boolean;
  readonly status?: number | undefined;
  readonly errors?: readonly InputError[] | undefined;
  readonly requestId?: string | undefined;
  readonly members?: QuotaErrorMembers;
  readonly cause?: unknown;
}

/** Misuse, or an outage between this program and the service. A denial is neither: it is a decision. */
export class QuotaClientError extends Error {
  override readonly name = 'QuotaClientError';
  /** Whether repeating the same call can help. */
  readonly retryable: boolean;
  /** The HTTP status, when anything answered. */
  readonly status: number | undefined;
  /** For `invalid-request`: every error, with its path. */
  readonly errors: readonly InputError[];
  /** The service's name for this request, as its logs show it. */
  readonly requestId: string | undefined;
  /** What it says beside its sentence: with `reservation-ended` the `state` that the reservation has. */
  readonly members: QuotaErrorMembers;

  constructor(
    readonly code: QuotaClientErrorCode,
    detail: string,
    { retryable, status, errors = [], requestId, members = {}, cause }: Details,
  ) {
    super(detail, { cause });
    this.retryable = retryable;
    this.status = status;
    this.errors = errors;
    this.requestId = requestId;
    this.members = members;
  }

  static unreachable(url: URL, why: string, cause: unknown): QuotaClientError {
    const detail = `${url.origin} could not be asked: ${why}.`;
    return new QuotaClientError('service-unreachable', detail, { retryable: true, cause });
  }

  static unexpected(url: URL, status: number, what: string): QuotaClientError {
    const detail = `${url.href} answered ${status} with ${what}: is it a Sundial service?`;
    return new QuotaClientError('unexpected-answer', detail, { retryable: mayHelp(status), status });
  }

  static invalidRequest(path: string, message: string): QuotaClientError {
    const errors = [{ path, message }];
    return new QuotaClientError('invalid-request', `${path}: ${message}`, { retryable: false, errors });
  }

  /** What the service would say of an id that no reservation can have: it is not asked. */
  static reservationNotFound(): QuotaClientError {
    const { code, message } = QuotaError.reservationNotFound();
    return new QuotaClientError(code, message, { retryable: false });
  }

  static fromProblem({ code, title, detail, status, errors, requestId, state }: Problem): QuotaClientError {
    const sentence = detail ?? title ?? code;
    const members = { ...(state !== undefined && { state }) };
    const retryable = mayHelp(status);
    return new QuotaClientError(code, sentence, { retryable, status, errors, requestId, members });
  }
}

/** What this client reads of an RFC 9457 body. */
export interface Problem extends QuotaErrorMembers {
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly status?: number;
  readonly errors?: readonly InputError[];
  readonly requestId?: string;
}

export function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

function mayHelp(status = 0): boolean {
  return status >= 500 || status === 429 || status === 408;
}
