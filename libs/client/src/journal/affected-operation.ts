import type { Amounts, DecisionGate, ReportOutcome, Subject } from '@sundial/contract';
import type { FailureCause } from '../answers/outcome.js';

/** An operation that no service decided, as `client.affected()` shows it. */
export interface AffectedOperation {
  readonly operationId: string;
  readonly resource: string;
  readonly subject: Subject;
  readonly amount?: number;
  readonly amounts?: Amounts;
  /** ISO-8601, by this machine's clock. */
  readonly decidedAt: string;
  readonly allowed: boolean;
  readonly policy: 'allow' | 'deny';
  /** The operator's gate that decided, in place of the fallback. */
  readonly gate?: DecisionGate['state'];
  /** Whether a request may have reached the service, which then may have counted it. */
  readonly attempted: boolean;
  readonly cause: FailureCause;
  readonly status?: number;
  readonly code?: string;
  readonly requestId?: string;
  /** What the service made of its report: null until it is delivered, `refused` where it never will be. */
  readonly outcome: ReportOutcome | 'refused' | null;
}

/** For analysis and archives: each operation as a line of JSON. */
export function* ndjson(operations: Iterable<AffectedOperation>): Generator<string> {
  for (const operation of operations) yield `${JSON.stringify(operation)}\n`;
}
