import { getMetadataStorage, validateSync } from 'class-validator';
import { firstErrors, type InputError, said, saidOf } from '@sundial/contract';
import type { Judging } from './field-decorators.js';
import { isPlainObject, show } from './plain-json.js';

/** Checks one level. Nested ones are checked by name, so no input decides how deep a check goes. */
export function errorsIn<T extends object>(
  definition: new () => T,
  input: unknown,
  at: string,
  what: string,
): InputError[] {
  if (!isPlainObject(input)) return [{ path: at, ...saidOf(said('object'), show(input)) }];
  const fields = fieldsOf(definition);
  const unknown = firstErrors(
    Object.keys(input).filter((key) => !fields.includes(key)),
    (key) => ({
      path: join(at, /^[\w$-]{1,64}$/.test(key) ? key : show(key)),
      ...said('no-field-of', { what, fields: fields.join(', ') }),
    }),
  );
  const filled = fill(definition, input);
  const wrong = validateSync(filled).flatMap(({ property, value, contexts = {} }) =>
    (Object.values(contexts) as Judging[]).flatMap(({ judge }) => {
      const fault = judge(value, filled as Readonly<Record<string, unknown>>);
      return fault === undefined ? [] : [{ path: join(at, property), ...fault }];
    }),
  );
  return [...unknown, ...wrong];
}

function join(at: string, field: string): string {
  return at === '' ? field : `${at}.${field}`;
}

const fields = new Map<new () => object, readonly string[]>();

function fieldsOf(definition: new () => object): readonly string[] {
  const known = fields.get(definition);
  if (known) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(definition, '', false, false);
  const names = [...new Set(metadata.map(({ propertyName }) => propertyName))];
  fields.set(definition, names);
  return names;
}

/** The definition with its defaults, and of the input only the fields it has. */
export function fill<T extends object>(definition: new () => T, input: Record<string, unknown>): T {
  const given = fieldsOf(definition).filter(
    (field) => Object.hasOwn(input, field) && input[field] !== undefined,
  );
  return Object.assign(new definition(), Object.fromEntries(given.map((field) => [field, input[field]])));
}
