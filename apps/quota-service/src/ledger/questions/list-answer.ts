import type { FastifyReply } from 'fastify';
import type { LedgerRows } from '@sundial/ledger';
import type { ListFormat } from './list-query.js';
import type { ShownRow } from './shown-rows.js';

const TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
} as const;
/** What a spreadsheet would take for a formula: callers choose what stands in subjects and ids. */
const FORMULA = /^[=+\-@\t\r]/;

export interface ListAnswer {
  /** What the rows are called in JSON. */
  readonly name: string;
  readonly answer: LedgerRows<ShownRow>;
  /** The nodes that it covers. */
  readonly nodes: readonly string[];
  readonly format: ListFormat;
  /** Of CSV; a row's other fields are left out there. */
  readonly columns: readonly string[];
}

/** A page as JSON, or as lines: then the headers say where the next one is and which nodes it covers. */
export function sendList(
  reply: FastifyReply,
  { name, answer: { rows, next }, nodes, format, columns }: ListAnswer,
): unknown {
  if (format === 'json') return { [name]: rows, ...(next !== undefined && { next }), nodes };
  void reply.type(TYPES[format]).header('x-sundial-nodes', nodes.join(', '));
  if (next !== undefined) void reply.header('link', `<${withCursor(reply.request.url, next)}>; rel="next"`);
  return format === 'csv' ? csvOf(rows, columns) : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** RFC 4180. What is no text stands as JSON. */
function csvOf(rows: readonly ShownRow[], columns: readonly string[]): string {
  const lines = rows.map((row) => columns.map((column) => csvField(row[column])).join(','));
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

function csvField(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function withCursor(url: string, cursor: string): string {
  const [path, query = ''] = url.split(/\?(.*)/s);
  const others = query.split('&').filter((part) => part !== '' && !part.startsWith('cursor='));
  return `${path}?${[...others, `cursor=${encodeURIComponent(cursor)}`].join('&')}`;
}
