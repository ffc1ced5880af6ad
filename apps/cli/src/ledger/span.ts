import { type Command } from 'commander';
import { integerOption, pastInstantOf } from '../command/options.js';
import type { Page, Service } from '../service/service.js';

/** What every question to the ledger can be asked with. */
export interface SpanOptions {
  readonly from?: string;
  readonly to?: string;
  readonly timeZone?: string;
  readonly limit: number;
}

const DEFAULT_ROWS = 100;
const MAX_ROWS = 100_000;
const MAX_ROWS_A_PAGE = 1_000;

export function withSpan(command: Command): Command {
  return withTimeZone(command)
    .option(
      '--from <time>',
      'ISO-8601 with offset, local in the time zone (2026-11-22T10:00), or so long ago: 2h, 1d',
    )
    .option('--to <time>', 'the same; the first instant that is left out')
    .option('--limit <n>', 'rows at most', integerOption(1, MAX_ROWS), DEFAULT_ROWS);
}

export function withTimeZone(command: Command): Command {
  return command.option('--time-zone <name>', 'of times that are given and shown (default: UTC)');
}

export interface ListOf<Row> {
  readonly rows: readonly Row[];
  /** The nodes whose ledgers answered. */
  readonly nodes: readonly string[];
  /** There are more rows than were asked for. */
  readonly hasMore: boolean;
}

type LedgerPage<Row> = Page & { readonly nodes: readonly string[] } & Readonly<
    Record<string, readonly Row[]>
  >;

/** As many rows of a list as are wanted, over its pages. @param name what the list calls them. */
export async function readList<Row>(
  service: Service,
  {
    path,
    name,
    query,
  }: {
    readonly path: string;
    readonly name: string;
    readonly query: Readonly<Record<string, string | undefined>>;
  },
  { from, to, timeZone, limit }: SpanOptions,
): Promise<ListOf<Row>> {
  const span = {
    from: from === undefined ? undefined : await pastInstantOf(from, service),
    to: to === undefined ? undefined : await pastInstantOf(to, service),
    timeZone,
    limit: Math.min(limit, MAX_ROWS_A_PAGE),
  };
  const rows: Row[] = [];
  let nodes: readonly string[] = [];
  for await (const page of service.pages<LedgerPage<Row>>(path, { ...query, ...span })) {
    rows.push(...(page[name] ?? []));
    ({ nodes } = page);
    if (rows.length >= limit)
      return { rows: rows.slice(0, limit), nodes, hasMore: rows.length > limit || page.next !== undefined };
  }
  return { rows, nodes, hasMore: false };
}

/** Which nodes it covers, and whether there is more. */
export function coverage({ nodes, hasMore }: Omit<ListOf<unknown>, 'rows'>): string {
  const more = hasMore ? ' There are more rows: raise --limit, or narrow --from and --to.' : '';
  return `From the ledger of ${nodes.join(', ') || 'no node'}.${more}\n`;
}
