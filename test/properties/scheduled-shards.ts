import { setImmediate as turn } from 'node:timers/promises';
import { StoreError } from '@sundial/engine/ports';
import type fc from 'fast-check';
import type { ShardCalls } from '../../libs/redis/src/counters/cross-shard-calls.js';

/** What becomes of a call: `lost` never runs, `late` runs after its caller has given up, of `cut` only the answer is lost, and so when the node `dies`. */
export type ShardCallOutcome = 'answered' | 'cut' | 'lost' | 'late' | 'dies';

/** A process that calls shards, until it dies. */
export interface CallingNode {
  readonly name: string;
  isDead: boolean;
}

type Call = <T>(name: string, run: () => Promise<T>) => Promise<T>;

/** Shards of a real store, of which one call runs at a time: the scheduler decides which is next, and what becomes of each is given. */
export class ScheduledShards {
  /** What was called, and what became of it. */
  readonly story: string[] = [];
  isHealed = false;
  readonly #shards: ShardCalls;
  readonly #scheduler: fc.Scheduler;
  readonly #outcomes: ShardCallOutcome[];
  readonly #starts: (() => void)[] = [];
  #running = 0;

  constructor(shards: ShardCalls, scheduler: fc.Scheduler, outcomes: readonly ShardCallOutcome[]) {
    this.#shards = shards;
    this.#scheduler = scheduler;
    this.#outcomes = [...outcomes];
  }

  /** The shards as a node sees them. Clocks of nodes are some milliseconds apart. */
  of(node: CallingNode): ShardCalls {
    const shards = this.#shards;
    const call: Call = (name, run) => this.#call(node, name, run);
    const at = (request: { readonly counters: readonly { readonly shardGroup: string }[] }) =>
      `at ${request.counters[0]?.shardGroup}`;
    return {
      now: () => shards.now() + 10 * this.story.length,
      take: (request) => call(`take ${at(request)}`, () => shards.take(request)),
      settle: (request, until) =>
        call(`settle ${request.intent} ${at(request)}`, () => shards.settle(request, until)),
      endHold: (request) => call(`${request.ending.kind} ${at(request)}`, () => shards.endHold(request)),
      extendHold: (request) => call(`extend ${at(request)}`, () => shards.extendHold(request)),
      undoExtension: (request) => call(`undo ${at(request)}`, () => shards.undoExtension(request)),
      refund: (request) => call(`refund ${at(request)}`, () => shards.refund(request)),
      giveBack: (request) => call(`give back ${at(request)}`, () => shards.giveBack(request)),
      setUsage: (request) => call(`set ${at(request)}`, () => shards.setUsage(request)),
    };
  }

  /** Waits until as many calls as said have run, or nothing else is left to run. */
  async after(calls: number): Promise<void> {
    while (this.story.length < calls) {
      const { length } = this.story;
      await new Promise<void>((resolve) => this.#starts.push(resolve));
      if (this.story.length === length) return;
    }
  }

  /** Runs all that is called, one after the other. */
  async run(all: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = all.finally(() => (isDone = true));
    for (;;) {
      await turn();
      if (this.#running > 0) continue;
      if (this.#scheduler.count() > 0) await this.#scheduler.waitOne();
      else if (isDone) break;
      else for (const start of this.#starts.splice(0)) start();
    }
    await done;
  }

  async #call<T>(node: CallingNode, name: string, run: () => Promise<T>): Promise<T> {
    if (!this.isHealed) await this.#scheduler.schedule(Promise.resolve(), `${node.name}: ${name}`);
    if (node.isDead) throw new StoreError('The node is dead', 'unknown');
    const outcome = this.isHealed ? 'answered' : (this.#outcomes.shift() ?? 'answered');
    if (outcome === 'lost' || outcome === 'late') {
      this.story.push(`${node.name}: ${name}, ${outcome}`);
      if (outcome === 'late') void this.#late(`${node.name}: ${name}, late`, run);
      throw new StoreError(outcome, 'unknown');
    }
    const result = await this.#run(`${node.name}: ${name}, ${outcome}`, run);
    if (outcome === 'dies') node.isDead = true;
    if (outcome !== 'answered') throw new StoreError(outcome, 'unknown');
    return result;
  }

  async #late<T>(label: string, run: () => Promise<T>): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), label);
    await this.#run(label, run);
  }

  async #run<T>(label: string, run: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      const result = await run();
      this.story.push(`${label}: ${JSON.stringify(result)}`);
      return result;
    } finally {
      this.#running--;
    }
  }
}
