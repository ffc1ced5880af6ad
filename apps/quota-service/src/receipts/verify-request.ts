import { type InputError, NAME_PATTERN, QuotaError, type VerifyReceiptRequest } from '@sundial/contract';

const FIELDS = ['receipt', 'resource', 'consume'];

/** The body of a verification. What kind of text the receipt is, the verdict says. @throws QuotaError `invalid-request` */
export function readVerifyRequest(body: unknown): VerifyReceiptRequest {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const fields: Readonly<Record<string, unknown>> = isObject ? { ...body } : {};
  const { receipt, resource, consume } = fields;
  const errors: InputError[] = [];
  if (!isObject) errors.push({ path: '', message: 'must be an object' });
  if (typeof receipt !== 'string')
    errors.push({ path: 'receipt', message: 'must be the receipt, as the decision carried it' });
  if (typeof resource !== 'string' || !NAME_PATTERN.test(resource))
    errors.push({ path: 'resource', message: 'must name the resource that is about to be used' });
  if (consume !== undefined && typeof consume !== 'boolean')
    errors.push({ path: 'consume', message: 'must be true or false' });
  for (const name of Object.keys(fields))
    if (!FIELDS.includes(name)) errors.push({ path: name.slice(0, 64), message: 'is not a known field' });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return fields as unknown as VerifyReceiptRequest;
}
