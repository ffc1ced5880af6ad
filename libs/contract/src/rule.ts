/** The natural units a limit may count in, shortest first. Weeks start on Monday (ISO 8601). */
export const WINDOW_UNITS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type WindowUnit = (typeof WINDOW_UNITS)[number];

/** `enforce` denies; `observe` counts and reports `wouldDeny` but never denies; `off` is not looked at. */
export const RULE_MODES = ['enforce', 'observe', 'off'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

/**
 * What decides while the store is away: business first (`allow`), cost first (`deny`), or this node enforces the limits
 * itself (`local`).
 */
export const DEGRADE_POLICIES = ['allow', 'deny', 'local'] as const;
export type DegradePolicy = (typeof DEGRADE_POLICIES)[number];

/** At most `max` units (0 … 2^53−1) in one `window` of the rule's time zone. Null: unlimited; it counts and never refuses. */
export interface Limit {
  readonly window: WindowUnit;
  readonly max: number | null;
}

/** The business flow a refusal starts, handed to the caller untouched. */
export interface OnDeny {
  readonly code: string;
  readonly message?: string;
  readonly action?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/**
 * Limits of one resource, counted `per` a list of attributes: `["user"]`, `["user","grade"]`, or `[]` for
 * one counter that all callers share.
 *
 * Editing `max` keeps what was counted, and so does another order of `per`: a stored rule keeps the order that it was
 * first written in. Changing `window`, `timeZone`, `resource` or the attributes of `per` starts new counters; the write
 * says so in its `effects`.
 */
export interface Rule {
  readonly id: string;
  readonly resource: string;
  readonly per: readonly string[];
  /** An IANA name in its canonical case, e.g. `Asia/Shanghai`. */
  readonly timeZone: string;
  /** One to six limits, no two of the same window. */
  readonly limits: readonly Limit[];
  readonly mode: RuleMode;
  readonly degrade: DegradePolicy;
  readonly description?: string;
  readonly onDeny?: OnDeny;
}
