import type { Decision, LimitState } from './decision.js';
import type { CheckRequest, Subject } from './request.js';
import type { Amounts, OnExpiry } from './reservation.js';
import type { Rule } from './rule.js';
import type { RulePatch } from './rule-admin.js';
import type { Effects } from './rule-written.js';

/**
 * What operators see of subjects. Values of attributes that are long or have other characters than `[A-Za-z0-9._@+-]` stand hashed in
 * counters: such a value is shown as `~` and its hash, and may be given so in these calls, and in these alone.
 */
export interface SubjectState {
  readonly subject: Subject;
  /** Attributes of which a hash is shown, not the value; absent where there is none. */
  readonly hashed?: readonly string[];
  /** The largest used and held part of a `max` among the limits; 1 and more: one of them has no room. */
  readonly share: number;
  /** Every limit of the rule. */
  readonly limits: readonly LimitState[];
}

/** A page of the subjects of a rule that are near a limit or over it. */
export interface NearSubjects {
  readonly rule: string;
  readonly near: number;
  /** In no order over all pages; those of a page with the largest share first. */
  readonly subjects: readonly SubjectState[];
  /** Subjects that were looked at for this page. */
  readonly looked: number;
  /** The cursor of the next page, which may have subjects also where this one has none; absent on the last one. */
  readonly next?: string;
}

/** What a subject has used of all resources whose rules count by nothing but its attributes. */
export interface SubjectUsage {
  readonly subject: Subject;
  readonly resources: readonly ResourceUsage[];
  readonly rulesVersion: number;
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
}

export interface ResourceUsage {
  readonly resource: string;
  readonly limits: readonly LimitState[];
  /** The live reservations, of each rule the first 100 to expire; absent where nothing is held. */
  readonly holds?: readonly HeldByRule[];
}

/** An operator's reset: nothing is used any more in the current windows, which end when they would have ended. */
export interface SubjectReset {
  /** Absent: of all rules that count by exactly the attributes of the subject. */
  readonly rule?: string;
  /** Of exactly the attributes that the rule counts by. */
  readonly subject: Subject;
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
}

export interface ResetSubject {
  readonly subject: Subject;
  readonly rules: readonly ResetRule[];
}

export interface ResetRule {
  readonly rule: string;
  readonly resource: string;
  /** Every limit of the rule, after it. */
  readonly limits: readonly LimitState[];
  /** The reservations that are live: what they hold stays held. The first 100 to expire. */
  readonly holds: readonly HeldUnits[];
}

export interface HeldUnits {
  readonly expiresAt: string;
  readonly onExpiry: OnExpiry;
  /** By meter. */
  readonly amounts: Amounts;
}

/** What a reservation holds under one rule. */
export interface HeldByRule extends HeldUnits {
  readonly rule: string;
}

/** A rule as an operator writes it. */
type WrittenRule = Pick<Rule, 'id' | 'resource' | 'per' | 'limits'> & Partial<Rule>;

/** A rule as it would be: a whole one, or the fields that a rule in force would have otherwise. */
export type RulePreviewRequest =
  WrittenRule | { readonly rule: WrittenRule } | { readonly id: string; readonly change: RulePatch };

/** What a rule would do now, from what is counted. Nothing is written. */
export interface RuleOutlook extends Effects {
  readonly rule: Rule;
  readonly version: number;
  /** Subjects that were looked at: all there are, where `isComplete`, else as many as there is time for. */
  readonly sampled: number;
  readonly isComplete: boolean;
  /** Of these, those that have no room left under one of its limits. */
  readonly over: number;
  /** Those that have, and have used 80 % of one. */
  readonly near: number;
  /** The first that are over or near, the largest share first. */
  readonly examples: readonly SubjectState[];
}

/** A check as it would be decided if this rule were in force, beside the others of its resource. */
export interface RuleTrial extends Pick<CheckRequest, 'subject' | 'amount' | 'amounts'> {
  readonly rule: WrittenRule;
}

/** What it would be answered. Nothing is counted; gates, brakes, packs and operation ids are not asked. */
export type RuleTried = Pick<
  Decision,
  'allowed' | 'reason' | 'wouldDeny' | 'limits' | 'retryAfterMs' | 'onDeny' | 'warnings' | 'rulesVersion'
>;
