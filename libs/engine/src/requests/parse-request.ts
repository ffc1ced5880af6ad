import {
  _,
  Ajv,
  type KeywordCxt,
  str,
  type ErrorObject,
  type SchemaObject,
  type ValidateFunction,
} from 'ajv';
import {
  type CheckRequest,
  checkRequestSchema,
  firstErrors,
  type InputError,
  type InputFault,
  MAX_ATTRIBUTES,
  MAX_METERS,
  QuotaError,
  type Rule,
  said,
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
// Ajv counts the characters of a text to its end, however long it is, once for each of the two.
ajv.removeKeyword('minLength').removeKeyword('maxLength');
ajv.addKeyword({
  ...{ keyword: 'minLength', type: 'string', schemaType: 'number', error: lengthError('fewer') },
  code: (cxt: KeywordCxt) => {
    const { data } = cxt;
    const limit = cxt.schema as number;
    cxt.fail(_`${data}.length < ${2 * limit} && ${fewer(cxt)}(${data}, ${limit})`);
  },
});
ajv.addKeyword({
  ...{ keyword: 'maxLength', type: 'string', schemaType: 'number', error: lengthError('more') },
  code: (cxt: KeywordCxt) => {
    const { data } = cxt;
    const limit = cxt.schema as number;
    cxt.fail(_`${data}.length > ${limit} && !${fewer(cxt)}(${data}, ${limit + 1})`);
  },
});
const isCheckRequest = ajv.compile<CheckRequest>(checkRequestSchema);
const isUsageRequest = ajv.compile<UsageRequest>(usageRequestSchema);

/** Characters are code points, of which each is one or two units of a text. */
function hasFewer(text: string, characters: number): boolean {
  if (text.length < characters) return true;
  if (text.length >= 2 * characters) return false;
  let count = 0;
  for (let at = 0; at < text.length; at += text.codePointAt(at)! > 0xffff ? 2 : 1) count++;
  return count < characters;
}

/** The name that compiled schemas have for it. */
function fewer({ gen }: Pick<KeywordCxt, 'gen'>) {
  return gen.scopeValue('func', { ref: hasFewer });
}

function lengthError(how: 'fewer' | 'more') {
  return {
    message: ({ schemaCode }: Pick<KeywordCxt, 'schemaCode'>) =>
      str`must NOT have ${how} than ${schemaCode} characters`,
    params: ({ schemaCode }: Pick<KeywordCxt, 'schemaCode'>) => _`{limit: ${schemaCode}}`,
  };
}

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
        ...said('missing-attribute', { rule: rule.id, per: rule.per.join(' + ') }),
      });
    }
  }
  return errors ?? NOTHING;
}

const NOTHING: readonly InputError[] = [];

function errors({ errors }: ValidateFunction): readonly InputError[] {
  return firstErrors(errors ?? [], (error: ErrorObject) => ({
    path: pathOf(error),
    ...faultIn(error),
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

/** Keywords whose only value is a bound. */
const BOUND_CODES = {
  minimum: 'at-least',
  maximum: 'at-most',
  minLength: 'too-few-characters',
  maxLength: 'too-many-characters',
  minItems: 'too-few-items',
  maxItems: 'too-many-items',
  minProperties: 'too-few-properties',
} as const;

function faultIn({ keyword, instancePath, message, params }: ErrorObject): InputFault {
  const { allowedValues, additionalProperty, type, limit } = params as {
    readonly allowedValues: readonly unknown[];
    readonly additionalProperty: string;
    readonly type: string;
    readonly limit: number;
  };
  switch (keyword) {
    case 'enum':
      return said('one-of', { values: allowedValues.join(', ') });
    case 'required':
      return said('missing');
    case 'additionalProperties':
      return unknownName(instancePath, additionalProperty);
    case 'pattern':
      return instancePath === '/operationId' ? said('operation-id') : said('name-in-request');
    case 'maxProperties':
      return instancePath === '/amounts'
        ? said('too-many-meters', { to: MAX_METERS })
        : said('too-many-attributes', { to: MAX_ATTRIBUTES });
    case 'format':
      return said('instant');
    case 'type':
      return type === 'object' ? said('object') : said('type', { type: String(type) });
    default:
      return keyword in BOUND_CODES
        ? said(BOUND_CODES[keyword as keyof typeof BOUND_CODES], { limit })
        : { message: message ?? 'is not valid' };
  }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** ISO-8601 with an offset, of a day and a time that there is. */
function isInstant(text: string): boolean {
  return INSTANT.test(text) && !Number.isNaN(Date.parse(text));
}

function unknownName(instancePath: string, name: string): InputFault {
  if (instancePath === '/subject') return said('no-attribute-name');
  if (instancePath !== '/amounts') return said('unknown-field');
  return name === UNITS_METER ? said('units-meter') : said('no-meter-name');
}

/** Names come from the caller and go into answers and logs. */
function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}
