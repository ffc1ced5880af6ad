import type { Brake, BrakeInput, ControlWritten, Subject } from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { controlText } from '../command/control-text.js';
import {
  instantOf,
  integerOption,
  jsonOption,
  type Reason,
  subject,
  withReason,
} from '../command/options.js';
import { subjectText } from '../command/words.js';
import { queryOf } from '../service/service.js';
import { listing } from '../terminal/table.js';

interface SetOptions extends Reason {
  readonly percent: number;
  readonly until: string;
  readonly subject?: Subject;
  readonly onDeny?: object;
}

type Written = ControlWritten & { readonly brake: Brake };

/** `sundial brakes`: resources that operators turn down. */
export function addBrakes(program: Command, cli: Cli): void {
  const brakes = program.command('brakes').description('turn away a part of the operations');
  brakes
    .command('list', { isDefault: true })
    .description('the brakes in force')
    .action(
      cli.action(async ({ service, print }) => {
        const answer = await service.get<{ readonly brakes: readonly Brake[] }>('/admin/brakes');
        print(answer, () => brakesTable(answer.brakes));
      }),
    );
  const set = brakes
    .command('set')
    .description('turn a resource down, or those of its subjects that have certain attributes')
    .argument('<resource>', 'what is turned down')
    .requiredOption('--percent <n>', 'how many operations are turned away', integerOption(1, 100))
    .requiredOption('--until <time>', 'ISO-8601 with offset, or from now: 30m, 2h, 1d')
    .addOption(subject('only subjects with this attribute, repeatable'))
    .option('--on-deny <json>', 'what its refusals want to happen', jsonOption);
  withReason(set).action(
    cli.action<SetOptions>(async ({ args: [resource = ''], options, service, print }) => {
      const { percent, until, subject: who, onDeny, reason } = options;
      const brake: Omit<BrakeInput, 'onDeny'> & { readonly onDeny?: object } = {
        ...{ resource, percent, until: await instantOf(until, service) },
        ...(who !== undefined && { subject: who }),
        ...(onDeny !== undefined && { onDeny }),
        ...(reason !== undefined && { reason }),
      };
      const answer = await service.put<Written>('/admin/brakes', brake);
      print(answer, () => `${brakesTable([answer.brake])}${controlText(answer)}\n`);
    }),
  );
  const remove = brakes
    .command('remove')
    .description('take a brake off')
    .argument('<id>', 'as list shows it');
  withReason(remove).action(
    cli.action<Reason>(async ({ args: [id = ''], options: { reason }, service, print }) => {
      const path = `/admin/brakes/${encodeURIComponent(id)}${queryOf({ reason })}`;
      const answer = await service.delete<Written>(path);
      print(answer, () => `The brake of ${answer.brake.resource} is off. ${controlText(answer)}\n`);
    }),
  );
}

function brakesTable(brakes: readonly Brake[]): string {
  const rows = brakes.map(({ id, resource, subject: who, percent, until, setBy, reason }) => [
    id,
    resource,
    who === undefined ? '(all)' : subjectText(who),
    `${percent} %`,
    until,
    setBy ?? '-',
    reason ?? '',
  ]);
  const heading = ['id', 'resource', 'subjects', 'turned away', 'until', 'set by', 'reason'];
  return listing(heading, rows, 'No brake is set.');
}
