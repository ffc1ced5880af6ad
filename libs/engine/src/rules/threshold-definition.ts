import { type InputFault, type Limit, MAX_THRESHOLD, MAX_THRESHOLDS_A_LIMIT, said } from '@sundial/contract';
import { unitOf } from '../windows/window.js';
import { faultOf } from './field-decorators.js';
import { show } from './plain-json.js';
import { windowFault } from './window-definition.js';

const BOUNDS = { to: MAX_THRESHOLDS_A_LIMIT, most: MAX_THRESHOLD };

/** Of a limit's `thresholds`. Its `max` may be null: a tier, a schedule or an override may have another one. */
export function thresholdsFault(
  value: unknown,
  { window }: Readonly<Record<string, unknown>>,
): InputFault | undefined {
  if (!Array.isArray(value)) return faultOf(said('thresholds', BOUNDS), value);
  if (value.length < 1 || value.length > MAX_THRESHOLDS_A_LIMIT)
    return said('thresholds-count', { ...BOUNDS, count: value.length });
  const shares: readonly unknown[] = value;
  const odd = shares.find((share) => typeof share !== 'number' || !(share > 0 && share <= MAX_THRESHOLD));
  if (odd !== undefined) return said('thresholds-none', { ...BOUNDS, share: show(odd) });
  if (shares.some((share, index) => index > 0 && (share as number) <= (shares[index - 1] as number)))
    return said('thresholds-order');
  if (windowFault(window) === undefined && unitOf(window as Limit['window']) === 'concurrent')
    return said('thresholds-concurrent');
  return undefined;
}
