import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitOf, spawnGuarded } from '../../../support/guarded-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../support/temporary-directory.js';
import type { Answer, Attempt } from '../history.js';
import { Load } from '../load.js';
import {
  machineClockMs,
  type FloodCommand,
  type FloodLine,
  type FloodOptions,
  type FloodReply,
} from './flood-options.js';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));
const RUN_TYPESCRIPT = new URL('../../../../scripts/run-typescript.mjs', import.meta.url).href;
const FILE = 'answers.ndjson';

export interface FloodedNode {
  readonly name: string;
  readonly port: number;
}

/**
 * More callers than a node can answer, in a process of their own: the proxies of the campaign's process stand between
 * nodes and Redis, so a campaign that is late would make a healthy Redis look slow.
 */
export class Flood {
  readonly #ended: Promise<never>;
  #node = '';

  private constructor(
    private readonly load: Load,
    private readonly directory: TemporaryDirectory,
    private readonly child: ChildProcess,
  ) {
    this.#ended = exitOf(child).then((exit) => {
      throw new Error(`The flood process ended with ${exit}.`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Starts the process, which asks nothing yet. */
  static async start({ seed, name }: Pick<FloodOptions, 'seed' | 'name'>): Promise<Flood> {
    const directory = await temporaryDirectory();
    const options: FloodOptions = { seed, name, file: join(directory.path, FILE) };
    const args = ['--import', RUN_TYPESCRIPT, PROGRAM, JSON.stringify(options)];
    const child = spawnGuarded(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    // It takes what the node, Redis and the campaign leave of the machine.
    setPriority(child.pid!, constants.priority.PRIORITY_LOW);
    const flood = new Flood(new Load(seed, name, false), directory, child);
    await flood.#says('started');
    return flood;
  }

  /** Returns when every connection is open and asks. */
  async begin({ name, port }: FloodedNode, connections: number): Promise<void> {
    this.#node = name;
    await this.#command({ kind: 'begin', port, connections });
  }

  /** Returns when the last answers have come. */
  end(): Promise<void> {
    return this.#command({ kind: 'end' });
  }

  /** What it was answered. Times are of this process' `performance.now()`. */
  async *attempts(): AsyncGenerator<Attempt> {
    const offsetMs = performance.now() - machineClockMs();
    const lines = createInterface({ input: createReadStream(join(this.directory.path, FILE)) });
    for await (const text of lines) {
      const line = JSON.parse(text) as FloodLine;
      yield {
        operation: this.load.call(line.call).operation,
        node: this.#node,
        sentAt: line.sentAtMs + offsetMs,
        endedAt: line.endedAtMs + offsetMs,
        answer: answerOf(line),
      };
    }
  }

  /** Ends the process, however far it is, and removes what it wrote. */
  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended.catch(() => undefined);
    await this.directory.remove();
  }

  async #command(command: FloodCommand): Promise<void> {
    this.child.send(command);
    await this.#says(command.kind);
  }

  async #says(expected: FloodReply): Promise<void> {
    const [reply] = (await Promise.race([once(this.child, 'message'), this.#ended])) as [FloodReply];
    if (reply !== expected) throw new Error(`The flood process said "${reply}" in place of "${expected}".`);
  }
}

function answerOf({ status, body, why = 'closed' }: FloodLine): Answer {
  if (status === undefined) return { kind: 'unanswered', why };
  return status === 200
    ? { kind: 'decided', decision: body as Extract<Answer, { kind: 'decided' }>['decision'] }
    : { kind: 'failed', status };
}
