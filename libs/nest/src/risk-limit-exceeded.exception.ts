import { HttpException, HttpStatus } from '@nestjs/common';
import type { Decision, DecisionReason, LimitState, OnDeny } from '@sundial/contract';
import { type GraphqlExtensions, graphqlExtensions } from './graphql-extensions.js';

/** The reply's content in every transport: a problem (RFC 9457) with the business flow that the rule wants to happen. */
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
  /** Every limit that was looked at, in rule order; `exceeded` marks those that refused. Without the store perhaps empty. */
  readonly limits: readonly LimitState[];
}

/**
 * A `@RiskLimit` refused. `decision` is the whole answer; what the caller is sent is its `RiskLimitProblem`:
 *
 * - HTTP: the body of a 429 (`application/problem+json`), with `Retry-After` when waiting helps.
 * - Microservices: the error of the call, with the sentence also as `message`. An event has no reply: use `onDenied`.
 * - WebSocket gateways: the event `exception`, with `message` and, as Nest does, `cause: { pattern, data }`. A client that
 *   waits for an acknowledgement (Socket.IO) gets the same as that.
 * - GraphQL: an error with the sentence as `message`, the rest in `extensions`, whose `code` is `RISK_LIMIT_EXCEEDED`.
 *
 * To answer otherwise catch it with a filter of your own: all go before Sundial's, but for global ones in the message
 * handlers of a hybrid application.
 */
export class RiskLimitExceededException extends HttpException {
  readonly problem: RiskLimitProblem;

  constructor(
    readonly resource: string,
    readonly decision: Decision,
  ) {
    const problem = problemOf(resource, decision);
    super(problem, HttpStatus.TOO_MANY_REQUESTS);
    this.problem = problem;
    this.message = problem.detail;
  }

  /** What GraphQL replies beside the message. */
  get extensions(): GraphqlExtensions<RiskLimitProblem> {
    return graphqlExtensions(this.problem);
  }
}

function problemOf(resource: string, { reason, retryAfterMs, onDeny, limits }: Decision): RiskLimitProblem {
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
    limits,
  };
}

function sentence(resource: string, reason: DecisionReason): string {
  switch (reason) {
    case 'amount-exceeds-limit':
      return `This is more "${resource}" than the limit ever allows at once.`;
    case 'too-many-holds':
      return `"${resource}" has as many reservations as it can hold at once.`;
    case 'degraded':
      return `"${resource}" cannot be counted at the moment, and its rule refuses then.`;
    case 'no-rule':
      return `"${resource}" has no rule, and what has no rule is refused.`;
    case 'gate-closed':
      return `"${resource}" is closed at the moment.`;
    case 'braked':
      return `"${resource}" is turned down at the moment: try again later.`;
    case 'ok':
    case 'gate-open':
    case 'limit-reached':
      return `The limit of "${resource}" is reached.`;
  }
}
