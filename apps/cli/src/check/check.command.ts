import type { CheckRequest, Decision, Subject } from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { amountsOption, subject as subjectAttributes, unitsOption } from '../command/options.js';
import { limitsTable, windowText } from '../command/words.js';
import { EXIT } from '../terminal/exit-code.js';
import { table } from '../terminal/table.js';

interface Options {
  readonly subject?: Subject;
  readonly amount?: number;
  readonly amounts?: Readonly<Record<string, number>>;
  readonly operationId?: string;
}

/** `sundial check`: one check as a program makes it, that counts. */
export function addCheck(program: Command, cli: Cli): void {
  program
    .command('check')
    .description('ask whether an operation may run, and count it if so')
    .argument('<resource>', 'what is limited')
    .addOption(subjectAttributes())
    .option('--amount <n>', 'units that it takes; 0 only looks (default: 1)', unitsOption)
    .option('--amounts <meter=n>', 'what it takes of another meter, repeatable', amountsOption)
    .option('--operation-id <id>', 'the name of the operation: repeating it counts once')
    .addHelpText('after', '\nExit codes: 0 allowed, 1 denied, 2 it could not ask.')
    .action(
      cli.action<Options>(async ({ args: [resource = ''], options, service, print }) => {
        const { subject = {}, amount, amounts, operationId } = options;
        const request: CheckRequest = {
          ...{ resource, subject },
          ...(amount !== undefined && { amount }),
          ...(amounts !== undefined && { amounts }),
          ...(operationId !== undefined && { operationId }),
        };
        const decision = await service.post<Decision>('/check', request, 'caller');
        print(decision, () => decisionText(decision));
        return decision.allowed ? EXIT.ok : EXIT.failed;
      }),
    );
}

function decisionText(decision: Decision): string {
  const { allowed, reason, limits } = decision;
  const verdict = `${allowed ? 'allowed' : 'DENIED'} (${reason})`;
  const facts = table([['decision', verdict], ['operation', decision.operationId], ...notesOn(decision)]);
  return `${facts}\n${limitsTable(limits)}`;
}

/** What is worth a line only where it is so. */
function notesOn(decision: Decision): string[][] {
  const { replayed, wouldDeny, retryAfterMs, onDeny, degraded, warnings, uncounted, packs, gate, hint } =
    decision;
  const notes: readonly (readonly [string, string | undefined | null | false])[] = [
    ['replayed', replayed && 'yes: this operation had been counted before'],
    ['would deny', wouldDeny && 'yes: a rule that only observes had no room'],
    ['try again in', retryAfterMs !== undefined && `${Math.ceil(retryAfterMs / 1_000)} s`],
    ['on deny', onDeny && JSON.stringify(onDeny)],
    ['degraded', degraded && `decided without the store (${degraded.cause}), by policy ${degraded.policy}`],
    ['uncounted', uncounted && `no rule counts ${uncounted.join(', ')}`],
    ['gate', gate && `${gate.state} until ${gate.until ?? 'it is changed'}`],
    ['hint', hint !== undefined && `no rule limits this resource; is it ${hint}?`],
    ...(packs ?? []).map(
      ({ id, meter, taken, remaining }) =>
        [
          'pack',
          `${taken} ${meter} from ${id}${remaining === undefined ? '' : `, which has ${remaining} left`}`,
        ] as const,
    ),
    ...(warnings ?? []).map(
      ({ rule, window, message }) =>
        [
          'warning',
          `${rule}: ${message ?? `no room in ${window === undefined ? '' : windowText(window)}`}`,
        ] as const,
    ),
  ];
  return notes.flatMap(([name, text]) => (text ? [[name, text]] : []));
}
