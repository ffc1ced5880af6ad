import { setTimeout as sleep } from 'node:timers/promises';
import { byOperation, decisionOf } from './expected-counters.js';
import type { History, Attempt } from './history.js';
import type { Operation, Workload } from './workload.js';
import type { ChaosNode } from './node.js';

const MAX_TRIES = 3;
const MAX_REPETITIONS = 50;
const PAUSE_MS = 50;

/** A program that asks the nodes: who gets no decision asks the next node, under the same operation id. */
export class Caller {
  constructor(
    private readonly nodes: readonly ChaosNode[],
    private readonly load: Workload,
    private readonly history: History,
  ) {}

  /** Makes the call with a number, and gives what the first node said. */
  async call(index: number): Promise<Attempt> {
    const { operation, node } = this.load.call(index);
    const first = await this.#ask(operation, node);
    for (let tries = 1, last = first; tries < MAX_TRIES && !decisionOf(last); tries++)
      last = await this.#ask(operation, node + tries);
    return first;
  }

  /**
   * Asks again for operations that were never allowed but may have been counted by a node that could not say so: under
   * their ids, until the store itself has said what it is.
   */
  async askAgain(): Promise<void> {
    const open = [...byOperation(this.history.attempts).values()].filter(
      (tries) =>
        tries.some((attempt) => !decisionOf(attempt)) &&
        !tries.some((attempt) => decisionOf(attempt)?.allowed),
    );
    for (const { operation } of open.map((tries) => tries[0]!)) {
      for (let repetition = 0; repetition < MAX_REPETITIONS; repetition++) {
        const decision = decisionOf(await this.#ask(operation, repetition));
        if (decision && decision.degraded === null) break;
        await sleep(PAUSE_MS);
      }
    }
  }

  async #ask(operation: Operation, at: number): Promise<Attempt> {
    const node = this.nodes[at % this.nodes.length]!;
    const sentAt = performance.now();
    const answer = await node.check(operation);
    const attempt = { operation, node: node.name, sentAt, endedAt: performance.now(), answer };
    this.history.note(attempt);
    return attempt;
  }
}
