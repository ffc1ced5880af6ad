import { type InputError, QuotaError, said } from '@sundial/contract';

/**
 * The list in a body that holds nothing else: `{ "checks": [ … ] }`. The engine reads its entries.
 * @throws QuotaError `invalid-request` for what is around them: no list, too many of them, other fields.
 */
export function listIn<T>(body: unknown, name: string, max: number): readonly T[] {
  const fields: Readonly<Record<string, unknown>> = isRecord(body) ? body : {};
  const list = fields[name];
  const errors: InputError[] = [];
  if (!Array.isArray(list)) errors.push({ path: name, ...said('list-of', { what: name }) });
  else if (list.length < 1 || list.length > max)
    errors.push({ path: name, ...said('list-length', { from: 1, to: max, what: name, count: list.length }) });
  for (const field in fields) {
    if (field !== name) errors.push({ path: field.slice(0, 64), ...said('unknown-field') });
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return list as T[];
}

function isRecord(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}
