import type { Decision, Usage } from './decision.js';
import type { CheckRequest, UsageRequest } from './request.js';
import type { Reservations } from './reservation.js';

/**
 * Sundial's verbs, the same in the process (`QuotaEngine`) and over HTTP (`QuotaClient`).
 *
 * Ask `check` right before the costly operation: it answers *and counts*; `checkBatch` asks for many. Ask `usage` to show a user
 * what is left: it writes nothing. Where only what succeeds is to be paid for, `reserve` instead of checking, and `commit` or
 * `release` in the end (`Reservations`). A refusal is an answer (`allowed: false`), never an exception;
 * a `QuotaError` means misuse (bad input, an operation id used twice for different things).
 * No outage of the store makes any verb throw or wait: see `Decision.degraded`. A node that has more checks than it can
 * decide throws `overloaded`: nothing was counted, and the same call may be repeated later or elsewhere.
 */
export interface Quota extends Reservations {
  check(request: CheckRequest): Promise<Decision>;
  /**
   * Up to `MAX_BATCH_CHECKS` checks, each decided on its own, answered in order. One that is bad input refuses the whole
   * batch before anything is counted. One that could not be decided (`operation-conflict`, `overloaded`) has its error in its
   * place.
   */
  checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | UndecidedError)[]>;
  usage(request: UsageRequest): Promise<Usage>;
}

/** Why one check of a batch was not decided. Nothing was counted for it. */
export interface UndecidedError extends Error {
  readonly code: string;
  /** Whether repeating the same check can help. */
  readonly retryable: boolean;
}
