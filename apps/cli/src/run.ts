import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { addDrill } from './drill/drill.command.js';
import { CliError } from './terminal/cli-error.js';
import { EXIT, type ExitCode } from './terminal/exit-code.js';
import type { Terminal } from './terminal/terminal.js';

/** Runs one command line and answers the exit code. It never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = sundial(terminal, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return failed(error, terminal);
  }
}

function sundial(terminal: Terminal, ended: (code: ExitCode) => void): Command {
  const program = new Command('sundial')
    .description('Looks after a Sundial service.')
    .version(versionOf(), '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .showHelpAfterError('(sundial <command> --help says how)');
  addDrill(program, terminal, ended);
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
