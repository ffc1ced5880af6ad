import type { InputError } from '../errors.js';
import type { CheckRequest } from '../quota.js';
import type { RuleBook } from '../rules/rule-book.js';
import { mistakesInCheck, missingAttributes } from './parse-request.js';

/** What is wrong with a check under the rules of its resource. */
export function mistakesUnder(book: RuleBook, request: CheckRequest): readonly InputError[] {
  const mistakes = mistakesInCheck(request);
  return mistakes.length > 0
    ? mistakes
    : missingAttributes(book.forResource(request.resource), request.subject);
}

/** What is wrong with any check of a batch, each named by its place: `checks.3.subject.user`. */
export function mistakesInBatch(requests: readonly CheckRequest[], book: RuleBook): readonly InputError[] {
  if (!Array.isArray(requests)) return [{ path: 'checks', message: 'must be a list of checks' }];
  return requests.flatMap((request: CheckRequest, index) =>
    mistakesUnder(book, request).map(({ path, message }) => ({
      path: `checks.${index}${path && '.'}${path}`,
      message,
    })),
  );
}
