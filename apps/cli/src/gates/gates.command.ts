import { type ControlWritten, type Gate, GATE_STATES } from '@sundial/contract';
import { Argument, type Command } from 'commander';
import { controlText } from '../command/control-text.js';
import type { Cli } from '../command/cli.js';
import { instantOf, jsonOption, type Reason, withReason } from '../command/options.js';
import { CliError } from '../terminal/cli-error.js';
import { listing } from '../terminal/table.js';

interface SetOptions extends Reason {
  readonly all?: true;
  readonly until?: string;
  readonly onDeny?: object;
}

/** `sundial gates`: the operators' switches of resources. */
export function addGates(program: Command, cli: Cli): void {
  const gates = program.command('gates').description('open and close resources');
  gates
    .command('list', { isDefault: true })
    .description('the gates in force')
    .action(
      cli.action(async ({ service, print }) => {
        const answer = await service.get<{ readonly gates: readonly Gate[] }>('/admin/gates');
        print(answer, () => gatesTable(answer.gates));
      }),
    );
  const set = gates
    .command('set')
    .description('open: all passes and is counted; closed: nothing passes; normal: the rules decide')
    .addArgument(new Argument('<state>', 'what it is to be').choices(GATE_STATES))
    .argument('[resource]', 'what it is set on')
    .option('--all', 'every resource that has no gate of its own')
    .option('--until <time>', 'ISO-8601 with offset, or from now: 30m, 2h, 1d (default: until it is changed)')
    .option('--on-deny <json>', 'what the refusals of a closed gate want to happen', jsonOption);
  withReason(set).action(
    cli.action<SetOptions>(async ({ args: [state, resource], options, service, print }) => {
      const { all, until, onDeny, reason } = options;
      if ((resource === undefined) === (all === undefined))
        throw new CliError('Name one resource, or give --all for every resource without a gate of its own.');
      const path = resource === undefined ? '/admin/gates' : `/admin/gates/${encodeURIComponent(resource)}`;
      const answer = await service.put<ControlWritten & { readonly gate: Gate }>(path, {
        gate: state,
        ...(until !== undefined && { until: await instantOf(until, service) }),
        ...(onDeny !== undefined && { onDeny }),
        ...(reason !== undefined && { reason }),
      });
      print(answer, () => `The gate of ${resource ?? 'all resources'} is ${state}. ${controlText(answer)}\n`);
    }),
  );
}

function gatesTable(gates: readonly Gate[]): string {
  const rows = gates.map(({ resource, gate, until, setBy, reason }) => [
    resource ?? '(all)',
    gate,
    until ?? '-',
    setBy ?? '-',
    reason ?? '',
  ]);
  return listing(
    ['resource', 'gate', 'until', 'set by', 'reason'],
    rows,
    'No gate is set: the rules decide.',
  );
}
