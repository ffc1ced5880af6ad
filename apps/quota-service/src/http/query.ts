import { type InputError, QuotaError, said } from '@sundial/contract';

/**
 * The parameters of a request's query. Read from the raw text, because common parsers let two spellings of one value
 * through, or keep what they cannot decode.
 * @throws QuotaError `invalid-request` for a parameter that is given twice or not validly encoded.
 */
export function readQuery(url: string): Map<string, string> {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const values = new Map<string, string>();
  const errors: InputError[] = [];
  for (const part of query.split('&').filter(Boolean)) {
    const [name, value] = part.split(/=(.*)/s).slice(0, 2).map(decode);
    if (name === undefined || value === undefined)
      errors.push({ path: part.slice(0, 64), ...said('parameter-pair') });
    else if (values.has(name)) errors.push({ path: name, ...said('parameter-twice') });
    else values.set(name, value);
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return values;
}

/** An error for each parameter that a route does not know: a misspelt filter would find everything, a misspelt `dryRun` would write. */
export function unknownParameters(names: Iterable<string>, known: readonly string[]): InputError[] {
  return [...names]
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: name.slice(0, 64),
      ...said('no-parameter', { fields: known.join(', ') }),
    }));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
