import type { Subject } from './request.js';
import type { WindowSpec, WindowUnit } from './rule.js';

/** A limit of the rule, named as that writes it, and exactly one of `set` and `add`. */
export interface OverriddenLimit {
  readonly window: WindowUnit | WindowSpec;
  /** Default `units`. */
  readonly meter?: string;
  /** The max itself, whatever the rule says; null: unlimited, 0: none. */
  readonly set?: number | null;
  /** So many units more than would hold without it. */
  readonly add?: number;
}

/** A subject's own limits of a rule. Limits that it does not name stay as the rule has them. */
export interface OverrideInput {
  readonly rule: string;
  /** Of exactly the attributes that the rule counts by. */
  readonly subject: Subject;
  readonly limits: readonly OverriddenLimit[];
  /** ISO-8601 with offset. Default: at once. */
  readonly validFrom?: string;
  /** ISO-8601 with offset, the first instant without it. Default: until it is changed. */
  readonly validUntil?: string;
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
}

export interface Override extends OverrideInput {
  readonly setAt: string;
  /** The name of the key that it was set with. */
  readonly setBy?: string;
}

export interface OverrideWritten {
  readonly override: Override;
  /** What was in its place. */
  readonly before: Override | null;
}

export interface OverridePage {
  readonly overrides: readonly Override[];
  /** The cursor of the next page; absent on the last one. A page may be short and have a next one all the same. */
  readonly next?: string;
}

export interface OverridesQuery {
  readonly rule: string;
  readonly cursor?: string;
  /** Of the value of the rule's first attribute. */
  readonly prefix?: string;
  /** Only those that are in force now. */
  readonly active?: boolean;
  /** Default and most: `MAX_OVERRIDES_PER_PAGE`. */
  readonly limit?: number;
}

/**
 * The overrides of subjects, as the program that has Sundial inside sets them: what `/admin/overrides` is over HTTP. A subject
 * has one of a rule, replaced whole. Each is in force for the next check on every node.
 *
 * A rejected call has a `code`: `invalid-request` (every error in `errors`), `rule-not-found`, `override-not-found`,
 * `store-unavailable` (the store may have done it all the same: the same call can be repeated).
 */
export interface OverrideAdmin {
  set(override: OverrideInput, by?: OverrideActor): Promise<OverrideWritten>;
  list(query: OverridesQuery): Promise<OverridePage>;
  /** Answers the one that was there. */
  remove(rule: string, subject: Subject): Promise<{ readonly override: Override }>;
  /** All of them or, where one is not valid, none. `lines.3.limits.0` in `errors` is the limit of the third, counted from 1. */
  import(overrides: readonly unknown[], by?: OverrideActor): Promise<{ readonly imported: number }>;
  /** Of one rule, or of all in the order of their ids. */
  export(rule?: string): AsyncIterable<Override>;
}

/** Who sets it, for answers, logs and the ledger. */
export interface OverrideActor {
  readonly actor?: string | undefined;
}
