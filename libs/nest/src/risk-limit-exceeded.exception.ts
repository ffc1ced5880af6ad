import { HttpException, HttpStatus } from '@nestjs/common';
import type { Decision, DecisionReason, OnDeny } from '@sundial/contract';

/** The answer's body: a problem (RFC 9457) with the business flow that the rule wants to happen. */
export interface RiskLimitProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: 'risk-limit-exceeded';
  readonly resource: string;
  readonly reason: DecisionReason;
  /** When waiting helps: how long. */
  readonly retryAfterMs?: number;
  readonly onDeny?: OnDeny;
}

/**
 * A `@RiskLimit` refused. `decision` has every limit's state; the HTTP answer is 429 with a `RiskLimitProblem` and, when
 * waiting helps, `Retry-After`. Catch it with a filter of your own to answer otherwise.
 */
export class RiskLimitExceededException extends HttpException {
  constructor(
    readonly resource: string,
    readonly decision: Decision,
  ) {
    super(problem(resource, decision), HttpStatus.TOO_MANY_REQUESTS);
    this.message = problem(resource, decision).detail;
  }
}

function problem(resource: string, { reason, retryAfterMs, onDeny }: Decision): RiskLimitProblem {
  return {
    type: 'urn:sundial:problem:risk-limit-exceeded',
    title: 'The limit is reached',
    status: HttpStatus.TOO_MANY_REQUESTS,
    detail: onDeny?.message ?? sentence(resource, reason),
    code: 'risk-limit-exceeded',
    resource,
    reason,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(onDeny && { onDeny }),
  };
}

function sentence(resource: string, reason: DecisionReason): string {
  switch (reason) {
    case 'amount-exceeds-limit':
      return `This is more "${resource}" than the limit ever allows at once.`;
    case 'degraded':
      return `"${resource}" cannot be counted at the moment, and its rule refuses then.`;
    case 'no-rule':
      return `"${resource}" has no rule, and what has no rule is refused.`;
    case 'ok':
    case 'limit-reached':
      return `The limit of "${resource}" is reached.`;
  }
}
