import { setTimeout as sleep } from 'node:timers/promises';
import { FloodConnection } from './flood-connection.js';
import { byOperation, decisionOf } from './books.js';
import type { History, Telling } from './history.js';
import type { Load, Operation } from './load.js';
import type { CampaignNode } from './node.js';

const MAX_TRIES = 3;
const MAX_REPETITIONS = 50;
const PAUSE_MS = 50;

export interface FloodedNode {
  readonly name: string;
  readonly port: number;
}

interface Flood {
  readonly connections: number;
  readonly from: number;
  readonly ended: () => boolean;
}

/** A program that asks the nodes: who gets no decision asks the next node, under the same operation id. */
export class Caller {
  constructor(
    private readonly nodes: readonly CampaignNode[],
    private readonly load: Load,
    private readonly history: History,
  ) {}

  /** Makes the call with a number, and gives what the first node said. */
  async call(index: number): Promise<Telling> {
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
    const open = [...byOperation(this.history.tellings).values()].filter(
      (tries) =>
        tries.some((telling) => !decisionOf(telling)) &&
        !tries.some((telling) => decisionOf(telling)?.allowed),
    );
    for (const { operation } of open.map((tries) => tries[0]!)) {
      for (let repetition = 0; repetition < MAX_REPETITIONS; repetition++) {
        const decision = decisionOf(await this.#ask(operation, repetition));
        if (decision && decision.degraded === null) break;
        await sleep(PAUSE_MS);
      }
    }
  }

  /** Asks one node over many connections, each again as soon as it is answered, until `ended` says so. Call numbers are from `from` on. */
  async flood(node: FloodedNode, { connections, from, ended }: Flood): Promise<void> {
    let next = from;
    const drive = async () => {
      const connection = await FloodConnection.open(node.port);
      while (!ended()) {
        const { operation } = this.load.call(next++);
        const sentAt = performance.now();
        const answer = await connection.check(operation);
        this.history.note({ operation, node: node.name, sentAt, endedAt: performance.now(), answer });
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: connections }, drive));
  }

  async #ask(operation: Operation, at: number): Promise<Telling> {
    const node = this.nodes[at % this.nodes.length]!;
    const sentAt = performance.now();
    const answer = await node.check(operation);
    const telling = { operation, node: node.name, sentAt, endedAt: performance.now(), answer };
    this.history.note(telling);
    return telling;
  }
}
