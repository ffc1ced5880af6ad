import { HttpException, HttpStatus } from '@nestjs/common';
import type { InputError } from '@sundial/contract';
import { type GraphqlExtensions, graphqlExtensions } from './graphql-extensions.js';

/** The answer's body: the problem (RFC 9457) that a Sundial service would answer. */
export interface RiskLimitRequestProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: 'invalid-request' | 'operation-conflict';
  readonly resource: string;
  /** With `invalid-request`: what is wrong, by the path it has in a check, e.g. `subject.user`. */
  readonly errors?: readonly InputError[];
}

/**
 * A call of a `@RiskLimit` method whose arguments make no check: what its caller sent is to blame, not the program. The
 * method did not run and nothing was counted. 400 `invalid-request` for a subject, amounts or operation id that cannot be
 * used (`@Subject` says which values), 409 `operation-conflict` for an operation id that was used for something else.
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

  static conflict(
    method: string,
    resource: string,
    detail: string,
    cause: unknown,
  ): RiskLimitRequestException {
    const problem = {
      type: 'urn:sundial:problem:operation-conflict',
      title: 'The operation id was used for something else',
      status: HttpStatus.CONFLICT,
      detail,
      code: 'operation-conflict',
      resource,
    } as const;
    return new RiskLimitRequestException(method, problem, { cause });
  }

  /** What GraphQL replies beside the message. */
  get extensions(): GraphqlExtensions<RiskLimitRequestProblem> {
    return graphqlExtensions(this.problem);
  }
}
