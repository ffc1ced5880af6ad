import type { Subject } from '@sundial/contract';
import { type Command, Option } from 'commander';
import type { Cli } from '../command/cli.js';
import { resourceOption } from '../command/options.js';
import { subjectText } from '../command/words.js';
import { listing } from '../terminal/table.js';
import { coverage, type ListOf, readList, type SpanOptions, withSpan } from './span.js';

interface Options extends SpanOptions {
  readonly by: 'used' | 'denied';
  readonly resource?: string;
  readonly meter?: string;
}

interface TopSubject {
  readonly resource: string;
  readonly subject: Subject;
  readonly used: number;
  readonly allowed: number;
  readonly denied: number;
}

/** `sundial top`: the subjects that use most, or are refused most. */
export function addTop(program: Command, cli: Cli): void {
  const top = program
    .command('top')
    .description('show the subjects that use most, or are refused most')
    .addOption(new Option('--by <what>', 'in the order of').choices(['used', 'denied']).default('used'))
    .option('--resource <name>', 'only of this resource', resourceOption)
    .option('--meter <name>', 'what is used (default: units)');
  withSpan(top).action(
    cli.action<Options>(async ({ options, service, print }) => {
      const { by, resource, meter } = options;
      const asked = { path: '/admin/top', name: 'subjects', query: { by, resource, meter } };
      const list = await readList<TopSubject>(service, asked, options);
      print({ subjects: list.rows, nodes: list.nodes, hasMore: list.hasMore }, () => topTable(list));
    }),
  );
}

function topTable(list: ListOf<TopSubject>): string {
  const rows = list.rows.map(({ resource, subject, used, allowed, denied }) => [
    resource,
    subjectText(subject) || '(all share)',
    String(used),
    String(allowed),
    String(denied),
  ]);
  const heading = ['resource', 'subject', 'used', 'allowed', 'denied'];
  return `${listing(heading, rows, 'No subject used anything in this time.')}\n${coverage(list)}`;
}
