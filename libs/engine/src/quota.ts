import type { OnDeny, WindowUnit } from './rules/rule.js';

/**
 * Sundial's verbs, the same in the process (`QuotaEngine`) and over HTTP (`QuotaClient`).
 *
 * Ask `check` right before the costly operation: it answers *and counts*. Ask `usage` to show a user
 * what is left: it writes nothing. A refusal is an answer (`allowed: false`), never an exception;
 * a `QuotaError` means misuse (bad input, an operation id used twice for different things).
 * No outage of the store makes either verb throw or wait: see `Decision.degraded`. A node that has more checks than it can
 * decide throws `overloaded`: nothing was counted, and the same call may be repeated later or elsewhere.
 */
export interface Quota {
  check(request: CheckRequest): Promise<Decision>;
  usage(request: UsageRequest): Promise<Usage>;
}

/** Who is counted: attribute name → value. Values are strings of 1–256 characters; at most 8 attributes. */
export type Subject = Readonly<Record<string, string>>;

export interface CheckRequest {
  /** What is limited, e.g. `ocr`. `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`. */
  readonly resource: string;
  readonly subject: Subject;
  /** Units this operation takes: an integer from 0 (only look) to 2^53−1. Default 1. */
  readonly amount?: number;
  /**
   * The caller's name for this operation, 1–128 printable ASCII characters. Repeating an allowed
   * operation under the same id repeats the answer and counts once; it is known within its resource and the values of
   * the attributes that its rules count by. Made by the node when absent.
   */
  readonly operationId?: string;
}

export interface UsageRequest {
  readonly resource: string;
  readonly subject: Subject;
}

/**
 * Why a check was answered as it was. `degraded` appears only where the policies `allow` or `deny` decided.
 * `amount-exceeds-limit` means that waiting can never help: the amount is above a limit's `max`.
 */
export type DecisionReason = 'ok' | 'limit-reached' | 'amount-exceeds-limit' | 'no-rule' | 'degraded';

/** The answer to a check, always with the state of every limit that was looked at. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: DecisionReason;
  readonly operationId: string;
  /** True when this operation id had been allowed before: nothing was counted this time. */
  readonly replayed: boolean;
  /** True when a rule in mode `observe` would have refused. It never changes `allowed`. */
  readonly wouldDeny: boolean;
  /** Every limit of every rule, in rule order. Under `degraded` what is known, perhaps empty. */
  readonly limits: readonly LimitState[];
  /** Milliseconds until every refusing limit has reset; present only when waiting helps. */
  readonly retryAfterMs?: number;
  /** What the first refusing rule wants to happen, if it says so. */
  readonly onDeny?: OnDeny;
  /** With reason `no-rule`: the resource of a rule that is called nearly so. Absent where there is none. */
  readonly hint?: string;
  /** Null when the store decided; else why it did not, and which policy decided instead. */
  readonly degraded: Degraded | null;
  /** The version of the rules this decision was made with. One decision uses one version. */
  readonly rulesVersion: number;
}

/** `journal-full`: policy `local` refused, since no more of what it allows could be settled afterwards. */
export type DegradedCause = 'timeout' | 'store-error' | 'breaker-open' | 'overloaded' | 'journal-full';
export type DegradePolicy = 'allow' | 'deny' | 'local';

export interface Degraded {
  readonly cause: DegradedCause;
  /** The strictest policy among the rules that took part: `deny`, then `local`, then `allow`. */
  readonly policy: DegradePolicy;
}

/** One limit of one rule, for one subject, in its concrete window. Times are ISO-8601 with offset. */
export interface LimitState {
  readonly rule: string;
  readonly mode: 'enforce' | 'observe';
  readonly window: WindowUnit;
  readonly timeZone: string;
  readonly max: number;
  readonly used: number;
  readonly reserved: number;
  /** `max − used − reserved`, never below 0. */
  readonly remaining: number;
  readonly startsAt: string;
  readonly resetsAt: string;
  /** In a decision: this limit had no room for the amount. In usage: it has no room for one more unit. */
  readonly exceeded: boolean;
}

export interface Usage {
  readonly resource: string;
  readonly subject: Subject;
  readonly limits: readonly LimitState[];
  /** Null when the store answered; else `limits` is what this node knew last, perhaps empty. */
  readonly degraded: { readonly cause: DegradedCause } | null;
  readonly rulesVersion: number;
}
