import type { Command } from 'commander';
import { accessOf, type AccessOptions, type ServiceAccess } from '../service/service-access.js';
import { Service } from '../service/service.js';
import { EXIT, type ExitCode } from '../terminal/exit-code.js';
import { type Progress, progressOn, type Terminal } from '../terminal/terminal.js';

interface GlobalOptions extends AccessOptions {
  readonly json?: true;
}

/** What one command line asks for, and how it answers. */
export interface Call<Options = object> {
  /** As they were typed. */
  readonly args: readonly string[];
  readonly options: Options;
  readonly terminal: Terminal;
  readonly progress: Progress;
  /** Whom it asks. @throws CliError where no address is given. */
  readonly access: ServiceAccess;
  readonly service: Service;
  /** The result: a table for people, or `value` as JSON with `--json`. */
  print(value: object, people: () => string): void;
}

/** An action's exit code; nothing: 0. */
type Act<Options> = (call: Call<Options>) => Promise<ExitCode | void>;

/** What commands hang their actions into. */
export class Cli {
  #exitCode: ExitCode = EXIT.ok;

  constructor(private readonly terminal: Terminal) {}

  /** What the command line ends with. */
  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  /** An action for commander: options of the program come before or after the command's name. */
  action<Options = object>(act: Act<Options>): (...given: unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command;
      this.#exitCode = (await act(this.#call<Options>(command))) ?? EXIT.ok;
    };
  }

  #call<Options>(command: Command): Call<Options> {
    const { terminal } = this;
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    let service: Service | undefined;
    return {
      args: command.args,
      options,
      terminal,
      progress: progressOn(terminal),
      get access() {
        return accessOf(options, terminal.env);
      },
      get service() {
        return (service ??= new Service(this.access, terminal.signal));
      },
      print: (value, people) => {
        terminal.stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : people());
      },
    };
  }
}
