import type { Decision, Subject } from '@sundial/contract';

/** One call of the drill, as the program that made it saw it. */
export interface Call {
  readonly operationId: string;
  readonly subject: Subject;
  readonly tookMs: number;
  readonly answer: Answered | Rejected;
}

interface Answered {
  readonly decision: Decision;
}

/** A program never sees this in an outage. */
interface Rejected {
  readonly rejected: string;
}

export function decisionOf({ answer }: Call): Decision | undefined {
  return 'decision' in answer ? answer.decision : undefined;
}

/** By the client's own fallback: no service answered. */
export function isByClient(call: Call): boolean {
  return decisionOf(call)?.degraded?.cause === 'unreachable';
}

/** By a service that could not ask its store. */
export function isByService(call: Call): boolean {
  const decision = decisionOf(call);
  return !!decision?.degraded && decision.degraded.cause !== 'unreachable';
}

/** By the store, as on any other day. */
export function isExact(call: Call): boolean {
  return decisionOf(call)?.degraded === null;
}
