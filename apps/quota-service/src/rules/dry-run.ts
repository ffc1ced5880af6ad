import { QuotaError } from '@sundial/contract';
import { readQuery } from '../http/query.js';

/** `?dryRun=true`, the one parameter of writes of rules: they answer what they would do, and do nothing. */
export const DRY_RUN = {
  in: 'query',
  name: 'dryRun',
  description: '`true`: writes nothing, and answers what the write would do to the rules of `version`.',
  example: 'true',
  optional: true,
} as const;

/** @throws QuotaError `invalid-request` for any other parameter: a misspelt one would write. */
export function isDryRun(url: string): boolean {
  const { dryRun = 'false', ...others } = Object.fromEntries(readQuery(url));
  const errors = Object.keys(others).map((name) => ({
    path: name.slice(0, 64),
    message: 'is not a parameter; there is dryRun',
  }));
  if (!['true', 'false'].includes(dryRun)) errors.push({ path: 'dryRun', message: 'must be true or false' });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return dryRun === 'true';
}
