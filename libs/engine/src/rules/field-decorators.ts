import { MAX_UNITS } from '@sundial/contract';
import { ValidateBy, ValidateIf } from 'class-validator';
import { show } from './plain-json.js';

/** The sentence about a value that does not fulfil its requirement. */
export function messageFor(requirement: string, value: unknown): string {
  return value === undefined ? `is missing; it ${requirement}` : `${requirement}, not ${show(value)}`;
}

export function says(requirement: string): { message: (args: { value: unknown }) => string } {
  return { message: ({ value }) => messageFor(requirement, value) };
}

/** A field that may be absent. Unlike class-validator's `IsOptional`, null is not absent. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/** A `max`: null is a value of its own. */
export function Units(): PropertyDecorator {
  const isMax = (value: unknown) =>
    value === null || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_UNITS);
  return Judged((value) =>
    isMax(value)
      ? undefined
      : messageFor(`must be a whole number from 0 to ${MAX_UNITS}, or null for no limit`, value),
  );
}

/**
 * A check whose sentence depends on what is wrong: `judge` says it of the value, or nothing when that is good. It is given the
 * object around it, too, of which any field may be wrong.
 */
export function Judged(
  judge: (value: unknown, around: Readonly<Record<string, unknown>>) => string | undefined,
): PropertyDecorator {
  const messageOf = (value: unknown, around: object | undefined) =>
    judge(value, (around ?? {}) as Readonly<Record<string, unknown>>);
  return ValidateBy({
    name: 'judged',
    validator: {
      validate: (value, args) => messageOf(value, args?.object) === undefined,
      defaultMessage: (args) => messageOf(args?.value, args?.object) ?? '',
    },
  });
}
