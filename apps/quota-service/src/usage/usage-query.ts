import { QuotaError, type InputError } from '@sundial/engine';

/**
 * The query of `GET /usage`: `resource`, and every other parameter an attribute of the subject.
 *
 * Read from the raw text, because common parsers let two spellings of one value through, or keep what they cannot
 * decode, and then two different subjects would be looked up as one.
 * @throws QuotaError `invalid-request` for a parameter that is given twice or not validly encoded.
 */
export function parseUsageQuery(url: string): { resource?: string; subject: Record<string, string> } {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const values = new Map<string, string>();
  const errors: InputError[] = [];
  for (const part of query.split('&').filter(Boolean)) {
    const [name, value] = part.split(/=(.*)/s).slice(0, 2).map(decode);
    if (name === undefined || value === undefined)
      errors.push({ path: part.slice(0, 64), message: 'must be name=value, percent-encoded UTF-8' });
    else if (values.has(name)) errors.push({ path: name, message: 'is given more than once' });
    else values.set(name, value);
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  const resource = values.get('resource');
  values.delete('resource');
  return { ...(resource !== undefined && { resource }), subject: Object.fromEntries(values) };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
