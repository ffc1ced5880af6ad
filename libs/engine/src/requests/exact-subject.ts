import { type InputError, said, type Subject } from '@sundial/contract';

/** A counter is one of a rule's exact attributes: with others it would be another one, or none. */
export function notTheAttributes(per: readonly string[], subject: Subject): readonly InputError[] {
  const missing = per.filter((name) => !Object.hasOwn(subject, name));
  const others = Object.keys(subject).filter((name) => !per.includes(name));
  return [
    ...missing.map((name) => ({ path: `subject.${name}`, ...said('attribute-of-rule') })),
    ...others.map((name) => ({ path: `subject.${name}`, ...said('attribute-not-counted') })),
  ];
}
