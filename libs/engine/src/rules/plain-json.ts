import { type InputFault, said } from '@sundial/contract';

/** An object as JSON or YAML makes it: neither null nor a list. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether lists and objects lie more than `levels` inside each other. Looks no deeper than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

/** Why a value cannot be kept and sent as JSON within these bounds, or undefined when it can. */
export function jsonFault(value: unknown, bounds: { bytes: number; depth: number }): InputFault | undefined {
  if (isDeeperThan(value, bounds.depth)) return said('too-deep', { levels: bounds.depth });
  const odd = firstOdd(value);
  if (odd !== undefined) return said('plain-json', { why: odd });
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  return bytes > bounds.bytes ? said('json-bytes', { to: bounds.bytes, count: bytes }) : undefined;
}

const SHOWN_CHARACTERS = 60;

/** A value as a sentence may quote it: short, on one line, whatever it is. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return value.length <= SHOWN_CHARACTERS
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}… (${value.length} characters)`;
}

/** The first thing inside a value, bounded in depth, that JSON cannot say or that is unsafe to hand on. */
function firstOdd(value: unknown): string | undefined {
  if (value === null || ['string', 'boolean', 'undefined'].includes(typeof value)) return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value} is no JSON number`;
  if (typeof value !== 'object') return `a ${typeof value} is no JSON value`;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return 'the key "__proto__" is not allowed';
    const odd = firstOdd(inner);
    if (odd !== undefined) return odd;
  }
  return undefined;
}
