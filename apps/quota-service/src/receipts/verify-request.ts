import {
  type InputError,
  NAME_PATTERN,
  QuotaError,
  said,
  type VerifyReceiptRequest,
} from '@sundial/contract';

const FIELDS = ['receipt', 'resource', 'consume'];

/** The body of a verification. What kind of text the receipt is, the verdict says. @throws QuotaError `invalid-request` */
export function readVerifyRequest(body: unknown): VerifyReceiptRequest {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const fields: Readonly<Record<string, unknown>> = isObject ? { ...body } : {};
  const { receipt, resource, consume } = fields;
  const errors: InputError[] = [];
  if (!isObject) errors.push({ path: '', ...said('object') });
  if (typeof receipt !== 'string') errors.push({ path: 'receipt', ...said('receipt') });
  if (typeof resource !== 'string' || !NAME_PATTERN.test(resource))
    errors.push({ path: 'resource', ...said('receipt-resource') });
  if (consume !== undefined && typeof consume !== 'boolean')
    errors.push({ path: 'consume', ...said('true-or-false') });
  for (const name of Object.keys(fields))
    if (!FIELDS.includes(name)) errors.push({ path: name.slice(0, 64), ...said('unknown-field') });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return fields as unknown as VerifyReceiptRequest;
}
