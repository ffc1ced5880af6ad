import { randomUUID } from 'node:crypto';
import {
  MAX_PACK_PRIORITY,
  type Pack,
  type PackAdded,
  type Subject,
  type SubjectPacks,
} from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import {
  instantOf,
  integerOption,
  isLength,
  type Reason,
  subject,
  unitsOption,
  withReason,
} from '../command/options.js';
import { queryOf } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';
import { listing } from '../terminal/table.js';

interface Options extends Reason {
  readonly subject: Subject;
}

interface AddOptions extends Options {
  readonly amount: number;
  readonly meter?: string;
  readonly expires?: string;
  readonly priority?: number;
  readonly operationId?: string;
}

/** `sundial packs`: units on top of a subject's windows. */
export function addPacks(program: Command, cli: Cli): void {
  const packs = program.command('packs').description('give subjects units on top of their windows');
  packs
    .command('list')
    .description('the packs of a subject, in the order in which they are used')
    .argument('<resource>', 'what is limited')
    .addOption(subject().makeOptionMandatory())
    .action(
      cli.action<Options>(async ({ args: [resource = ''], options, service, print }) => {
        const answer = await service.get<SubjectPacks>(
          `/admin/packs${queryOf({ resource, ...options.subject })}`,
        );
        print(answer, () => packsTable(answer.packs));
      }),
    );
  addAdd(packs, cli);
  addCancel(packs, cli);
}

function addAdd(packs: Command, cli: Cli): void {
  const add = packs
    .command('add')
    .description('add one')
    .argument('<resource>', 'what is limited')
    .addOption(subject().makeOptionMandatory())
    .requiredOption('--amount <n>', 'units in it', unitsOption)
    .option('--meter <name>', 'what the units are (default: units)')
    .option('--expires <time>', 'ISO-8601 with offset, or from now: 30d (default: never)')
    .option(
      '--priority <n>',
      'smaller ones are used first (default: 100)',
      integerOption(0, MAX_PACK_PRIORITY),
    )
    .option(
      '--operation-id <id>',
      'repeating it adds nothing, such as the number of the order; --expires is an instant then (default: a new one)',
    );
  withReason(add).action(
    cli.action<AddOptions>(async ({ args: [resource = ''], options, service, print }) => {
      const { amount, meter, expires, priority, operationId = randomUUID(), reason } = options;
      if (expires !== undefined && isLength(expires) && options.operationId !== undefined)
        throw new CliError(
          `Repeated later, --expires ${expires} would be another instant, which makes it another pack under --operation-id ${operationId}: write an instant.`,
        );
      const added = await service.post<PackAdded>('/admin/packs', {
        ...{ resource, subject: options.subject, amount, operationId },
        ...(meter !== undefined && { meter }),
        ...(expires !== undefined && { expiresAt: await instantOf(expires, service) }),
        ...(priority !== undefined && { priority }),
        ...(reason !== undefined && { reason }),
      });
      const note = added.replayed ? 'It had been added before: nothing was added now.\n' : '';
      print(added, () => `${packsTable([added.pack])}${note}`);
    }),
  );
}

function addCancel(packs: Command, cli: Cli): void {
  const cancel = packs
    .command('cancel')
    .description('cancel what is left of one')
    .argument('<resource>', 'what is limited')
    .argument('<id>', 'as list shows it')
    .addOption(subject().makeOptionMandatory());
  withReason(cancel).action(
    cli.action<Options>(async ({ args: [resource = '', id = ''], options, service, print }) => {
      const query = queryOf({ resource, ...options.subject, reason: options.reason });
      const path = `/admin/packs/${encodeURIComponent(id)}${query}`;
      const answer = await service.delete<{ readonly pack: Pack }>(path);
      print(answer, () => packsTable([answer.pack]));
    }),
  );
}

function packsTable(packs: readonly Pack[]): string {
  const rows = packs.map(({ id, meter, amount, remaining, priority, expiresAt, state }) => [
    id,
    meter,
    String(amount),
    String(remaining),
    String(priority),
    expiresAt ?? '-',
    state,
  ]);
  const heading = ['id', 'meter', 'amount', 'left', 'priority', 'expires', 'state'];
  return listing(heading, rows, 'The subject has no pack.');
}
