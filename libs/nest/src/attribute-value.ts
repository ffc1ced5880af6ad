import { MAX_VALUE_LENGTH } from '@sundial/contract';

/**
 * What an argument says of an attribute: its value, that it has none, or why it can be none: `invalid` for what a caller
 * can have sent, `misuse` for what only the program can have passed.
 */
export type AttributeReading =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'misuse'; readonly message: string };

export function readAttribute(value: unknown): AttributeReading {
  if (value === undefined || value === null) return { kind: 'absent' };
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return readText(String(value));
  if (typeof value === 'string') return readText(value);
  const message = `must be a string or a whole number, not ${kindOf(value)}`;
  return { kind: isSendable(value) ? 'invalid' : 'misuse', message };
}

/** Whether JSON, a query, a header or an unchecked conversion of one (`NaN`) could have brought a value of this kind. */
export function isSendable(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return true;
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value);
    case 'bigint':
    case 'function':
    case 'symbol':
      return false;
  }
}

export function kindOf(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || isPlain(value)) return `a value of type ${typeof value}`;
  return `an instance of ${value.constructor?.name || 'a class'}`;
}

function readText(value: string): AttributeReading {
  if (value === '') return { kind: 'invalid', message: 'must not be empty' };
  if (isTooLong(value)) {
    return { kind: 'invalid', message: `must have at most ${MAX_VALUE_LENGTH} characters` };
  }
  return { kind: 'value', value };
}

/** In code points, which take one or two of JavaScript's units. */
function isTooLong(value: string): boolean {
  if (value.length <= MAX_VALUE_LENGTH) return false;
  return value.length > 2 * MAX_VALUE_LENGTH || [...value].length > MAX_VALUE_LENGTH;
}

/** Parsers make objects with the prototype of `{}`, or with none. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
