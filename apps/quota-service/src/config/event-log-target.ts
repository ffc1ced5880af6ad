import type { Environment } from './environment.js';
import { nodeName } from './ledger-target.js';

/** Which events go into the log. */
export interface EventLogTarget {
  /** What this node is called there. */
  readonly node: string;
  readonly withSubjects: boolean;
}

/** Undefined: none. */
export function eventLogTarget(environment: Environment): EventLogTarget | undefined {
  const { SUNDIAL_LOG_EVENTS: events } = environment;
  if (events === 'off') return undefined;
  return { node: nodeName(environment), withSubjects: events === 'with-subjects' };
}
