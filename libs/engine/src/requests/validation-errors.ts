import { type CheckRequest, type InputError, MAX_ERRORS, said } from '@sundial/contract';
import type { RuleBook } from '../rules/rule-book.js';
import { validationErrorsInCheck, missingAttributes } from './parse-request.js';
import { receiptErrors } from './receipt-errors.js';

/** What is wrong with a check under the rules of its resource. */
export function validationErrorsUnder(book: RuleBook, request: CheckRequest): readonly InputError[] {
  const errors = validationErrorsInCheck(request);
  if (errors.length > 0) return errors;
  const missing = missingAttributes(book.forResource(request.resource), request.subject);
  return missing.length > 0 ? missing : receiptErrors(request);
}

/**
 * What is wrong with any check of a batch, each named by its place: `checks.3.subject.user`. Reading stops where there are
 * more errors than help.
 */
export function validationErrorsInBatch(
  requests: readonly CheckRequest[],
  book: RuleBook,
): readonly InputError[] {
  if (!Array.isArray(requests)) return [{ path: 'checks', ...said('list-of', { what: 'checks' }) }];
  const errors: InputError[] = [];
  for (const [index, request] of (requests as readonly CheckRequest[]).entries()) {
    for (const { path, ...fault } of validationErrorsUnder(book, request)) {
      errors.push({ path: `checks.${index}${path && '.'}${path}`, ...fault });
    }
    if (errors.length < MAX_ERRORS || index === requests.length - 1) continue;
    return [
      ...errors.slice(0, MAX_ERRORS - 1),
      { path: 'checks', ...said('more-errors-after', { path: `checks.${index}` }) },
    ];
  }
  return errors;
}
