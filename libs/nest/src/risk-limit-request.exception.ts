import { HttpException, HttpStatus } from '@nestjs/common';
import type { InputError } from '@sundial/contract';
import { type GraphqlExtensions, graphqlExtensions } from './graphql-extensions.js';

/** Why an operation id cannot be used: it was for something else, or what it was for was refunded. */
export type OperationCode = keyof typeof OPERATION_TITLES;

const OPERATION_TITLES = {
  'operation-conflict': 'The operation id was used for something else',
  'operation-refunded': 'The operation was refunded',
} as const;

/** The answer's body: the problem (RFC 9457) that a Sundial service would answer. */
export interface RiskLimitRequestProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: 'invalid-request' | OperationCode;
  readonly resource: string;
  /** With `invalid-request`: what is wrong, by the path it has in a check, e.g. `subject.user`. */
  readonly errors?: readonly InputError[];
}

/**
 * A call of a `@RiskLimit` method whose arguments make no check: what its caller sent is to blame, not the program. The
 * method did not run and nothing was counted. 400 `invalid-request` for a subject, amounts or operation id that cannot be
 * used (`@Subject` says which values), 409 for an operation id that was used for something
 * else (`operation-conflict`) or was refunded (`operation-refunded`).
 */
export class RiskLimitRequestException extends HttpException {
  constructor(
    /** `Class.method`. */
    readonly method: string,
    readonly problem: RiskLimitRequestProblem,
    options?: ErrorOptions,
  ) {
    super(problem, problem.status, options);
    this.message = problem.detail;
  }

  static invalid(
    method: string,
    resource: string,
    errors: readonly InputError[],
    cause?: unknown,
  ): RiskLimitRequestException {
    const problem = {
      type: 'urn:sundial:problem:invalid-request',
      title: 'The request is not valid',
      status: HttpStatus.BAD_REQUEST,
      detail: errors.map(({ path, message }) => `${path}: ${message}`).join('; '),
      code: 'invalid-request',
      resource,
      errors,
    } as const;
    return new RiskLimitRequestException(method, problem, { cause });
  }

  static ofOperation(
    {
      method,
      resource,
      code,
    }: { readonly method: string; readonly resource: string; readonly code: OperationCode },
    detail: string,
    cause: unknown,
  ): RiskLimitRequestException {
    const problem = {
      type: `urn:sundial:problem:${code}`,
      title: OPERATION_TITLES[code],
      status: HttpStatus.CONFLICT,
      detail,
      code,
      resource,
    } as const;
    return new RiskLimitRequestException(method, problem, { cause });
  }

  /** What GraphQL replies beside the message. */
  get extensions(): GraphqlExtensions<RiskLimitRequestProblem> {
    return graphqlExtensions(this.problem);
  }
}
