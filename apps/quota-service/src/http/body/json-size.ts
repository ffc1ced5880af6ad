import { MAX_JSON_DEPTH, MAX_JSON_FIELDS, MAX_JSON_VALUES } from '../bounds.js';

/** Below this a body cannot hold enough to matter: it is parsed at once. */
const SMALL_BYTES = 32 * 1024;

/**
 * Why JSON text would take too long to parse, or undefined when it would not. `JSON.parse` takes 40 ms for one object
 * of 90,000 fields, which is 1 MiB; this reads the same bytes in 2 ms, and stops where a bound is passed. It judges
 * well-formed JSON only: what is not well-formed is refused by the parser, early or late.
 */
export function sizeMessage(text: Uint8Array): string | undefined {
  if (text.length <= SMALL_BYTES) return undefined;
  const fields = new Uint32Array(MAX_JSON_DEPTH + 2);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]!) {
      case QUOTE:
        at = endOfString(text, at + 1);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > MAX_JSON_DEPTH + 1) return TOO_DEEP;
        fields[depth] = 0;
        if (++values > MAX_JSON_VALUES) return TOO_MANY_VALUES;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth > 0) depth--;
        break;
      case COLON:
        if (++fields[depth]! > MAX_JSON_FIELDS) return TOO_MANY_FIELDS;
        break;
      case COMMA:
        if (++values > MAX_JSON_VALUES) return TOO_MANY_VALUES;
        break;
    }
  }
  return undefined;
}

export function tooManyValues(most: number): string {
  return `holds more than ${most} values`;
}

export const TOO_DEEP = `is nested deeper than ${MAX_JSON_DEPTH} levels`;
const TOO_MANY_FIELDS = `has an object of more than ${MAX_JSON_FIELDS} fields`;
const TOO_MANY_VALUES = tooManyValues(MAX_JSON_VALUES);

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Of the string whose first character is at `at`: where its closing quote is. */
function endOfString(text: Uint8Array, at: number): number {
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}
