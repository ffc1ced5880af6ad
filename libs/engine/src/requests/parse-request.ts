import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import {
  type CheckRequest,
  checkRequestSchema,
  firstErrors,
  type InputError,
  MAX_ATTRIBUTES,
  MAX_METERS,
  QuotaError,
  type Rule,
  UNITS_METER,
  type UsageRequest,
  usageRequestSchema,
} from '@sundial/contract';

const ajv = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  verbose: false,
  // The schemas are constants, which the contract's tests check against the meta-schema: compiling that is half of what this costs a start.
  meta: false,
  validateSchema: false,
  formats: { 'date-time': isInstant },
});
const isCheckRequest = ajv.compile<CheckRequest>(checkRequestSchema);
const isUsageRequest = ajv.compile<UsageRequest>(usageRequestSchema);

/** What is wrong with a check request; empty when nothing is. */
export function validationErrorsInCheck(input: unknown): readonly InputError[] {
  return isCheckRequest(input) ? NOTHING : errors(isCheckRequest);
}

/** Compiles a schema into what says of an input what is wrong with it. */
export function validator(schema: SchemaObject): (input: unknown) => readonly InputError[] {
  const isValid = ajv.compile(schema);
  return (input) => (isValid(input) ? NOTHING : errors(isValid));
}

/** @throws QuotaError `invalid-request` */
export function assertUsageRequest(input: unknown): asserts input is UsageRequest {
  if (!isUsageRequest(input)) throw QuotaError.invalid('invalid-request', errors(isUsageRequest));
}

/** Attributes that a rule counts by and the subject lacks. */
export function missingAttributes(
  rules: readonly Rule[],
  subject: CheckRequest['subject'],
): readonly InputError[] {
  let errors: InputError[] | undefined;
  for (const rule of rules) {
    for (const name of rule.per) {
      if (Object.hasOwn(subject, name)) continue;
      errors ??= [];
      errors.push({
        path: `subject.${name}`,
        message: `is missing: rule ${rule.id} counts per ${rule.per.join(' + ')}`,
      });
    }
  }
  return errors ?? NOTHING;
}

const NOTHING: readonly InputError[] = [];

function errors({ errors }: ValidateFunction): readonly InputError[] {
  return firstErrors(errors ?? [], (error: ErrorObject) => ({
    path: pathOf(error),
    message: sentence(error),
  }));
}

function pathOf({ instancePath, params, keyword }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.');
  const { missingProperty, additionalProperty } = params as {
    missingProperty?: string;
    additionalProperty?: string;
  };
  const name = keyword === 'required' ? missingProperty : additionalProperty;
  if (name === undefined) return path;
  return path === '' ? printable(name) : `${path}.${printable(name)}`;
}

function sentence({ keyword, instancePath, message, params }: ErrorObject): string {
  switch (keyword) {
    case 'enum':
      return `must be one of ${(params as { allowedValues: readonly unknown[] }).allowedValues.join(', ')}`;
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return unknownName(instancePath, (params as { additionalProperty: string }).additionalProperty);
    case 'pattern':
      return instancePath === '/operationId'
        ? 'must be 1 to 128 printable ASCII characters'
        : 'must be a letter or digit, then up to 127 letters, digits or any of . _ : -';
    case 'maxProperties':
      return instancePath === '/amounts'
        ? `must name at most ${MAX_METERS} meters`
        : `must have at most ${MAX_ATTRIBUTES} attributes`;
    case 'format':
      return 'must be an instant with its offset, such as 2026-11-22T15:00:00+08:00';
    case 'type':
      return `must be ${(params as { type: string }).type === 'object' ? 'an object' : `of type ${(params as { type: string }).type}`}`;
    default:
      return message ?? 'is not valid';
  }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** ISO-8601 with an offset, of a day and a time that there is. */
function isInstant(text: string): boolean {
  return INSTANT.test(text) && !Number.isNaN(Date.parse(text));
}

function unknownName(instancePath: string, name: string): string {
  if (instancePath === '/subject')
    return 'is no attribute name: a lower-case letter, then up to 31 letters, digits, _ or -; not `resource`';
  if (instancePath !== '/amounts') return 'is not a known field';
  return name === UNITS_METER
    ? 'is the meter that `amount` is of: say it there'
    : 'is no meter name: a letter or digit, then up to 127 letters, digits or any of . _ : -';
}

/** Names come from the caller and go into answers and logs. */
function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}
