import { MAX_METERS, MAX_UNITS, NAME_PATTERN, UNITS_METER, type InputError } from '@sundial/contract';
import { isSendable, kindOf } from './attribute-value.js';

/**
 * What an option says a call takes of meters other than `units`: that, or what is wrong with it: `errors` for what a
 * caller can have sent, `misuse` for what only the program can have passed.
 */
export type AmountsReading =
  | { readonly kind: 'amounts'; readonly amounts: Readonly<Record<string, number>> }
  | { readonly kind: 'invalid'; readonly errors: readonly InputError[] }
  | { readonly kind: 'misuse'; readonly message: string };

export const UNITS = `an integer of 0 to ${MAX_UNITS}`;

export function isUnits(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Names of meters are the program's, their units may come from its caller. */
export function readAmounts(value: unknown): AmountsReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'misuse', message: `must be an object of units by meter, not ${kindOf(value)}` };
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length > MAX_METERS)
    return { kind: 'misuse', message: `must name at most ${MAX_METERS} meters, not ${entries.length}` };
  const errors: InputError[] = [];
  for (const [meter, units] of entries) {
    if (meter === UNITS_METER)
      return { kind: 'misuse', message: `names the meter "${UNITS_METER}", which is the option "amount"` };
    if (!NAME_PATTERN.test(meter))
      return {
        kind: 'misuse',
        message: `names "${meter}", which is no meter: use up to 128 letters, digits and "._:-", a letter or digit first`,
      };
    if (isUnits(units)) continue;
    if (!isSendable(units))
      return {
        kind: 'misuse',
        message: `must be ${UNITS} for each meter, not ${kindOf(units)} for "${meter}"`,
      };
    errors.push({ path: `amounts.${meter}`, message: `must be ${UNITS}` });
  }
  return errors.length > 0
    ? { kind: 'invalid', errors }
    : { kind: 'amounts', amounts: value as Readonly<Record<string, number>> };
}
