import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { listing } from '../terminal/table.js';
import { changeOf, type ShownEvent, targetOf } from './event-text.js';
import { coverage, type ListOf, readList, type SpanOptions, withSpan } from './span.js';

interface Options extends SpanOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly rule?: string;
}

/** `sundial audit`: who changed what, and why. */
export function addAudit(program: Command, cli: Cli): void {
  const audit = program
    .command('audit')
    .description('show who changed what, and why, the latest first')
    .option('--actor <name>', 'only changes by this key')
    .option('--action <name>', 'only changes of this kind, such as rule-changed')
    .option('--rule <id>', 'only changes of this rule');
  withSpan(audit).action(
    cli.action<Options>(async ({ options, service, print }) => {
      const { actor, action, rule } = options;
      const asked = { path: '/admin/audit', name: 'audit', query: { actor, action, rule } };
      const list = await readList<ShownEvent>(service, asked, options);
      print({ audit: list.rows, nodes: list.nodes, hasMore: list.hasMore }, () => auditTable(list));
    }),
  );
}

function auditTable(list: ListOf<ShownEvent>): string {
  const rows = list.rows.map((event) => [
    event.at,
    event.outcome,
    targetOf(event),
    versionOf(event),
    event.actor ?? '-',
    typeof event['reason'] === 'string' ? event['reason'] : '-',
    changeOf(event),
  ]);
  const heading = ['at', 'what', 'on', 'version', 'by', 'reason', 'change'];
  return `${listing(heading, rows, 'Nothing was changed.')}\n${coverage(list)}`;
}

/** Of the rules that it made, where it made any. */
function versionOf({ answered }: ShownEvent): string {
  const { version } = (answered ?? {}) as { readonly version?: unknown };
  return typeof version === 'number' ? String(version) : '-';
}
