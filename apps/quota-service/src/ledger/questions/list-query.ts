import { type InputError, QuotaError, said, type Subject } from '@sundial/contract';
import { canonicalTimeZone, instantIn } from '@sundial/engine';
import type { LedgerPage, LedgerSpan } from '@sundial/ledger';
import { readQuery, unknownParameters } from '../../http/query.js';
import { attributesIn } from '../../http/subject-parameter.js';

const FORMATS = ['json', 'csv', 'ndjson'] as const;
export type ListFormat = (typeof FORMATS)[number];

/** What all lists of the ledger can be asked. */
export interface ListQuery {
  readonly span: LedgerSpan;
  readonly page: LedgerPage;
  /** What times are given in, and answered in. */
  readonly timeZone: string;
  readonly format: ListFormat;
  /** Of this list alone, as they were given. */
  readonly filters: Readonly<Record<string, string | undefined>>;
  /** Undefined where no attribute is given. */
  readonly subject: Subject | undefined;
}

export interface ListParameters {
  /** What this list can be asked beside. */
  readonly filters?: readonly string[];
  /** Whether other parameters are attributes of a subject. */
  readonly subject?: 'optional' | 'required';
  /** Of a filter the values that it may have. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

const MAX_PER_PAGE = 1_000;
const COMMON = ['cursor', 'limit', 'from', 'to', 'timeZone', 'format'];
const ATTRIBUTE = /^[a-z][A-Za-z0-9_-]{0,31}$/;

/**
 * The query of a list. A subject is its attributes, each a parameter of its own, or `subject` with all of them: as JSON, or `name:value` pairs
 * joined by commas, where a name is another parameter's here. @throws QuotaError `invalid-request` with every error
 */
export function readListQuery(
  { url, headers }: { readonly url: string; readonly headers: { readonly accept?: string | undefined } },
  { filters = [], subject: takesSubject, values = {} }: ListParameters,
): ListQuery {
  const given = readQuery(url);
  const errors: InputError[] = [];
  const timeZone = canonicalTimeZone(given.get('timeZone') ?? 'UTC');
  if (timeZone === undefined) errors.push({ path: 'timeZone', ...said('time-zone') });
  const span = spanIn(given, timeZone ?? 'UTC', errors);
  const page = pageIn(given, errors);
  const format = formatOf(given.get('format'), headers.accept, errors);
  const own = Object.fromEntries(filters.map((name) => [name, given.get(name)]));
  errors.push(...notAmong(own, values));
  const others = [...given].filter(([name]) => !COMMON.includes(name) && !filters.includes(name));
  const known = [...filters, ...COMMON];
  const subject = takesSubject === undefined ? noSubject(others, known, errors) : subjectIn(others, errors);
  if (takesSubject === 'required' && subject === undefined && errors.length === 0)
    errors.push({ path: 'subject', ...said('no-attribute') });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return { span, page, timeZone: timeZone!, format, filters: own, subject };
}

function pageIn(given: ReadonlyMap<string, string>, errors: InputError[]): LedgerPage {
  const limit = given.get('limit');
  const isOne =
    limit === undefined || (/^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MAX_PER_PAGE);
  if (!isOne) errors.push({ path: 'limit', ...said('whole-number', { from: 1, to: MAX_PER_PAGE }) });
  const cursor = given.get('cursor');
  return { ...(cursor !== undefined && { cursor }), ...(limit !== undefined && { limit: Number(limit) }) };
}

function notAmong(
  own: Readonly<Record<string, string | undefined>>,
  values: NonNullable<ListParameters['values']>,
): readonly InputError[] {
  return Object.entries(values).flatMap(([path, allowed]) => {
    const given = own[path];
    if (given === undefined || allowed.includes(given)) return [];
    return { path, ...said('one-of', { values: allowed.join(', ') }) };
  });
}

function spanIn(given: ReadonlyMap<string, string>, timeZone: string, errors: InputError[]): LedgerSpan {
  const span: { from?: number; to?: number } = {};
  for (const name of ['from', 'to'] as const) {
    const text = given.get(name);
    if (text === undefined) continue;
    const instant = instantIn(text, timeZone);
    if (instant === undefined) errors.push({ path: name, ...said('instant-or-date') });
    else span[name] = instant;
  }
  if (span.from !== undefined && span.to !== undefined && span.from >= span.to)
    errors.push({ path: 'to', ...said('after-from') });
  return span;
}

/** What is asked for by name, else the first of what the caller takes that there is. */
function formatOf(named: string | undefined, accept: string | undefined, errors: InputError[]): ListFormat {
  if (named !== undefined) {
    const format = FORMATS.find((each) => each === named);
    if (format === undefined)
      errors.push({ path: 'format', ...said('one-of', { values: FORMATS.join(', ') }) });
    return format ?? 'json';
  }
  for (const type of (accept ?? '').split(',').map((each) => each.split(';')[0]!.trim().toLowerCase())) {
    if (type === 'text/csv') return 'csv';
    if (type === 'application/x-ndjson') return 'ndjson';
    if (type === 'application/json') return 'json';
  }
  return 'json';
}

function noSubject(
  others: readonly (readonly [string, string])[],
  known: readonly string[],
  errors: InputError[],
): undefined {
  const names = others.map(([name]) => name);
  errors.push(...unknownParameters(names, known));
}

function subjectIn(
  others: readonly (readonly [string, string])[],
  errors: InputError[],
): Subject | undefined {
  const entries: [string, string][] = [];
  for (const [name, value] of others) {
    if (name === 'subject') entries.push(...attributesIn(value, errors));
    else entries.push([name, value]);
  }
  for (const [name, value] of entries) {
    if (!ATTRIBUTE.test(name))
      errors.push({
        path: name.slice(0, 64),
        ...said('attribute-or-parameter'),
      });
    else if (value.length < 1 || value.length > 256)
      errors.push({ path: name, ...said('characters', { from: 1, to: 256 }) });
  }
  if (new Set(entries.map(([name]) => name)).size < entries.length)
    errors.push({ path: 'subject', ...said('attribute-twice') });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
