import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Round, RoundResult } from '../contenders/contender.js';
import type { ContenderName } from '../contenders/main.js';
import { endProcess } from '../../../test/support/guarded-process.js';
import { startProgram } from './node-program.js';

const PROGRAM = fileURLToPath(new URL('../contenders/main.ts', import.meta.url));

const STOP_LIMIT_MS = 5_000;

/** A contender in a process of its own, as in production: none inherits what the others taught the compiler. */
export class ContenderProcess {
  readonly #gone: Promise<never>;

  private constructor(private readonly child: ChildProcess) {
    this.#gone = once(child, 'exit').then(([code]) => {
      throw new Error(`A contender ended with ${code}.`);
    });
    this.#gone.catch(() => undefined);
  }

  static async start(name: ContenderName, redisUrl: string): Promise<ContenderProcess> {
    const child = startProgram(PROGRAM, [name, redisUrl], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const contender = new ContenderProcess(child);
    await contender.#message();
    return contender;
  }

  async measure(round: Round): Promise<RoundResult> {
    this.child.send(round);
    return (await this.#message()) as RoundResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.child, { withinMs: STOP_LIMIT_MS });
  }

  async #message(): Promise<unknown> {
    const [message] = await Promise.race([once(this.child, 'message'), this.#gone]);
    return message;
  }
}
