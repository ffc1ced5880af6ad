import type { DrillFault } from '@sundial/contract';
import type { Decider } from './steps/call-steps.js';

/** One fault of the procedure, and what a program and its operators must see while it lasts. */
export interface Fault {
  readonly scenario: string;
  readonly fault: DrillFault;
  /** For the person who waits. */
  readonly what: string;
  readonly decider: Decider;
  readonly alarms: { readonly client: boolean; readonly service: boolean };
}

/** The three scenarios: the callers' side fails, the service's side fails (itself, then its store), both do. */
export const FAULTS: readonly Fault[] = [
  {
    scenario: '1 client side',
    fault: 'client',
    what: 'connections are dropped without an answer',
    decider: 'client',
    alarms: { client: true, service: false },
  },
  {
    scenario: '2 service side',
    fault: 'service',
    what: 'the service answers 500, or not at all',
    decider: 'client',
    alarms: { client: true, service: false },
  },
  {
    scenario: '2 service side (store)',
    fault: 'store',
    what: 'the service decides as if its store did not answer',
    decider: 'service',
    alarms: { client: false, service: true },
  },
  {
    scenario: '3 both sides',
    fault: 'both',
    what: 'connections are dropped, and what arrives finds no store',
    decider: 'either',
    alarms: { client: true, service: true },
  },
];
