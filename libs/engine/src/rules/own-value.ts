import { ATTRIBUTE_PATTERN, type InputFault, said } from '@sundial/contract';
import { faultOf } from './field-decorators.js';
import { isPlainObject, show } from './plain-json.js';

/** Of `{ by, default }`: what is wrong with it, where anything is; a default that is not good is not as `requirement` says. */
export function ownValueFault(
  value: unknown,
  requirement: InputFault,
  isGood: (value: unknown) => boolean,
): InputFault | undefined {
  if (!isPlainObject(value)) return faultOf(said('own-object'), value);
  const unknown = Object.keys(value).filter((field) => field !== 'by' && field !== 'default');
  if (unknown.length > 0) return said('own-fields', { fields: unknown.map(show).join(', ') });
  const { by } = value;
  if (typeof by !== 'string' || !ATTRIBUTE_PATTERN.test(by)) return said('own-by', { by: show(by) });
  const { default: given } = value;
  if (isGood(given)) return undefined;
  return given === undefined ? requirement : faultOf(requirement, given);
}
