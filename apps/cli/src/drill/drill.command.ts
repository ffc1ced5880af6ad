import type { Subject } from '@sundial/contract';
import { type Command, Option } from 'commander';
import type { Cli } from '../command/cli.js';
import { resourceOption, subject as subjectAttributes } from '../command/options.js';
import { Service } from '../service/service.js';
import { EXIT } from '../terminal/exit-code.js';
import { callsOption, deadlineOption, toleranceOption } from './drill-options.js';
import { drillTable } from './report.js';

interface Options {
  readonly resource: string;
  readonly subject?: Subject;
  readonly other?: string;
  readonly calls: number;
  readonly deadlineMs: number;
  readonly toleranceMs: number;
}

const HELP = `
What it does, how to read it, what to do when a step fails: docs/disaster-drill.md.
Exit codes: 0 every step passed, 1 one failed, 2 it could not be done, 130 interrupted (everything was put back).`;

/** `sundial drill`: rehearses an outage of one resource of a running service, and says whether the business would go on. */
export function addDrill(program: Command, cli: Cli): void {
  const its =
    'a value for an attribute that rules count by, repeatable (default: values that no program uses)';
  program
    .command('drill')
    .description('rehearse an outage of one resource')
    .requiredOption('--resource <name>', 'the resource that sees the outage', resourceOption)
    .addOption(subjectAttributes(its))
    .option(
      '--other <name>',
      'the resource that must not notice (default: another one with rules)',
      resourceOption,
    )
    .option('--calls <n>', 'calls while each fault lasts; more where an alarm needs more', callsOption, 20)
    .option('--deadline-ms <ms>', 'the deadline of the client', deadlineOption, 200)
    .option(
      '--tolerance-ms <ms>',
      'how much later an answer may come, for a busy machine',
      toleranceOption,
      15,
    )
    .addOption(
      new Option('--check-key <key>', 'a check key; better in SUNDIAL_CHECK_KEY (default: the admin key)'),
    )
    .addHelpText('after', HELP)
    .action(
      cli.action<Options>(async ({ options, access, progress, terminal: { signal }, print }) => {
        const { resource, subject = {}, other, calls, deadlineMs, toleranceMs } = options;
        const ask = { resource, subject, other, calls, deadlineMs, toleranceMs };
        // It brings the client, a third of all modules, which no other command needs.
        // eslint-disable-next-line no-restricted-syntax -- its parts are imported above.
        const { drill } = await import('./drill.js');
        // An interruption must not end the requests that put everything back.
        const report = await drill({ ...ask, service: new Service(access), progress, signal });
        print(report, () => drillTable(report));
        return report.passed ? EXIT.ok : EXIT.failed;
      }),
    );
}
