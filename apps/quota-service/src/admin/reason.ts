import { type InputError, MAX_REASON_LENGTH, QuotaError, said } from '@sundial/contract';
import { readQuery, unknownParameters } from '../http/query.js';

/** The query parameter of writes that have no body for it. */
export const REASON = {
  in: 'query',
  name: 'reason',
  description: 'Why, for logs and the ledger. Required where the service is set to require it.',
  example: 'the exam week',
  optional: true,
} as const;

/** What is wrong with a reason of a query. */
export function errorsInReason(reason: string | undefined): readonly InputError[] {
  if (reason === undefined || (reason.length > 0 && reason.length <= MAX_REASON_LENGTH)) return [];
  return [{ path: 'reason', ...said('characters', { from: 1, to: MAX_REASON_LENGTH }) }];
}

/** Of a write whose only parameter it is. @throws QuotaError `invalid-request` */
export function reasonInQuery(url: string): string | undefined {
  const values = readQuery(url);
  const reason = values.get('reason');
  const errors = [...unknownParameters(values.keys(), ['reason']), ...errorsInReason(reason)];
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return reason;
}

/** Of a body, where it has one. Whether that is valid is checked with the rest of the body. */
export function reasonIn(body: unknown): string | undefined {
  const reason = typeof body === 'object' && body !== null && 'reason' in body ? body.reason : undefined;
  return typeof reason === 'string' ? reason : undefined;
}
