import type { Verb } from './client-events.js';

/** Called when a verb begins; what it returns is called when it has ended. */
export type OnCall = (call: ClientCall) => ((end: ClientCallEnd) => void) | undefined;

/** Of a reservation by its id, and of a batch, `resource` and `operationId` are absent. */
export interface ClientCall {
  readonly verb: Verb;
  readonly resource?: string;
  readonly operationId?: string;
}

export interface ClientCallEnd {
  /** `degraded`: answered without a service. `rejected`: misuse. */
  readonly outcome: 'answered' | 'degraded' | 'rejected';
  readonly durationMs: number;
  /** Where it was rejected. */
  readonly error?: unknown;
}
