import type { Call } from './call.js';
import type { Traffic } from './traffic.js';

/** The programs that one drill plays, one after the other, and what all of them have called. */
export class Programs {
  readonly #programs: Traffic[] = [];

  constructor(private readonly make: () => Traffic) {}

  /** Another one, with a client that knows nothing of the ones before. */
  start(): Traffic {
    const program = this.make();
    this.#programs.push(program);
    return program;
  }

  get calls(): readonly Call[] {
    return this.#programs.flatMap(({ calls }) => calls);
  }

  async report(timeoutMs: number): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.report(timeoutMs)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.close()));
  }
}
