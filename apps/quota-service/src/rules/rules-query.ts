import type { RuleBook } from '@sundial/engine';
import {
  type InputFault,
  MAX_RULES_PER_PAGE,
  NAME_PATTERN,
  QuotaError,
  type Rule,
  RULE_MODES,
  type RuleMode,
  said,
} from '@sundial/contract';
import { readQuery, unknownParameters } from '../http/query.js';

/** The query of `GET /admin/rules`. */
interface RulesQuery {
  /** The id that the page before ended with. */
  readonly after?: string;
  readonly limit: number;
  readonly resource?: string;
  readonly mode?: RuleMode;
  readonly idPrefix?: string;
}

export interface RulesPage {
  readonly rules: readonly Rule[];
  /** Of the rules this page is of; another page may be of a later one. */
  readonly version: number;
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
}

const FILTERS = ['cursor', 'limit', 'resource', 'mode', 'idPrefix'] as const;
const ID_START = /^[A-Za-z0-9._:-]{1,128}$/;

/** @throws QuotaError `invalid-request` with every error. */
export function parseRulesQuery(url: string): RulesQuery {
  const values = readQuery(url);
  const errors = unknownParameters(values.keys(), FILTERS);
  const read = <T>(
    name: string,
    parse: (text: string) => T | undefined,
    fault: InputFault,
  ): T | undefined => {
    const text = values.get(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) errors.push({ path: name, ...fault });
    return value;
  };
  const after = read('cursor', idOf, said('cursor'));
  const limit = read('limit', limitOf, said('whole-number', { from: 1, to: MAX_RULES_PER_PAGE }));
  const resource = read('resource', matching(NAME_PATTERN), said('resource-name'));
  const mode = read(
    'mode',
    (text) => RULE_MODES.find((known) => known === text),
    said('one-of', { values: RULE_MODES.join(', ') }),
  );
  const idPrefix = read('idPrefix', matching(ID_START), said('rule-id-start'));
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return {
    limit: limit ?? MAX_RULES_PER_PAGE,
    ...(after !== undefined && { after }),
    ...(resource !== undefined && { resource }),
    ...(mode !== undefined && { mode }),
    ...(idPrefix !== undefined && { idPrefix }),
  };
}

/**
 * The rules of a query, in order of their ids. A cursor is the id that the page before ended with, so that pages of
 * different versions have no rule twice, and miss none that was there all along.
 */
export function rulesPage(book: RuleBook, query: RulesQuery): RulesPage {
  const { after = '', limit, resource, mode, idPrefix = '' } = query;
  const rules: Rule[] = [];
  const from = after >= idPrefix ? after : justBefore(idPrefix);
  for (const rule of book.after(from)) {
    if (!rule.id.startsWith(idPrefix)) {
      if (rule.id > idPrefix) break;
      continue;
    }
    if (resource !== undefined && rule.resource !== resource) continue;
    if (mode !== undefined && rule.mode !== mode) continue;
    if (rules.length === limit) return { rules, version: book.version, next: cursorAfter(rules.at(-1)!.id) };
    rules.push(rule);
  }
  return { rules, version: book.version };
}

/** A text that comes before every id that begins like this, and after all that come before those. */
function justBefore(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return `${prefix.slice(0, -1)}${String.fromCharCode(last - 1)}\uffff`;
}

const CURSOR = 'after:';

function cursorAfter(id: string): string {
  return Buffer.from(CURSOR + id).toString('base64url');
}

function idOf(cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.slice(CURSOR.length);
  const isOurs = text.startsWith(CURSOR) && NAME_PATTERN.test(id) && cursorAfter(id) === cursor;
  return isOurs ? id : undefined;
}

function limitOf(text: string): number | undefined {
  const limit = Number(text);
  return /^\d{1,4}$/.test(text) && limit >= 1 && limit <= MAX_RULES_PER_PAGE ? limit : undefined;
}

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}
