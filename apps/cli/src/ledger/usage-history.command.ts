import type { Subject, WindowSpec, WindowUnit } from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { subject as subjectAttributes } from '../command/options.js';
import { subjectText, windowText } from '../command/words.js';
import { CliError } from '../terminal/cli-error.js';
import { listing } from '../terminal/table.js';
import { coverage, type ListOf, readList, type SpanOptions, withSpan } from './span.js';

interface Options extends SpanOptions {
  readonly subject?: Subject;
  readonly window?: string;
  readonly rule?: string;
  readonly meter?: string;
}

interface PastWindow {
  readonly rule: string;
  readonly subject: Subject;
  readonly window: WindowUnit | WindowSpec;
  readonly meter: string;
  readonly startsAt: string | null;
  readonly used: number;
  readonly max: number | null;
  readonly allowed: number;
  readonly denied: number;
}

/** `sundial usage-history`: what a subject used in past windows. */
export function addUsageHistory(program: Command, cli: Cli): void {
  const history = program
    .command('usage-history')
    .description('show what a subject used in past windows, the latest first')
    .addOption(subjectAttributes())
    .option('--window <window>', 'only windows of this unit: hour, day, month')
    .option('--rule <id>', 'only of this rule')
    .option('--meter <name>', 'only of this meter');
  withSpan(history).action(
    cli.action<Options>(async ({ options, service, print }) => {
      const { subject, window, rule, meter } = options;
      if (subject === undefined)
        throw new CliError('Name a subject by its attributes: --subject user=u1, for each attribute.');
      const query = { subject: JSON.stringify(subject), window, rule, meter };
      const asked = { path: '/admin/usage-history', name: 'windows', query };
      const list = await readList<PastWindow>(service, asked, options);
      print({ windows: list.rows, nodes: list.nodes, hasMore: list.hasMore }, () => windowsTable(list));
    }),
  );
}

function windowsTable(list: ListOf<PastWindow>): string {
  const rows = list.rows.map(({ startsAt, window, rule, subject, meter, ...sums }) => [
    startsAt ?? '-',
    windowText(window),
    rule,
    subjectText(subject) || '(all share)',
    meter,
    String(sums.used),
    sums.max === null ? 'unlimited' : String(sums.max),
    String(sums.allowed),
    String(sums.denied),
  ]);
  const heading = ['from', 'window', 'rule', 'subject', 'meter', 'used', 'max', 'allowed', 'denied'];
  return `${listing(heading, rows, 'No window of it is known in this time.')}\n${coverage(list)}`;
}
