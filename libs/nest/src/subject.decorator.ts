import { limitedMethod, methodLabel } from './limited-methods.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';

/** DESIGN §4: what the service and the engine accept, refused here when the class is defined. */
const ATTRIBUTE = /^[a-z][A-Za-z0-9_-]{0,31}$/;

/**
 * Says that this argument of a `@RiskLimit` method is (or holds) an attribute of the subject: who is counted.
 *
 * - `@Subject('user') userId: string`: the argument itself.
 * - `@Subject('grade', 'profile.grade') pupil: Pupil`: a dotted path into it.
 * - `@Subject('grade', (pupil: Pupil) => pupil.profile.grade) pupil: Pupil`: a function of it.
 *
 * Strings are taken as they are, whole numbers as their digits. `undefined` and `null` leave the attribute out, which
 * is refused only where a rule counts by it. One argument may carry several attributes; no attribute may come twice.
 *
 * @throws RiskLimitMisuseError when the class is defined, for a name that Sundial would refuse.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a parameter decorator never learns its parameter's type
export function Subject<Argument = any>(
  attribute: string,
  select: string | ((argument: Argument) => string | number | bigint | null | undefined) = (argument) =>
    argument as string,
): ParameterDecorator {
  return (target, name, index) => {
    const refuse = (sentence: string): never => {
      throw new RiskLimitMisuseError(methodLabel(target, name), sentence);
    };
    if (name === undefined || typeof target === 'function') {
      return refuse('@Subject is for parameters of instance methods with @RiskLimit.');
    }
    if (!ATTRIBUTE.test(attribute) || attribute === 'resource') {
      refuse(
        `@Subject('${attribute}') is no attribute name. Use up to 32 letters, digits, "_" and "-", a small letter first, ` +
          'and not "resource".',
      );
    }
    if (select === '' || (typeof select === 'string' && select.split('.').includes(''))) {
      refuse(`"${select}" of @Subject('${attribute}') is no path. Write it like "profile.grade".`);
    }
    const { subject } = limitedMethod(target, name);
    if (subject.some((other) => other.attribute === attribute)) {
      refuse(`two parameters are @Subject('${attribute}'). Give one of them another name or remove it.`);
    }
    subject.push({
      index,
      attribute,
      select: typeof select === 'string' ? pathSelector(select) : (select as never),
    });
  };
}

function pathSelector(path: string): (argument: unknown) => unknown {
  const steps = path.split('.');
  return (argument) => steps.reduce<unknown>(propertyOf, argument);
}

function propertyOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;
}
