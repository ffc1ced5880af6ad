import { QuotaError, said } from '@sundial/contract';
import { errorsInReason } from '../admin/reason.js';
import { readQuery, unknownParameters } from '../http/query.js';

/** `?dryRun=true`: writes of rules answer what they would do, and do nothing. */
export const DRY_RUN = {
  in: 'query',
  name: 'dryRun',
  description: '`true`: writes nothing, and answers what the write would do to the rules of `version`.',
  example: 'true',
  optional: true,
} as const;

/** The parameters of a write of rules, whose body is the rules alone. */
export interface WriteQuery {
  readonly dryRun: boolean;
  readonly reason?: string | undefined;
}

/** @throws QuotaError `invalid-request` for any other parameter: a misspelt one would write. */
export function parseWriteQuery(url: string): WriteQuery {
  const values = readQuery(url);
  const { dryRun = 'false', reason } = Object.fromEntries(values);
  const errors = unknownParameters(values.keys(), ['dryRun', 'reason']);
  if (!['true', 'false'].includes(dryRun)) errors.push({ path: 'dryRun', ...said('true-or-false') });
  errors.push(...errorsInReason(reason));
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return { dryRun: dryRun === 'true', reason };
}
