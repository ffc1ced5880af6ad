import type { Subject } from '@sundial/contract';
import type { Command } from 'commander';
import { type AccessOptions, accessOf, withAccess } from '../service/service-access.js';
import { Service } from '../service/service.js';
import { EXIT, type ExitCode } from '../terminal/exit-code.js';
import { progressOn, type Terminal } from '../terminal/terminal.js';
import {
  callsOption,
  deadlineOption,
  resourceOption,
  subjectOption,
  toleranceOption,
} from './drill-options.js';
import { drill } from './drill.js';
import { drillTable } from './report.js';

interface Options extends AccessOptions {
  readonly resource: string;
  readonly subject?: Subject;
  readonly other?: string;
  readonly calls: number;
  readonly deadlineMs: number;
  readonly toleranceMs: number;
  readonly json?: true;
}

const HELP = `
What it does, how to read it, what to do when a step fails: docs/disaster-drill.md.
Exit codes: 0 every step passed, 1 one failed, 2 it could not be done, 130 interrupted (everything was put back).`;

/** `sundial drill`: rehearses an outage of one resource of a running service, and says whether the business would go on. */
export function addDrill(program: Command, terminal: Terminal, ended: (code: ExitCode) => void): void {
  withAccess(program.command('drill').description('rehearse an outage of one resource of a running service'))
    .requiredOption('--resource <name>', 'the resource that sees the outage', resourceOption)
    .option(
      '--subject <attribute=value>',
      'a value for an attribute that rules count by, repeatable (default: values that no program uses)',
      subjectOption,
    )
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
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (url: string, options: Options) => {
      const { resource, subject = {}, other, calls, deadlineMs, toleranceMs, json } = options;
      const report = await drill({
        ...{ resource, subject, other, calls, deadlineMs, toleranceMs },
        service: new Service(accessOf(url, options, terminal.env)),
        progress: progressOn(terminal),
        signal: terminal.signal,
      });
      terminal.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : drillTable(report));
      ended(report.passed ? EXIT.ok : EXIT.failed);
    });
}
