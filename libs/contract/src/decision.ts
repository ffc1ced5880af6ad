import type { DecisionGate } from './controls.js';
import type { DecisionPack, Pack } from './pack.js';
import type { Subject } from './request.js';
import type { DegradePolicy, OnDeny, RuleMode, Schedule, WindowSpec, WindowUnit } from './rule.js';

/**
 * Why a check was answered as it was. `degraded` appears only where the policies `allow` or `deny` decided.
 * `amount-exceeds-limit` means that waiting can never help: the amount is above a limit's `max`. `too-many-holds`: one of the
 * counters has as many live reservations as it can have. `gate-open`, `gate-closed` and `braked`: an operator's gate or brake
 * decided, and of those two that refuse nothing was counted.
 */
export const DECISION_REASONS = [
  'ok',
  'limit-reached',
  'amount-exceeds-limit',
  'too-many-holds',
  'no-rule',
  'degraded',
  'gate-open',
  'gate-closed',
  'braked',
] as const;
export type DecisionReason = (typeof DECISION_REASONS)[number];

/** The answer to a check, always with the state of every limit that was looked at. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: DecisionReason;
  readonly operationId: string;
  /** True when this operation id had been allowed before: nothing was counted this time. */
  readonly replayed: boolean;
  /** True when a rule in mode `observe` would have refused, or any rule but for an open gate. It never changes `allowed`. */
  readonly wouldDeny: boolean;
  /** Every limit of every rule, in rule order. Under `degraded` what is known, perhaps empty. */
  readonly limits: readonly LimitState[];
  /** Milliseconds until every refusing limit has reset, or until the refusing gate or brake may pass it; only when waiting helps. */
  readonly retryAfterMs?: number;
  /** What the first refusing rule, the closed gate or the brake wants to happen, if it says so. */
  readonly onDeny?: OnDeny;
  /**
   * What was amiss and did not stop the decision, in rule order: of an allowed one the soft limits that had no room, and zones of
   * subjects that do not exist. Absent where there is nothing, and of soft limits on a repetition.
   */
  readonly warnings?: readonly DecisionWarning[];
  /** Meters of `amounts` that no rule of the resource counts, in order; absent where there are none. */
  readonly uncounted?: readonly string[];
  /**
   * What the operation took from packs, where the limits had no room; absent where it took nothing from any. A repetition of a
   * check repeats it, without `remaining`; of a reserve it is in the reservation.
   */
  readonly packs?: readonly DecisionPack[];
  /** With reason `no-rule`: the known resource with the most similar name. Absent where there is none. */
  readonly hint?: string;
  /** The open or closed gate of the resource, or of all; absent where there is none. */
  readonly gate?: DecisionGate;
  /**
   * A signed receipt of this decision, for the program that does the costly work (`ReceiptClaims`). Present where `receipt: true`
   * asked for it, the decision is `allowed`, and the operation takes something; absent from a process that signs none. Where no
   * service answered a `QuotaClient`, an unsigned pass in its place, which is refused while the resource's gate is not open.
   */
  readonly receipt?: string;
  /** Null when the store decided; else why it did not, and which policy decided instead. */
  readonly degraded: Degraded | null;
  /** The version of the rules this decision was made with. One decision uses one version. */
  readonly rulesVersion: number;
}

/** That a subject gives a time zone that does not exist. */
export type ZoneWarning = Required<Pick<DecisionWarning, 'rule' | 'code' | 'message'>>;

/**
 * Why the store did not decide. `overloaded`: too much is asked at once, or the embedded store has no room for another
 * subject. `journal-full`: policy `local` refused, since no more of what it allows could be settled
 * afterwards. `unreachable`: no service answered a `QuotaClient`, whose
 * fallback decided; a service says it only when such an operation is repeated while its report is being settled.
 */
export const DEGRADED_CAUSES = [
  'timeout',
  'store-error',
  'breaker-open',
  'overloaded',
  'journal-full',
  'unreachable',
] as const;
export type DegradedCause = (typeof DEGRADED_CAUSES)[number];

export interface Degraded {
  readonly cause: DegradedCause;
  /** The strictest policy among the rules that took part: `deny`, then `local`, then `allow`. */
  readonly policy: DegradePolicy;
}

/**
 * What a limit's `max` comes from, the first that there is: an operator's `override` for the subject, a `schedule` of the limit
 * that carries it, the subject's `tier`, or the `rule` itself.
 */
export const LIMIT_SOURCES = ['override', 'schedule', 'tier', 'rule'] as const;
export type LimitSource = (typeof LIMIT_SOURCES)[number];

/** A soft limit that had no room for what was allowed and counted, or what was amiss with the subject under a rule. */
export interface DecisionWarning {
  readonly rule: string;
  /** Of a soft limit; as the rule wrote it. */
  readonly window?: WindowUnit | WindowSpec;
  /** Of a soft limit. */
  readonly meter?: string;
  /** What the soft limit wants to happen, if it says so. */
  readonly onWarn?: OnDeny;
  /** `unknown-zone`: the subject gives a time zone that does not exist; the windows are those of the rule's default one. */
  readonly code?: 'unknown-zone';
  /** With a code: what is amiss, in a sentence. */
  readonly message?: string;
}

/** The entry of a limit's `when` that holds, as the rule wrote it. */
export interface ScheduleState extends Schedule {
  /** Its place in the list, from 0. */
  readonly index: number;
  /** When it stops to hold; null where that is more than a year ahead. */
  readonly until: string | null;
}

/** One limit of one rule, for one subject, in its concrete window. Times are ISO-8601 with offset. */
export interface LimitState {
  readonly rule: string;
  readonly mode: Exclude<RuleMode, 'off'>;
  /** As the rule wrote it. */
  readonly window: WindowUnit | WindowSpec;
  readonly meter: string;
  readonly timeZone: string;
  /** Null: unlimited. */
  readonly max: number | null;
  /** Where `max` comes from. */
  readonly source: LimitSource;
  /** The schedule that `max` comes from; absent where `source` is another. */
  readonly schedule?: ScheduleState;
  /** True where it never refuses; else absent. */
  readonly soft?: boolean;
  /** Units counted; of a `concurrent` limit always 0. */
  readonly used: number;
  /** Units that live reservations hold. */
  readonly reserved: number;
  /** `max − used − reserved`, never below 0; null where `max` is. */
  readonly remaining: number | null;
  /** Null where the window is `total` or `concurrent`. */
  readonly startsAt: string | null;
  readonly resetsAt: string | null;
  /** In a decision: this limit had no room for the amount. In usage: it has no room for one more unit. Never where `max` is null. */
  readonly exceeded: boolean;
}

export interface Usage {
  readonly resource: string;
  readonly subject: Subject;
  readonly limits: readonly LimitState[];
  /** The subject's packs that have units left, in the order in which they are used; absent where there are none. */
  readonly packs?: readonly Pack[];
  /** Null when the store answered; else `limits` is what this node knew last, perhaps empty. */
  readonly degraded: { readonly cause: DegradedCause } | null;
  readonly rulesVersion: number;
}
