import type { Rule } from '@sundial/contract';
import type { Store } from '@sundial/engine';
import { Journal } from '@sundial/resilience';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '../../../support/temporary-directory.js';
import type { AdminWrite, WriteAnswer } from '../admin/admin-write.js';
import { EngineNode } from '../engine-node.js';
import type { Answer } from '../history.js';
import type { ChaosNode, NodeStatus } from '../node.js';
import type { Ending, EndingAnswer } from '../reservations/ending.js';
import type { Operation } from '../workload.js';

export interface CrashingNodeOptions {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly share: { readonly live: number; readonly rank: number };
  /** A connection of its own to the store. */
  readonly open: () => Promise<Store>;
}

interface Death {
  readonly at: number;
  /** What was answered before this is on the disk. */
  keptUntil: number;
  restartedAt: number;
}

/** One that a kill interrupts may lack what was written in the last moments: longer where the disk was busy with the lines before. */
const SYNC_MS = 25;
const BUSY_DISK_MS = 2_000;
const KILLED = { kind: 'unanswered', why: 'the node was killed' } as const;

/**
 * An engine in this process with a journal on disk, which can be killed as `SIGKILL` kills a process: what it has under
 * way is never answered, and another one starts on a copy of what its journal has on the disk.
 */
export class CrashingNode implements ChaosNode {
  readonly steal = [];
  readonly #deaths: Death[] = [];
  #engine: EngineNode | undefined;
  #store: Store | undefined;
  #lives = 0;

  private constructor(
    private readonly options: CrashingNodeOptions,
    private readonly directory: TemporaryDirectory,
  ) {}

  static async start(options: CrashingNodeOptions): Promise<CrashingNode> {
    const node = new CrashingNode(options, await temporaryDirectory());
    await mkdir(node.#journalDirectory);
    await node.#launch();
    return node;
  }

  get name(): string {
    return this.options.name;
  }

  check(operation: Operation): Promise<Answer> {
    return this.#unlessKilled((engine) => engine.check(operation));
  }

  end(ending: Ending): Promise<EndingAnswer> {
    return this.#unlessKilled((engine) => engine.end(ending));
  }

  write(write: AdminWrite): Promise<WriteAnswer> {
    return this.#unlessKilled((engine) => engine.write(write));
  }

  async status(): Promise<NodeStatus | undefined> {
    return this.#engine?.status();
  }

  wasDisturbed(from: number, to: number): boolean {
    return this.#deaths.some(({ at, restartedAt }) => at <= to && from <= restartedAt);
  }

  mayHaveForgotten(saidAt: number): boolean {
    return this.#deaths.some(({ keptUntil, restartedAt }) => saidAt >= keptUntil && saidAt <= restartedAt);
  }

  /** Returns when the next one has started on what this one has left. */
  async killAndRestart(): Promise<void> {
    const [engine, store, left] = [this.#engine, this.#store, this.#journalDirectory];
    const at = performance.now();
    const death: Death = { at, keptUntil: at - BUSY_DISK_MS, restartedAt: Infinity };
    this.#deaths.push(death);
    this.#engine = undefined;
    this.#lives++;
    await mkdir(this.#journalDirectory);
    const journal = join(left, 'journal.log');
    const { mtimeMs } = await stat(journal);
    await copyFile(journal, join(this.#journalDirectory, 'journal.log'));
    const writtenAt = performance.now() - (Date.now() - mtimeMs);
    death.keptUntil = Math.max(death.keptUntil, Math.min(at, writtenAt) - SYNC_MS);
    // What it still has under way reaches no store.
    await store?.close();
    void engine?.stop();
    await this.#launch();
    death.restartedAt = performance.now();
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
    await this.directory.remove();
  }

  get #journalDirectory(): string {
    return join(this.directory.path, String(this.#lives));
  }

  async #launch(): Promise<void> {
    const journal = await Journal.open({ directory: this.#journalDirectory, sync: 'group' });
    const { name, rules, share, open } = this.options;
    this.#store = await open();
    this.#engine = new EngineNode(name, this.#store, rules, share, journal);
  }

  async #unlessKilled<T>(ask: (engine: EngineNode) => Promise<T>): Promise<T | typeof KILLED> {
    const engine = this.#engine;
    if (engine === undefined) return KILLED;
    const answer = await ask(engine);
    return engine === this.#engine ? answer : KILLED;
  }
}
