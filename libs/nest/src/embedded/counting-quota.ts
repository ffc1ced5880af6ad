import type { Quota, RuleAdmin } from '@sundial/contract';

/** A quota that counts in this process, with all that belongs to it. */
export interface CountingQuota {
  readonly quota: Quota;
  readonly rules: RuleAdmin;
  status(): QuotaStatus;
  close(): Promise<void>;
}

/** How a quota in this process is. */
export interface QuotaStatus {
  readonly store: 'redis' | 'embedded';
  /** `exact`: the store decides. `degraded`: it cannot be asked, and the rules' `degrade` policies do. */
  readonly mode: 'exact' | 'degraded';
  /** Why it is degraded. */
  readonly cause: string | null;
  /** What is not as it should be with the store and with the files of the process; each says what to do. */
  readonly findings: readonly string[];
  /** Of the rules in force. */
  readonly rulesVersion: number;
  /** The nodes that share the store, this one included. */
  readonly nodes: number;
}
