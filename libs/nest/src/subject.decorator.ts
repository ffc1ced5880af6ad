import { limitedMethod, methodLabel, type SubjectArgument } from './limited-methods.js';
import { ATTRIBUTE_PATTERN, MAX_ATTRIBUTES } from '@sundial/contract';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';

/**
 * Says that this argument of a `@RiskLimit` method is (or holds) an attribute of the subject: who is counted.
 *
 * - `@Subject('user') userId: string`: the argument itself.
 * - `@Subject('grade', 'profile.grade') pupil: Pupil`: a dotted path into it.
 * - `@Subject('grade', (pupil: Pupil) => pupil.profile.grade) pupil: Pupil`: a function of it.
 *
 * Strings of 1 to 256 characters are taken as they are, whole numbers and bigints as their digits. `undefined` and `null`
 * leave the attribute out, and so does a function that fails on an argument that is one of them. One argument may carry
 * several attributes; no attribute may come twice.
 *
 * With any other value the method does not run. The value says who is to blame:
 *
 * - What a request can bring is its caller's: an empty or too long string, a boolean, a number that is not whole or not
 *   exact, a list (`?u=a&u=b`), a plain object (`?u[x]=1`), and no value where a rule counts by the attribute. That is a
 *   `RiskLimitRequestException` (400), and at most once a minute a warning, since a program can be wrong in that way too.
 * - What no request brings is the program's: a `Date`, another instance of a class, a promise, a function, a symbol; also a
 *   function of `@Subject` that fails on an argument that is there. That is a `RiskLimitMisuseError` (500, in Nest's log).
 *
 * @throws RiskLimitMisuseError when the class is defined, for a name that Sundial would refuse.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a parameter decorator never learns its parameter's type
export function Subject<Argument = any>(attribute: string, select?: Select<Argument>): ParameterDecorator {
  return (target, name, index) => {
    const refuse = (error: string): never => {
      throw new RiskLimitMisuseError(methodLabel(target, name), error);
    };
    if (name === undefined || typeof target === 'function') {
      return refuse('@Subject is for parameters of instance methods with @RiskLimit.');
    }
    const { subject } = limitedMethod(target, name);
    const error = errorIn(attribute, select, subject);
    if (error) refuse(error);
    subject.push({ index, attribute, select: selector(select) });
  };
}

type Select<Argument> = string | ((argument: Argument) => string | number | bigint | null | undefined);

function errorIn(
  attribute: string,
  select: Select<never> | undefined,
  others: readonly SubjectArgument[],
): string | undefined {
  if (!ATTRIBUTE_PATTERN.test(attribute)) {
    return (
      `@Subject('${attribute}') is no attribute name. Use up to 32 letters, digits, "_" and "-", ` +
      'a small letter first, and not "resource".'
    );
  }
  if (others.some((other) => other.attribute === attribute)) {
    return `two parameters are @Subject('${attribute}'). Give one of them another name or remove it.`;
  }
  if (others.length === MAX_ATTRIBUTES) return `a subject has at most ${MAX_ATTRIBUTES} attributes.`;
  if (typeof select === 'string' && select.split('.').includes('')) {
    return `"${select}" of @Subject('${attribute}') is no path. Write it like "profile.grade".`;
  }
  return undefined;
}

function selector(select: Select<never> | undefined): SubjectArgument['select'] {
  if (select === undefined) return (argument) => argument;
  if (typeof select === 'function') return select as SubjectArgument['select'];
  const steps = select.split('.');
  return (argument) => steps.reduce<unknown>(propertyOf, argument);
}

function propertyOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;
}
