import type { Allowance } from '../counters/allowance.js';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { maxUnder } from '../stores/overrides.js';
import type { LimitCount } from '../stores/counter-ref.js';

/** How much a limit allows its subject: an override beats what the rule says. */
export function allowanceOf({ limit, override }: LimitCount<PlannedLimit>): Allowance {
  const { allowance } = limit;
  return override === undefined ? allowance : { max: maxUnder(allowance.max, override), source: 'override' };
}
