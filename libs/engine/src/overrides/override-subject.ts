import type { Rule, Subject } from '@sundial/contract';

/** What names a subject among those of a rule: its values, in the order of the rule's attributes. */
export function nameOfSubject({ per }: Rule, subject: Subject): string {
  return JSON.stringify(per.map((attribute) => subject[attribute]));
}

/** How the names begin of subjects whose first value begins so. */
export function nameBeginning(prefix: string): string {
  return prefix === '' ? '' : JSON.stringify([prefix]).slice(0, -2);
}

/** The subject that has a name; undefined where the rule counts by other attributes now. */
export function subjectNamed({ per }: Rule, name: string): Subject | undefined {
  const values = valuesIn(name);
  if (values?.length !== per.length) return undefined;
  return Object.fromEntries(per.map((attribute, at) => [attribute, values[at]!]));
}

function valuesIn(name: string): readonly string[] | undefined {
  try {
    const values: unknown = JSON.parse(name);
    const areTexts = Array.isArray(values) && values.every((value) => typeof value === 'string');
    return areTexts ? (values as string[]) : undefined;
  } catch {
    return undefined;
  }
}
