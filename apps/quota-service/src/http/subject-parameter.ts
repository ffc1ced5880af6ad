import { type InputError, QuotaError, said } from '@sundial/contract';

/**
 * The attributes of a subject among the parameters of a query, without those that the route has names for. Where an attribute has such a
 * name, `subject` has all of them as JSON. @throws QuotaError `invalid-request`
 */
export function subjectAmong(values: ReadonlyMap<string, string>): Record<string, string> {
  const { subject, ...others } = Object.fromEntries(values);
  if (subject === undefined || !subject.startsWith('{')) return Object.fromEntries(values);
  const errors: InputError[] = [];
  const entries = [...Object.entries(others), ...attributesIn(subject, errors)];
  if (new Set(entries.map(([name]) => name)).size < entries.length)
    errors.push({ path: 'subject', ...said('attribute-twice') });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return Object.fromEntries(entries);
}

/** `{"user":"u1"}`, or `user:u1,grade:3`. */
export function attributesIn(text: string, errors: InputError[]): [string, string][] {
  if (!text.startsWith('{')) {
    const pairs = text.split(',').map((pair) => pair.split(/:(.*)/s).slice(0, 2));
    if (pairs.every((pair): pair is [string, string] => pair.length === 2)) return pairs;
    errors.push({ path: 'subject', ...said('subject-text') });
    return [];
  }
  try {
    const parsed: unknown = JSON.parse(text);
    const entries = Object.entries(parsed as Record<string, unknown>);
    if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return entries;
  } catch {
    // It is refused below.
  }
  errors.push({ path: 'subject', ...said('subject-text') });
  return [];
}
