import { type InputError, QuotaError, type QuotaErrorCode, type QuotaErrorMembers } from '@sundial/contract';
import type { Role } from '../../config/key.js';
import { RETRY_AFTER_S } from '../bounds.js';

/** What the service itself refuses, beside the engine's own errors. */
const TITLES = {
  'invalid-json': 'The body is not usable JSON',
  'malformed-request': 'The request is not well-formed HTTP',
  'missing-key': 'A key is needed',
  'wrong-key': 'This key is not known here',
  'session-ended': 'The session has ended',
  'key-not-allowed': 'This key may not do this',
  'role-too-low': 'This needs a higher role',
  'host-not-allowed': 'This is no name of this service',
  'origin-not-allowed': 'Pages of other sites may not ask this service',
  'not-found': 'There is nothing here',
  'method-not-allowed': 'This method is not supported here',
  'request-timeout': 'The request took too long to arrive',
  'payload-too-large': 'The body is too large',
  'uri-too-long': 'The path is too long',
  'unsupported-media-type': 'The body must be JSON',
  'too-many-attempts': 'Too many wrong keys',
  'headers-too-large': 'The headers are too large',
  'transfer-coding-unknown': 'The body is packed for its transfer',
  'expectation-failed': 'This expectation cannot be met',
  'internal-error': 'An internal error',
  'ledger-off': 'Nothing is recorded here',
  'ledger-unavailable': 'The ledger cannot be read now',
  'webhook-not-found': 'There is no webhook with this id',
  'dead-letter-not-found': 'There is no dead letter with this id',
  'too-many-streams': 'Too many streams are open',
  'too-many-webhooks': 'There are as many webhooks as there can be',
  overloaded: 'Too many requests at once',
  'shutting-down': 'This node is shutting down',
} as const;

export type ProblemCode = QuotaErrorCode | keyof typeof TITLES;

/** The only place that turns a code into an HTTP status. */
const STATUS: Readonly<Record<ProblemCode, number>> = {
  'invalid-request': 400,
  'invalid-rule': 400,
  'invalid-json': 400,
  'malformed-request': 400,
  'missing-key': 401,
  'wrong-key': 401,
  'session-ended': 401,
  'key-not-allowed': 403,
  'role-too-low': 403,
  'host-not-allowed': 403,
  'origin-not-allowed': 403,
  'not-found': 404,
  'rule-not-found': 404,
  'brake-not-found': 404,
  'drill-not-found': 404,
  'operation-not-found': 404,
  'override-not-found': 404,
  'reservation-not-found': 404,
  'pack-not-found': 404,
  'ledger-off': 404,
  'webhook-not-found': 404,
  'dead-letter-not-found': 404,
  'method-not-allowed': 405,
  'request-timeout': 408,
  'operation-conflict': 409,
  'operation-refunded': 409,
  'reservation-ended': 409,
  'reservation-held': 409,
  'nothing-to-return': 409,
  'too-many-packs': 409,
  'too-many-webhooks': 409,
  'rule-exists': 409,
  'rule-changed': 412,
  'rules-changed': 412,
  'payload-too-large': 413,
  'uri-too-long': 414,
  'unsupported-media-type': 415,
  'expectation-failed': 417,
  'too-many-attempts': 429,
  'too-many-streams': 429,
  'headers-too-large': 431,
  'internal-error': 500,
  'drill-fault': 500,
  'transfer-coding-unknown': 501,
  'store-unavailable': 503,
  'ledger-unavailable': 503,
  overloaded: 503,
  'shutting-down': 503,
};

/** What a problem says beside its sentence. */
interface ProblemMembers extends QuotaErrorMembers {
  /** With `role-too-low`: the role that is needed. */
  readonly needs?: Role;
}

/** A refusal of the service, on its way to the caller as `application/problem+json`. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: keyof typeof TITLES,
    detail: string,
    readonly extra: {
      readonly errors?: readonly InputError[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly members?: ProblemMembers;
    } = {},
  ) {
    super(detail);
  }
}

export const PROBLEM_CODES = Object.keys(STATUS) as ProblemCode[];

export function statusOf(code: ProblemCode): number {
  return STATUS[code];
}

export function titleOf(code: ProblemCode): string {
  return code in TITLES
    ? TITLES[code as keyof typeof TITLES]
    : new QuotaError(code as QuotaErrorCode, '').title;
}

/** The body of every error answer (RFC 9457). `code` is for programs, `detail` for people. */
export interface ProblemBody extends ProblemMembers {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  /** What is wrong with the input, every error; on 400 only. */
  readonly errors?: readonly InputError[];
  readonly requestId?: string;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function problemBody(error: Problem | QuotaError, requestId?: string): ProblemBody {
  const { code } = error;
  const status = statusOf(code);
  const errors = error instanceof QuotaError ? error.errors : error.extra.errors;
  return {
    type: `urn:sundial:problem:${code}`,
    title: titleOf(code),
    status,
    detail: error.message,
    code,
    ...(error instanceof QuotaError ? error.members : error.extra.members),
    ...(status === 400 && { errors: errors?.length ? errors : [{ path: '', message: error.message }] }),
    ...(requestId !== undefined && { requestId }),
  };
}

/** Headers that go with an error: which to use next, or when to come back. */
export function problemHeaders(error: Problem | QuotaError): Readonly<Record<string, string>> {
  if (error instanceof QuotaError) return error.retryable ? { 'retry-after': String(RETRY_AFTER_S) } : {};
  return error.extra.headers ?? {};
}
