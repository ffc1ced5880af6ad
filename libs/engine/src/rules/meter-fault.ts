import { type InputFault, NAME_PATTERN, said, UNITS_METER } from '@sundial/contract';
import { faultOf } from './field-decorators.js';
import { isPlainObject } from './plain-json.js';

/** Of a meter beside its window. */
export function meterFault(
  value: unknown,
  { window }: Readonly<Record<string, unknown>>,
): InputFault | undefined {
  if (typeof value !== 'string' || !NAME_PATTERN.test(value)) return faultOf(said('name'), value);
  const unit = isPlainObject(window) ? window['unit'] : window;
  if (unit !== 'concurrent' || value === UNITS_METER) return undefined;
  return faultOf(said('meter-concurrent'), value);
}
