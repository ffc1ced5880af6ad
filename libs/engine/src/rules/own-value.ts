import { ATTRIBUTE_PATTERN } from '@sundial/contract';
import { messageFor } from './field-decorators.js';
import { isPlainObject, show } from './plain-json.js';

/** Of `{ by, default }`: what is wrong with it, where anything is; `defaultMessage` judges the default. */
export function ownValueMessage(
  value: unknown,
  what: string,
  defaultMessage: (value: unknown) => string | undefined,
): string | undefined {
  if (!isPlainObject(value))
    return messageFor('must be an object such as { "by": "tz", "default": … }', value);
  const unknown = Object.keys(value).filter((field) => field !== 'by' && field !== 'default');
  if (unknown.length > 0) return `has the fields by and default, and not ${unknown.map(show).join(', ')}`;
  const { by } = value;
  if (typeof by !== 'string' || !ATTRIBUTE_PATTERN.test(by))
    return `must name in by the attribute that a check's subject gives it under, not ${show(by)}`;
  const message = defaultMessage(value['default']);
  return message === undefined ? undefined : `must have in default ${what}: ${message}`;
}
