import { NAME_PATTERN, UNITS_METER } from '@sundial/contract';
import { messageFor } from './field-decorators.js';
import { isPlainObject } from './plain-json.js';

/** Of a resource, a rule's id, a meter. */
export const NAME_REQUIREMENT =
  'must be 1 to 128 letters, digits, ".", "_", ":" or "-", of which the first is a letter or a digit';

/** Of a meter beside its window. */
export function meterMessage(
  value: unknown,
  { window }: Readonly<Record<string, unknown>>,
): string | undefined {
  if (typeof value !== 'string' || !NAME_PATTERN.test(value)) return messageFor(NAME_REQUIREMENT, value);
  const unit = isPlainObject(window) ? window['unit'] : window;
  if (unit !== 'concurrent' || value === UNITS_METER) return undefined;
  return messageFor(
    `must be "${UNITS_METER}" where the window is "concurrent", which counts operations that run at once`,
    value,
  );
}
