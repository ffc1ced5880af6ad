import type { Subject } from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { subjectText } from '../command/words.js';
import { queryOf } from '../service/service.js';
import { EXIT } from '../terminal/exit-code.js';
import { table } from '../terminal/table.js';
import { detailsOf, type ShownEvent } from './event-text.js';
import { coverage, withTimeZone } from './span.js';

interface OperationHistory {
  readonly operations: readonly {
    readonly resource: string;
    readonly subject: Subject;
    readonly events: readonly ShownEvent[];
  }[];
  readonly nodes: readonly string[];
}

/** `sundial trace`: everything that happened to one operation, in order. */
export function addTrace(program: Command, cli: Cli): void {
  const trace = program
    .command('trace')
    .description('show everything that happened to one operation, in order')
    .argument('<operation>', 'its operation id')
    .addHelpText('after', '\nExit codes: 0 shown, 1 nothing is known of it, 2 it could not look.');
  withTimeZone(trace).action(
    cli.action<{ readonly timeZone?: string }>(
      async ({ args: [id = ''], options: { timeZone }, service, print }) => {
        const path = `/admin/operations/${encodeURIComponent(id)}${queryOf({ timeZone })}`;
        const history = await service.get<OperationHistory>(path);
        print(history, () => historyText(id, history));
        return history.operations.length > 0 ? EXIT.ok : EXIT.failed;
      },
    ),
  );
}

function historyText(id: string, { operations, nodes }: OperationHistory): string {
  const note = coverage({ nodes, hasMore: false });
  if (operations.length === 0)
    return `Nothing is known of an operation ${id}: it was never asked, or is older than the ledger keeps. ${note}`;
  // The id is used once a scope: of each resource and subject that it was used for, a history of its own.
  const parts = operations.map(({ resource, subject, events }) => {
    const rows = events.map((event) => [
      event.at,
      event.node,
      event.kind,
      event.outcome,
      event.actor ?? '-',
      detailsOf(event),
    ]);
    const heading = ['at', 'node', 'what', 'outcome', 'by', 'details'];
    return `${resource} ${subjectText(subject)}\n${table([heading, ...rows])}`;
  });
  return `${parts.join('\n')}\n${note}`;
}
