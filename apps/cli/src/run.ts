import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { addBrakes } from './brakes/brakes.command.js';
import { addGates } from './gates/gates.command.js';
import { addAudit } from './ledger/audit.command.js';
import { addOutages } from './ledger/outages.command.js';
import { addTop } from './ledger/top.command.js';
import { addTrace } from './ledger/trace.command.js';
import { addUsageHistory } from './ledger/usage-history.command.js';
import { addOverrides } from './overrides/overrides.command.js';
import { addPacks } from './packs/packs.command.js';
import { addReservations } from './reservations/reservations.command.js';
import { addRules } from './rules/rules.command.js';
import { addUsage } from './usage/usage.command.js';
import { addCheck } from './check/check.command.js';
import { Cli } from './command/cli.js';
import { addDoctor } from './doctor/doctor.command.js';
import { addDrill } from './drill/drill.command.js';
import { CliError } from './terminal/cli-error.js';
import { EXIT, type ExitCode } from './terminal/exit-code.js';
import type { Terminal } from './terminal/terminal.js';

/** In the order of the help. */
const COMMANDS = [
  addCheck,
  addUsage,
  addRules,
  addOverrides,
  addPacks,
  addReservations,
  addGates,
  addBrakes,
  addTrace,
  addAudit,
  addTop,
  addUsageHistory,
  addOutages,
  addDrill,
  addDoctor,
];

/** Runs one command line and answers the exit code. It never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const cli = new Cli(terminal);
  try {
    await sundial(terminal, cli).parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return failed(error, terminal);
  }
}

function sundial(terminal: Terminal, cli: Cli): Command {
  const program = new Command('sundial')
    .description('Looks after a Sundial service.')
    .version(versionOf(), '--version')
    .option('--url <address>', 'of the service or its load balancer (default: SUNDIAL_URL)')
    .option('--key <key>', 'its admin key; better in SUNDIAL_KEY: other users of the machine see arguments')
    .option('--key-file <file>', 'a file that holds the key alone')
    .option('--json', 'print the result as JSON')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .showHelpAfterError('(sundial <command> --help says how)');
  for (const add of COMMANDS) add(program, cli);
  return program;
}

function failed(error: unknown, { stderr, signal }: Terminal): ExitCode {
  if (signal.aborted) {
    stderr.write('sundial: interrupted.\n');
    return EXIT.interrupted;
  }
  // Commander has said it already; help and version are none of its errors to a caller.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.misuse;
  if (error instanceof CliError) {
    stderr.write(`sundial: ${error.message}\n`);
    return EXIT.misuse;
  }
  stderr.write(`sundial: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.misuse;
}

function versionOf(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
