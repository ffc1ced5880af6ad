import { readQuery } from '../http/query.js';

/**
 * The query of `GET /usage`: `resource`, and every other parameter an attribute of the subject. No two subjects are
 * looked up as one.
 * @throws QuotaError `invalid-request` for a parameter that is given twice or not validly encoded.
 */
export function parseUsageQuery(url: string): { resource?: string; subject: Record<string, string> } {
  const values = readQuery(url);
  const resource = values.get('resource');
  values.delete('resource');
  return { ...(resource !== undefined && { resource }), subject: Object.fromEntries(values) };
}
