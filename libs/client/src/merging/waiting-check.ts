import type { Decision } from '@sundial/contract';
import type { Outcome } from '../answers/outcome.js';
import type { TraceHeaders } from '../attempts/exchange.js';

/** A check that was asked for and not answered yet. */
export interface WaitingCheck {
  /** As JSON, with its operation id. */
  readonly text: string;
  readonly operationId: string;
  readonly resource: string;
  /** On the monotonic clock. */
  readonly dueAt: number;
  /** Of its trace; undefined where the process traces nothing. */
  readonly traceHeaders: TraceHeaders | undefined;
  readonly resolve: (outcome: Outcome<Decision>) => void;
  /** It shares no request: bad input of one refuses a whole batch, and each must hear only of its own. */
  readonly isAlone: boolean;
}
