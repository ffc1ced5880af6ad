import {
  NAME_PATTERN,
  type OverriddenLimit,
  WINDOW_UNITS,
  type WindowSpec,
  type WindowUnit,
} from '@sundial/contract';
import { InvalidArgumentError } from 'commander';

const HOW =
  'Write it as window=max or window:meter=max, like day=50, day=+20 or month:tokens=unlimited; ' +
  'a window may be the object of the rule: {"unit":"hour","every":5}=20.';

/** One `--limit`; the option may be repeated. */
export function overriddenOption(
  text: string,
  before: readonly OverriddenLimit[] = [],
): readonly OverriddenLimit[] {
  const at = text.lastIndexOf('=');
  if (at < 0) throw new InvalidArgumentError(HOW);
  const [name, max] = [text.slice(0, at), text.slice(at + 1)];
  return [...before, { ...windowOf(name), ...maxOf(max) }];
}

function windowOf(name: string): Pick<OverriddenLimit, 'window' | 'meter'> {
  const [, spec, unit = '', meter] = /^(?:(\{.*\})|([a-z]+))(?::([^:{}]+.*))?$/.exec(name) ?? [];
  if (meter !== undefined && !NAME_PATTERN.test(meter)) throw new InvalidArgumentError(HOW);
  const window = spec === undefined ? WINDOW_UNITS.find((known) => known === unit) : specOf(spec);
  if (window === undefined) throw new InvalidArgumentError(HOW);
  return { window, ...(meter !== undefined && { meter }) };
}

/** The service judges it. */
function specOf(text: string): WindowUnit | WindowSpec {
  try {
    return JSON.parse(text) as WindowSpec;
  } catch {
    throw new InvalidArgumentError(HOW);
  }
}

function maxOf(text: string): Pick<OverriddenLimit, 'set' | 'add'> {
  if (text === 'unlimited') return { set: null };
  const [, plus, digits = ''] = /^(\+?)(\d{1,16})$/.exec(text) ?? [];
  const value = digits === '' ? NaN : Number(digits);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError(HOW);
  return plus ? { add: value } : { set: value };
}
