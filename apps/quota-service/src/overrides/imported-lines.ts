import { type InputError, MAX_IMPORTED_OVERRIDES, QuotaError } from '@sundial/contract';
import { TimeSlice } from '@sundial/engine';

/**
 * What the lines of an import say, parsed a little at a time.
 * @throws QuotaError `invalid-request` that names every line that is no JSON.
 */
export async function importedLines(body: unknown): Promise<readonly unknown[]> {
  if (typeof body !== 'string') throw invalid('must be lines of JSON, as application/x-ndjson');
  const lines = body.split('\n', MAX_IMPORTED_OVERRIDES + 2);
  if (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length === 0) throw invalid('has no line');
  if (lines.length > MAX_IMPORTED_OVERRIDES)
    throw invalid(`has more than ${MAX_IMPORTED_OVERRIDES} lines: import them in parts`);
  const [parsed, errors] = [[] as unknown[], [] as InputError[]];
  const slice = new TimeSlice();
  for (const [index, line] of lines.entries()) {
    if (slice.isOver) await slice.next();
    try {
      parsed.push(JSON.parse(line));
    } catch {
      errors.push({ path: `lines.${index + 1}`, message: 'is not valid JSON' });
    }
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return parsed;
}

function invalid(message: string): QuotaError {
  return QuotaError.invalid('invalid-request', [{ path: '', message }]);
}
