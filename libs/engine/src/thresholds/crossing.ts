import { hash } from 'node:crypto';
import type { Limit, Rule, Subject } from '@sundial/contract';

/**
 * A limit of one counter has reached a threshold in its window, or has refused a check for the first time in it. Of one counter, limit,
 * window and threshold every node makes the same `id`.
 */
export interface Crossing {
  readonly kind: 'threshold' | 'limit-reached';
  readonly id: string;
  readonly resource: string;
  readonly rule: string;
  /** What the rule counts by. Values that were found in a key may be hashes there: `hashed` names their attributes. */
  readonly subject: Subject;
  readonly hashed?: readonly string[];
  /** As the rule wrote it. */
  readonly window: Limit['window'];
  readonly meter: string;
  /** A share of max; absent of `limit-reached`. */
  readonly threshold?: number;
  readonly used: number;
  readonly max: number;
  /** ISO-8601 with offset; null where the window is `total`. */
  readonly startsAt: string | null;
  readonly resetsAt: string | null;
  /** Of this process: `ThresholdWatch.lost` takes it. */
  readonly mark: number;
}

/** The attributes that a rule counts by. */
export function countedSubject({ per }: Pick<Rule, 'per'>, subject: Subject): Subject {
  return Object.fromEntries(per.map((name) => [name, subject[name]!]));
}

/** The same on every node, and of nothing else. */
export function crossingId(name: string): string {
  return hash('sha256', name, 'base64url').slice(0, 22);
}
