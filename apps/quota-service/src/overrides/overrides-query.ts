import {
  type InputError,
  MAX_OVERRIDES_PER_PAGE,
  type OverridesQuery,
  QuotaError,
  said,
  type Subject,
} from '@sundial/contract';
import { errorsInReason } from '../admin/reason.js';
import { readQuery, unknownParameters } from '../http/query.js';
import { subjectAmong } from '../http/subject-parameter.js';

const FILTERS = ['rule', 'cursor', 'prefix', 'active', 'limit'] as const;

/** The query of `GET /admin/overrides`. @throws QuotaError `invalid-request` with every error; as all functions here. */
export function parseOverridesQuery(url: string): OverridesQuery {
  const values = readQuery(url);
  const errors = unknownParameters(values.keys(), FILTERS);
  const rule = ruleIn(values, errors);
  const [cursor, prefix, active, limit] = ['cursor', 'prefix', 'active', 'limit'].map((name) =>
    values.get(name),
  );
  if (active !== undefined && active !== 'true' && active !== 'false')
    errors.push({ path: 'active', ...said('true-or-false') });
  if (limit !== undefined && !isLimit(limit))
    errors.push({ path: 'limit', ...said('whole-number', { from: 1, to: MAX_OVERRIDES_PER_PAGE }) });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return {
    rule,
    ...(cursor !== undefined && { cursor }),
    ...(prefix !== undefined && { prefix }),
    ...(active !== undefined && { active: active === 'true' }),
    ...(limit !== undefined && { limit: Number(limit) }),
  };
}

/** The query of `GET /admin/overrides/export`: of one rule, or of all. */
export function parseExportQuery(url: string): string | undefined {
  const values = readQuery(url);
  const errors = unknownParameters(values.keys(), ['rule']);
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return values.get('rule');
}

/** The query of `DELETE /admin/overrides`: the rule, a reason, and every other parameter an attribute of the subject. */
export function parseOverrideToRemove(url: string): OverrideToRemove {
  const values = readQuery(url);
  const reason = values.get('reason');
  const errors = [...errorsInReason(reason)];
  const rule = ruleIn(values, errors);
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  values.delete('rule');
  values.delete('reason');
  return { rule, reason, subject: subjectAmong(values) };
}

interface OverrideToRemove {
  readonly rule: string;
  readonly reason: string | undefined;
  readonly subject: Subject;
}

function ruleIn(values: ReadonlyMap<string, string>, errors: InputError[]): string {
  const rule = values.get('rule');
  if (!rule) errors.push({ path: 'rule', ...said('override-rule') });
  return rule ?? '';
}

function isLimit(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_OVERRIDES_PER_PAGE;
}
