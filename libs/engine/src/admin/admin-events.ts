import type { OverrideInput, Rule, Subject } from '@sundial/contract';

/** What operators can do. */
export type AdminAction =
  | 'rule-created'
  | 'rule-changed'
  | 'rule-deleted'
  | 'rule-rolled-back'
  | 'rules-replaced'
  | 'gate-set'
  | 'brake-set'
  | 'brake-removed'
  | 'drill-begun'
  | 'drill-ended'
  | 'usage-corrected'
  | 'subject-reset'
  | 'subject-data-deleted'
  | 'override-set'
  | 'override-removed'
  | 'overrides-imported'
  | 'pack-added'
  | 'pack-cancelled'
  | 'webhook-created'
  | 'webhook-changed'
  | 'webhook-deleted'
  | 'dead-letter-resent';

/** What an operator's write changed, named by what finds it again. */
export interface AdminTarget {
  /** Null: every resource. */
  readonly resource?: string | null;
  readonly rule?: string;
  /** Of a brake, a pack, a webhook or a delivery. */
  readonly id?: string;
  /** Here alone an event names a subject: what writes events where they outlive what may be known of a person leaves it out. */
  readonly subject?: Subject | undefined;
}

/** A write of an operator that was done. */
export interface AdminEvent {
  /** The store's clock, epoch milliseconds. */
  readonly at: number;
  /** The name of the key that it was made with. */
  readonly actor: string;
  readonly action: AdminAction;
  readonly target: AdminTarget;
  readonly reason?: string | undefined;
  /** What was there, where it is known; without a subject. */
  readonly before?: object | undefined;
  /** What is there now; without a subject. */
  readonly after?: object | undefined;
  /** Of a replacement of all rules: each rule that it changed, as it was and as it is; at most `MAX_LISTED_RULES`. */
  readonly rules?: readonly ReplacedRule[];
  /** Of an import: what it set. What writes events where they outlive what may be known of a person leaves it out. */
  readonly overrides?: readonly OverrideInput[];
  /** What else the write was answered: how many nodes have it in force, what it does to counters. */
  readonly outcome?: object | undefined;
  /** Of the request that asked for it. */
  readonly requestId?: string | undefined;
}

export const MAX_LISTED_RULES = 1_000;

export interface ReplacedRule {
  readonly id: string;
  /** Absent: it is new. */
  readonly before?: Rule | undefined;
  /** Absent: it is gone. */
  readonly after?: Rule | undefined;
}

/** Where every write of an operator is recorded, once it is done. It never fails, and nothing waits for it. */
export interface AdminEvents {
  record(event: AdminEvent): void;
}
