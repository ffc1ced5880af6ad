import { MAX_RULES, QuotaError } from '@sundial/contract';

/** Why a repository refuses a change, in the same sentences from the script in Redis and from the embedded repository. */
export function ruleExists(id: string): QuotaError {
  return new QuotaError('rule-exists', `There is a rule "${id}" already; replace it, or choose another id.`);
}

export function ruleNotFound(id: string): QuotaError {
  return new QuotaError('rule-not-found', `There is no rule "${id}".`);
}

export function ruleChanged(id: string, expected: number | undefined, actual: number): QuotaError {
  const detail = `The rule "${id}" is at revision ${actual}, not at ${expected}; read it, and send the change again.`;
  return new QuotaError('rule-changed', detail);
}

export function rulesChanged(expected: number, actual: number): QuotaError {
  const detail = `The rules are at version ${actual}, not at ${expected}; read them, and send the set again.`;
  return new QuotaError('rules-changed', detail);
}

export function tooManyRules(): QuotaError {
  const message = `There can be at most ${MAX_RULES} rules; delete one that is no longer needed.`;
  return new QuotaError('invalid-rule', message, [{ path: '', message }]);
}

export function tooManyWrites(limit: number): QuotaError {
  return new QuotaError(
    'store-unavailable',
    `${limit} changes are waiting already; nothing was changed, try again.`,
  );
}
