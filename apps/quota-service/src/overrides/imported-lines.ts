import {
  type InputError,
  type InputFault,
  MAX_IMPORTED_OVERRIDES,
  QuotaError,
  said,
} from '@sundial/contract';
import { TimeSlice } from '@sundial/engine';

/**
 * What the lines of an import say, parsed a little at a time.
 * @throws QuotaError `invalid-request` that names every line that is no JSON.
 */
export async function importedLines(body: unknown): Promise<readonly unknown[]> {
  if (typeof body !== 'string') throw invalid(said('lines-of-json'));
  const lines = body.split('\n', MAX_IMPORTED_OVERRIDES + 2);
  if (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length === 0) throw invalid(said('override-no-line'));
  if (lines.length > MAX_IMPORTED_OVERRIDES)
    throw invalid(said('override-lines-over', { to: MAX_IMPORTED_OVERRIDES }));
  const [parsed, errors] = [[] as unknown[], [] as InputError[]];
  const slice = new TimeSlice();
  for (const [index, line] of lines.entries()) {
    if (slice.isOver) await slice.next();
    try {
      parsed.push(JSON.parse(line));
    } catch {
      errors.push({ path: `lines.${index + 1}`, ...said('valid-json') });
    }
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return parsed;
}

function invalid(fault: InputFault): QuotaError {
  return QuotaError.invalid('invalid-request', [{ path: '', ...fault }]);
}
