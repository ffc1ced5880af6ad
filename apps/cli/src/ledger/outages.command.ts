import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { subjectText } from '../command/words.js';
import { CliError } from '../terminal/cli-error.js';
import { listing } from '../terminal/table.js';
import { degradedText, type ShownEvent } from './event-text.js';
import { coverage, type ListOf, readList, type SpanOptions, withSpan } from './span.js';

interface Outage {
  readonly node: string;
  readonly from: string;
  readonly to: string | null;
  readonly allowed: number;
  readonly denied: number;
  readonly settled: Readonly<Record<string, number>>;
  readonly pending: number;
}

type AffectedCall = ShownEvent & { readonly afterwards: readonly ShownEvent[] };

/** `sundial outages`: when nodes decided without the store, and what became of what they allowed. */
export function addOutages(program: Command, cli: Cli): void {
  const outages = program.command('outages').description('show when nodes decided without the store');
  const list = outages
    .command('list', { isDefault: true })
    .description('of each node: from when to when, what it decided, and what became of it; the latest first');
  withSpan(list).action(
    cli.action<SpanOptions>(async ({ options, service, print }) => {
      const asked = { path: '/admin/outages', name: 'outages', query: {} };
      const found = await readList<Outage>(service, asked, options);
      print({ outages: found.rows, nodes: found.nodes, hasMore: found.hasMore }, () => outagesTable(found));
    }),
  );
  const calls = outages
    .command('calls')
    .description('each call that an outage affected, and what was recorded of it afterwards')
    .argument('<node>', 'the node of the outage, as the list shows it; --from and --to are its times');
  withSpan(calls).action(
    cli.action<SpanOptions>(async ({ args: [node], options, service, print }) => {
      if (options.from === undefined)
        throw new CliError('Name the outage by --from, as "sundial outages" shows it.');
      const asked = { path: '/admin/outages/calls', name: 'calls', query: { node } };
      const found = await readList<AffectedCall>(service, asked, options);
      print({ calls: found.rows, nodes: found.nodes, hasMore: found.hasMore }, () => callsTable(found));
    }),
  );
}

function outagesTable(list: ListOf<Outage>): string {
  const rows = list.rows.map(({ node, from, to, allowed, denied, settled, pending }) => [
    node,
    from,
    to ?? '(lasts)',
    String(allowed),
    String(denied),
    String(pending),
    Object.entries(settled)
      .map(([outcome, count]) => `${outcome} ${count}`)
      .join(', ') || '-',
  ]);
  const heading = ['node', 'from', 'to', 'allowed', 'denied', 'pending', 'settled'];
  return `${listing(heading, rows, 'No node decided without the store in this time.')}\n${coverage(list)}`;
}

function callsTable(list: ListOf<AffectedCall>): string {
  const rows = list.rows.map((call) => [
    call.at,
    call.kind,
    call.outcome,
    call.resource ?? '-',
    subjectText(call.subject ?? {}),
    call.operationId ?? '-',
    degradedText(call['degraded']),
    call.afterwards.map(({ kind, outcome }) => `${kind} ${outcome}`).join(', ') || 'nothing yet',
  ]);
  const heading = ['at', 'what', 'outcome', 'resource', 'subject', 'operation', 'why', 'afterwards'];
  return `${listing(heading, rows, 'No call is known of it.')}\n${coverage(list)}`;
}
