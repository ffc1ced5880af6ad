import {
  ATTRIBUTE_PATTERN,
  type InputError,
  MAX_ATTRIBUTES,
  MAX_METERS,
  MAX_RECEIPT_SUBJECT_BYTES,
  MAX_TTL_MS,
  MAX_UNITS,
  MAX_VALUE_LENGTH,
  MIN_TTL_MS,
  NAME_PATTERN,
  ON_EXPIRY,
  OPERATION_ID_PATTERN,
} from '@sundial/contract';

/**
 * What the service would say of a check that it can't be asked about: bad input is the caller's mistake, also during an outage,
 * and a report of it could never be delivered. Attributes that rules need are not known here.
 */
export function requestErrors(request: unknown): readonly InputError[] {
  if (typeof request !== 'object' || request === null) return [{ path: '', message: 'must be an object' }];
  const { resource, subject, amount, amounts, operationId, receipt } = request as Record<string, unknown>;
  const errors: InputError[] = [];
  const expect = (isRight: boolean, path: string, message: string) => {
    if (!isRight) errors.push({ path, message });
  };
  expect(matches(resource, NAME_PATTERN), 'resource', `must match ${NAME_PATTERN.source}`);
  expect(
    operationId === undefined || matches(operationId, OPERATION_ID_PATTERN),
    'operationId',
    'must be 1 to 128 printable ASCII characters',
  );
  return [
    ...errors,
    ...subjectErrors(subject),
    ...amountErrors({ amount, amounts }),
    ...receiptErrors(receipt, subject),
  ];
}

/** Of a check, and of what ends or extends a reservation. */
export function amountErrors(request: {
  readonly amount?: unknown;
  readonly amounts?: unknown;
}): readonly InputError[] {
  const isRight = request.amount === undefined || isUnits(request.amount);
  const ofUnits = isRight ? [] : [{ path: 'amount', message: `must be an integer from 0 to ${MAX_UNITS}` }];
  return [...ofUnits, ...amountsErrors(request.amounts)];
}

/** Of a reserve or an extension. */
export function holdErrors({
  ttlMs = MIN_TTL_MS,
  onExpiry = 'release',
}: {
  readonly ttlMs?: unknown;
  readonly onExpiry?: unknown;
}): readonly InputError[] {
  const isTtl = Number.isSafeInteger(ttlMs) && Number(ttlMs) >= MIN_TTL_MS && Number(ttlMs) <= MAX_TTL_MS;
  const ofTtl = isTtl
    ? []
    : [{ path: 'ttlMs', message: `must be an integer from ${MIN_TTL_MS} to ${MAX_TTL_MS}` }];
  const isKnown = (ON_EXPIRY as readonly unknown[]).includes(onExpiry);
  return isKnown
    ? ofTtl
    : [...ofTtl, { path: 'onExpiry', message: `must be one of ${ON_EXPIRY.join(', ')}` }];
}

/** Undefined attributes are left out of JSON. */
function receiptErrors(receipt: unknown, subject: unknown): readonly InputError[] {
  if (receipt === undefined || receipt === false) return [];
  if (receipt !== true) return [{ path: 'receipt', message: 'must be true or false' }];
  const bytes = isRecord(subject) ? Buffer.byteLength(JSON.stringify(subject)) : 0;
  if (bytes <= MAX_RECEIPT_SUBJECT_BYTES) return [];
  const message = `is not possible for a subject of ${bytes} bytes as JSON: a receipt names at most ${MAX_RECEIPT_SUBJECT_BYTES}`;
  return [{ path: 'receipt', message }];
}

function subjectErrors(subject: unknown): readonly InputError[] {
  if (!isRecord(subject)) return [{ path: 'subject', message: 'must be an object' }];
  const entries = Object.entries(subject).filter(([, value]) => value !== undefined);
  if (entries.length > MAX_ATTRIBUTES) {
    return [{ path: 'subject', message: `must have at most ${MAX_ATTRIBUTES} attributes` }];
  }
  return entries.flatMap(([name, value]) => {
    const path = `subject.${name}`;
    if (!ATTRIBUTE_PATTERN.test(name)) return [{ path, message: 'is no name of an attribute' }];
    const isText = typeof value === 'string' && value !== '' && [...value].length <= MAX_VALUE_LENGTH;
    if (!isText) return [{ path, message: `must be a string of 1 to ${MAX_VALUE_LENGTH} characters` }];
    return /\p{Surrogate}/u.test(value) ? [{ path, message: 'is not well-formed Unicode' }] : [];
  });
}

function amountsErrors(amounts: unknown): readonly InputError[] {
  if (amounts === undefined) return [];
  if (!isRecord(amounts)) return [{ path: 'amounts', message: 'must be an object' }];
  const entries = Object.entries(amounts).filter(([, value]) => value !== undefined);
  if (entries.length > MAX_METERS) {
    return [{ path: 'amounts', message: `must have at most ${MAX_METERS} meters` }];
  }
  return entries
    .filter(([meter, value]) => meter === 'units' || !NAME_PATTERN.test(meter) || !isUnits(value))
    .map(([meter]) => ({
      path: `amounts.${meter}`,
      message: `must be a meter other than units with an integer from 0 to ${MAX_UNITS}`,
    }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isUnits(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
