import { QuotaError, type UsageRequest } from '@sundial/contract';
import { errorsInReason } from '../admin/reason.js';
import { readQuery } from '../http/query.js';
import { subjectAmong } from '../http/subject-parameter.js';

/** The query of `GET /admin/packs`: the engine says what is wrong with it. @throws QuotaError `invalid-request` */
export function parsePacksQuery(url: string): UsageRequest {
  return ofSubject(readQuery(url));
}

/** The query of a cancellation: `reason` is none of the subject's attributes. @throws QuotaError `invalid-request` */
export function parsePackToCancel(url: string): UsageRequest & { readonly reason?: string } {
  const values = readQuery(url);
  const reason = values.get('reason');
  values.delete('reason');
  const errors = errorsInReason(reason);
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return { ...ofSubject(values), ...(reason !== undefined && { reason }) };
}

function ofSubject(values: Map<string, string>): UsageRequest {
  const resource = values.get('resource');
  values.delete('resource');
  return { ...(resource !== undefined && { resource }), subject: subjectAmong(values) } as UsageRequest;
}
