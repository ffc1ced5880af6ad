import { type CheckRequest, type InputError, MAX_BATCH_CHECKS, QuotaError } from '@sundial/contract';

/**
 * The checks in the body of a batch, which the engine reads.
 * @throws QuotaError `invalid-request` for what is around them: no list, too many of them, other fields.
 */
export function checksOf(body: unknown): readonly CheckRequest[] {
  const fields: Readonly<Record<string, unknown>> = isRecord(body) ? body : {};
  const { checks } = fields;
  const errors: InputError[] = [];
  if (!Array.isArray(checks)) errors.push({ path: 'checks', message: 'must be a list of checks' });
  else if (checks.length < 1 || checks.length > MAX_BATCH_CHECKS) {
    errors.push({
      path: 'checks',
      message: `must hold 1 to ${MAX_BATCH_CHECKS} checks, not ${checks.length}`,
    });
  }
  for (const name in fields) {
    if (name !== 'checks') errors.push({ path: name.slice(0, 64), message: 'is not a known field' });
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return checks as CheckRequest[];
}

function isRecord(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}
