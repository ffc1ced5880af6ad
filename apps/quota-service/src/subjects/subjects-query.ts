import { type InputError, NAME_PATTERN, QuotaError, said, type Subject } from '@sundial/contract';
import { DEFAULT_NEAR } from '@sundial/engine';
import { readQuery, unknownParameters } from '../http/query.js';
import { subjectAmong } from '../http/subject-parameter.js';

/** The query of `GET /admin/subjects`. */
interface NearQuery {
  readonly rule: string;
  readonly near: number;
  readonly cursor?: string;
}

const PARAMETERS = ['rule', 'near', 'cursor'];
const MAX_CURSOR_LENGTH = 512;

/** @throws QuotaError `invalid-request` with every error. */
export function parseNearQuery(url: string): NearQuery {
  const values = readQuery(url);
  const errors = unknownParameters(values.keys(), PARAMETERS);
  const [rule, near, cursor] = PARAMETERS.map((name) => values.get(name));
  if (rule === undefined) errors.push({ path: 'rule', ...said('missing') });
  else if (!NAME_PATTERN.test(rule)) errors.push({ path: 'rule', ...said('rule-id') });
  if (near !== undefined && !(/^\d{1,3}(\.\d{1,6})?$/.test(near) && Number(near) <= 100))
    errors.push({ path: 'near', ...said('number-such-as', { from: 0, to: 100, example: 0.8 }) });
  errors.push(...errorsInCursor(cursor));
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return {
    rule: rule!,
    near: near === undefined ? DEFAULT_NEAR : Number(near),
    ...(cursor !== undefined && { cursor }),
  };
}

/** The query of `GET /admin/subjects/usage`: every parameter but `cursor` is an attribute. @throws QuotaError `invalid-request` */
export function parseSubjectQuery(url: string): { readonly subject: Subject; readonly cursor?: string } {
  const values = readQuery(url);
  const cursor = values.get('cursor');
  values.delete('cursor');
  const errors = errorsInCursor(cursor);
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return { subject: subjectAmong(values), ...(cursor !== undefined && { cursor }) };
}

function errorsInCursor(cursor: string | undefined): readonly InputError[] {
  if (cursor === undefined || (cursor.length <= MAX_CURSOR_LENGTH && NAME_PATTERN.test(cursor))) return [];
  return [{ path: 'cursor', ...said('cursor') }];
}
