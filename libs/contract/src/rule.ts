/**
 * What a limit may count in. Units of the calendar, shortest first; `total`, which has no end; `concurrent`, which is what live
 * reservations hold at once.
 */
export const WINDOW_UNITS = [
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
  'total',
  'concurrent',
] as const;
export type WindowUnit = (typeof WINDOW_UNITS)[number];

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A value that a check's subject gives under the attribute `by`; `default` where it gives none. Counters are not counted by it. */
export interface OwnValue<Value> {
  readonly by: string;
  readonly default: Value;
}

/** A window that begins elsewhere than its unit does, or lasts several of it. */
export interface WindowSpec {
  readonly unit: WindowUnit;
  /** So many at once: 1 to 59 minutes, 1 to 23 hours, counted from the day's start or `startsAt`. Default 1. */
  readonly every?: number;
  /** `HH:MM` on the local clock, at which days begin, and so weeks, months, quarters and years. Default `00:00`. */
  readonly startsAt?: string;
  /**
   * The first weekday of a week (default Monday, as in ISO 8601); the first day of a month, 1 to 31, or its last one where the
   * month is shorter (default 1); the first day of a year as `MM-DD` (default `01-01`; `02-29` is 28 February in other years).
   * `{ by, default }`, of a month only: the subject's own billing day.
   */
  readonly startsOn?: Weekday | number | string | OwnValue<number>;
}

/** The meter that is counted where none is named: operations. */
export const UNITS_METER = 'units';

/** `enforce` denies; `observe` counts and reports `wouldDeny` but never denies; `off` is not looked at. */
export const RULE_MODES = ['enforce', 'observe', 'off'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

/**
 * What decides while the store is away: business first (`allow`), cost first (`deny`), or this node enforces the limits
 * itself (`local`).
 */
export const DEGRADE_POLICIES = ['allow', 'deny', 'local'] as const;
export type DegradePolicy = (typeof DEGRADE_POLICIES)[number];

/** At most `max` units of a meter in one `window` of the rule's time zone. A rule has no two limits of one window and meter. */
export interface Limit {
  /** As it was written: `day` and `{ unit: 'day' }` are one window. */
  readonly window: WindowUnit | WindowSpec;
  /** What the units are: `tokens`, `cny_micros` … A name like a resource's. Absent: `units`, the operations themselves. */
  readonly meter?: string;
  /** 0 … 2^53−1. Null: unlimited; it counts and never refuses. */
  readonly max: number | null;
  /** Another `max` at certain times of the rule's local clock. 1 to 16, no two of one kind at one instant. */
  readonly when?: readonly Schedule[];
  /** It counts and never refuses: an allowed decision for which it has no room says so in its `warnings`. */
  readonly soft?: boolean;
  /** Of a soft limit: the business flow that its warning starts. */
  readonly onWarn?: OnDeny;
  /**
   * Shares of `max`, e.g. `[0.8, 1]`: when so much of it is used the service sends an event, once a window, counter and threshold,
   * whatever becomes of `max` or of what is used. 1 to 8, each above 0 and at most 10, in ascending order; above 1 is for what
   * counts beyond `max`: soft and observed limits, late and larger commits, reports. Not of a `concurrent` limit.
   */
  readonly thresholds?: readonly number[];
}

export const SCHEDULE_DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type ScheduleDay = (typeof SCHEDULE_DAYS)[number];

/**
 * The `max` of a limit while the clock of the rule's time zone shows a time between `from` and `to`, on these `days` or `dates`
 * (neither: every day). It goes by what the clock shows: where clocks are set back the hour that comes twice counts twice, and one
 * that is skipped not at all. What was counted stays counted. An entry with `dates` beats those without.
 */
export interface Schedule {
  /** Weekdays on which it begins. */
  readonly days?: readonly ScheduleDay[];
  /** Dates on which it begins: `2027-02-06`, or a range with both its ends, `2027-02-06/2027-02-12`. */
  readonly dates?: readonly string[];
  /** `HH:MM`, from `00:00` (default) to `23:59`. */
  readonly from?: string;
  /** `HH:MM`, up to `24:00` (default). Earlier than `from`: on the day after. */
  readonly to?: string;
  /** As a limit's. */
  readonly max: number | null;
}

/**
 * Other `max` for callers whose attribute `by` has a certain value. The attribute is not counted by, so that a change of it keeps what
 * was counted. A subject without the attribute, or with another value, has the rule's own limits.
 */
export interface Tiers {
  /** An attribute that is not in `per`. */
  readonly by: string;
  /** By the attribute's value, a name like a resource's; 1 to 32. Limits of the rule that a tier does not name keep their own `max`. */
  readonly max: Readonly<Record<string, readonly TierLimit[]>>;
}

/** The `max` of the limit of this window and meter. */
export type TierLimit = Pick<Limit, 'window' | 'meter' | 'max'>;

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
 * Editing `max`, `tiers`, `when`, `soft` or `thresholds` keeps what was counted, and so does another order of `per`: a stored rule keeps the order that it was
 * first written in. Changing `window`, `timeZone`, `resource` or the attributes of `per` starts new counters; the write
 * says so in its `effects`.
 */
export interface Rule {
  readonly id: string;
  readonly resource: string;
  readonly per: readonly string[];
  /**
   * An IANA name in its canonical case, e.g. `Asia/Shanghai`; or `{ by, default }`: each subject's own. A counter keeps the zone and
   * the billing day that its window began with until that ends, and the next one begins at the first boundary of the new ones after it.
   */
  readonly timeZone: string | OwnValue<string>;
  /** A check whose subject gives a zone that does not exist is refused, and not decided in the default one with a warning. */
  readonly strictZone?: boolean;
  /** 1 to 16 limits, no two of the same window and meter. */
  readonly limits: readonly Limit[];
  readonly tiers?: Tiers;
  readonly mode: RuleMode;
  readonly degrade: DegradePolicy;
  readonly description?: string;
  readonly onDeny?: OnDeny;
}
