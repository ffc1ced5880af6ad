import { type InputError, QuotaError, type QuotaErrorCode, type QuotaErrorMembers } from '@sundial/contract';
import type { Failure } from './outcome.js';

/**
 * What the caller did wrong:
 * - `client-closed`: a verb was called after `close`.
 * - every other code is the service's own, from its problem body (`invalid-request`, `operation-conflict`, `wrong-key`,
 *   `reservation-ended`, …). Without the service the client itself finds `invalid-request`.
 *
 * Of a refund or a return, which nothing can decide in the service's place: `service-unreachable`, `unexpected-answer` (another
 * program's), or its code for its own trouble (`store-unavailable`). Repeating it is safe.
 */
export type QuotaClientErrorCode =
  | QuotaErrorCode
  | 'client-closed'
  | 'service-unreachable'
  | 'unexpected-answer'
  | (string & Record<never, never>);

interface Details {
  readonly retryable: boolean;
  readonly status?: number | undefined;
  readonly errors?: readonly InputError[] | undefined;
  readonly requestId?: string | undefined;
  readonly members?: QuotaErrorMembers;
}

/** Misuse: bad input, a refused key, a conflict. A denial is none, and neither is an outage: both are decisions. */
export class QuotaClientError extends Error {
  override readonly name = 'QuotaClientError';
  /** Whether repeating the same call can help. */
  readonly retryable: boolean;
  /** The HTTP status, when the service answered. */
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
    { retryable, status, errors = [], requestId, members = {} }: Details,
  ) {
    super(detail);
    this.retryable = retryable;
    this.status = status;
    this.errors = errors;
    this.requestId = requestId;
    this.members = members;
  }

  static closed(): QuotaClientError {
    return new QuotaClientError('client-closed', 'This client was closed: make another one.', {
      retryable: false,
    });
  }

  static invalidRequest(...errors: readonly InputError[]): QuotaClientError {
    const detail = errors.map(({ path, message }) => `${path || 'body'}: ${message}`).join('; ');
    return new QuotaClientError('invalid-request', detail, { retryable: false, errors });
  }

  /** What the service would say of an id that no reservation can have: it is not asked. */
  static reservationNotFound(): QuotaClientError {
    const { code, message } = QuotaError.reservationNotFound();
    return new QuotaClientError(code, message, { retryable: false });
  }

  /** Anything may answer in the service's place: what is not as the service writes it is left out. */
  static fromProblem({ code, title, detail, status, errors, requestId, state }: Problem): QuotaClientError {
    const sentence = asText(detail) ?? asText(title) ?? code;
    const members = { ...(state !== undefined && { state }) };
    const retryable = mayHelp(status);
    const known = { status, errors: asErrors(errors), requestId: asText(requestId) };
    return new QuotaClientError(code, sentence, { retryable, ...known, members });
  }

  /** Of a verb that has no answer without the service. */
  static unanswered({ cause, code, detail, status, requestId }: Failure): QuotaClientError {
    const ours = cause === 'broken-answer' ? 'unexpected-answer' : 'service-unreachable';
    return new QuotaClientError(code ?? ours, `${detail}.`, { retryable: true, status, requestId });
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

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asErrors(value: unknown): readonly InputError[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  return all.flatMap((each) => {
    const { path, message, code, params } = (each ?? {}) as Readonly<Partial<Record<string, unknown>>>;
    if (typeof path !== 'string' || typeof message !== 'string') return [];
    return [{ path, message, ...(typeof code === 'string' && { code, ...asParams(params) }) }];
  });
}

function asParams(params: unknown): Pick<InputError, 'params'> {
  if (typeof params !== 'object' || params === null) return {};
  return { params: params as NonNullable<InputError['params']> };
}

/** Whether the service, and not the caller, is why it failed. */
export function mayHelp(status = 0): boolean {
  return status >= 500 || status === 429 || status === 408;
}
