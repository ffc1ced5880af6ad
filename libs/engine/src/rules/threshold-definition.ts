import { type Limit, MAX_THRESHOLD, MAX_THRESHOLDS_A_LIMIT } from '@sundial/contract';
import { unitOf } from '../windows/window.js';
import { messageFor } from './field-decorators.js';
import { show } from './plain-json.js';
import { windowMessage } from './window-definition.js';

const REQUIREMENT = `must be a list of 1 to ${MAX_THRESHOLDS_A_LIMIT} shares of max such as [0.8, 1], each above 0 and at most ${MAX_THRESHOLD}`;

/** Of a limit's `thresholds`. Its `max` may be null: a tier, a schedule or an override may have another one. */
export function thresholdsMessage(
  value: unknown,
  { window }: Readonly<Record<string, unknown>>,
): string | undefined {
  if (!Array.isArray(value)) return messageFor(REQUIREMENT, value);
  if (value.length < 1 || value.length > MAX_THRESHOLDS_A_LIMIT) return `${REQUIREMENT}; not ${value.length}`;
  const shares: readonly unknown[] = value;
  const odd = shares.find((share) => typeof share !== 'number' || !(share > 0 && share <= MAX_THRESHOLD));
  if (odd !== undefined) return `${REQUIREMENT}; ${show(odd)} is none`;
  if (shares.some((share, index) => index > 0 && (share as number) <= (shares[index - 1] as number)))
    return 'must be in ascending order, each share once';
  if (windowMessage(window) === undefined && unitOf(window as Limit['window']) === 'concurrent')
    return 'does not go with a concurrent limit, of which nothing is ever used up: it shows what is held at once';
  return undefined;
}
