import { type InputFault, MAX_UNITS, said, saidOf } from '@sundial/contract';
import { ValidateBy, ValidateIf } from 'class-validator';
import { show } from './plain-json.js';

/** What is wrong with a value that does not fulfil its requirement. */
export function faultOf(requirement: InputFault, value: unknown): InputFault {
  return saidOf(requirement, value === undefined ? null : show(value));
}

/** What a decorator has against a value; `errorsIn` reads it. */
export interface Judging {
  readonly judge: (value: unknown, around: Fields) => InputFault | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Options of a decorator of class-validator, whose own sentences nothing shows. */
export function says(requirement: InputFault): { readonly context: Judging } {
  return { context: { judge: (value) => faultOf(requirement, value) } };
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
    isMax(value) ? undefined : faultOf(said('whole-number-or-null', { from: 0, to: MAX_UNITS }), value),
  );
}

/**
 * A check whose sentence depends on what is wrong: `judge` says it of the value, or nothing when that is good. It is given the
 * object around it, too, of which any field may be wrong.
 */
export function Judged(judge: Judging['judge']): PropertyDecorator {
  const isGood = (value: unknown, around: object | undefined) =>
    judge(value, (around ?? {}) as Fields) === undefined;
  return ValidateBy(
    { name: 'judged', validator: { validate: (value, args) => isGood(value, args?.object) } },
    // Without a message of its own class-validator drops the context.
    { message: 'is not good', context: { judge } },
  );
}
