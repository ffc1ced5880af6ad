import { setTimeout as sleep } from 'node:timers/promises';
import { Operators } from './admin/operators.js';
import { byOperation, decisionOf, type History, type Attempt } from './history.js';
import type { ChaosNode } from './node.js';
import { Lives } from './reservations/lives.js';
import { REPEATED_WHILE_AWAITED, type Operation, type Workload } from './workload.js';

const MAX_TRIES = 3;
const MAX_REPETITIONS = 50;
const PAUSE_MS = 50;

/** Programs that ask the nodes: who gets no decision asks the next node, under the same operation id. */
export class Caller {
  readonly #lives: Lives;
  readonly #operators: Operators;
  /** How often an operation is asked for at the moment. */
  readonly #underWay = new Map<string, number>();
  /** The number of the latest call; no more come when it is infinite. */
  #latest = -1;

  constructor(
    private readonly nodes: readonly ChaosNode[],
    private readonly load: Workload,
    private readonly history: History,
  ) {
    this.#operators = new Operators(nodes, history);
    this.#lives = new Lives(
      nodes,
      history,
      ({ index, operation }) =>
        this.#latest >= index + REPEATED_WHILE_AWAITED && !this.#underWay.has(operation.operationId),
    );
  }

  /** Makes the call with a number, and gives what the first node said. */
  async call(index: number): Promise<Attempt> {
    const { operation, node, life, write } = this.load.call(index);
    this.#latest = Math.max(this.#latest, index);
    if (write) this.#operators.begin({ index, write });
    const first = await this.#ask(operation, node);
    for (let tries = 1, last = first; tries < MAX_TRIES && isOpen(last); tries++)
      last = await this.#ask(operation, node + tries);
    if (life) this.#lives.begin({ index, operation, life });
    return first;
  }

  /** The store has lost its data, and operators add again what they had added. */
  addAgain(): void {
    this.#operators.addAgain();
  }

  /** After the last call: the callers of all operations come to their ends. */
  async finish(): Promise<void> {
    this.#latest = Infinity;
    await Promise.all([this.#lives.finish(), this.#operators.finish()]);
  }

  /**
   * Asks again for operations that were never allowed but may have been counted by a node that could not say so: under
   * their ids, until the store itself has said what it is; and so with what was asked of them afterwards.
   */
  async askAgain(): Promise<void> {
    await this.#operators.confirm();
    const open = [...byOperation(this.history.attempts).values()].filter(
      (tries) =>
        (tries.some(isOpen) && !tries.some((attempt) => decisionOf(attempt)?.allowed)) ||
        (this.#mayHavePacks(tries[0]!.operation) && isByPolicyOnly(tries)),
    );
    for (const { operation } of open.map((tries) => tries[0]!)) {
      for (let repetition = 0; repetition < MAX_REPETITIONS; repetition++) {
        const decision = decisionOf(await this.#ask(operation, repetition));
        if (decision && decision.degraded === null) break;
        await sleep(PAUSE_MS);
      }
    }
    await this.#lives.confirm();
  }

  /** When all nodes are at rest, and nothing is left to settle. */
  contradict(): Promise<void> {
    return this.#lives.contradict();
  }

  /** Of those that are ended or refunded, that says what packs gave. */
  #mayHavePacks({ resource, operationId, hold }: Operation): boolean {
    const { writes, endings } = this.history;
    if (hold?.onExpiry === 'release') return false;
    return (
      writes.some(({ write }) => write.verb === 'add-pack' && write.body.resource === resource) &&
      !endings.some(({ operation }) => operation.operationId === operationId)
    );
  }

  async #ask(operation: Operation, at: number): Promise<Attempt> {
    const { operationId } = operation;
    this.#underWay.set(operationId, (this.#underWay.get(operationId) ?? 0) + 1);
    const node = this.nodes[at % this.nodes.length]!;
    const sentAt = performance.now();
    const answer = await node.check(operation);
    const attempt = { operation, node: node.name, sentAt, endedAt: performance.now(), answer };
    this.history.note(attempt);
    this.#lives.heard(attempt);
    const others = this.#underWay.get(operationId)! - 1;
    if (others > 0) this.#underWay.set(operationId, others);
    else this.#underWay.delete(operationId);
    return attempt;
  }
}

/** The store may have counted it before, and what packs gave of it only the store can say. */
function isByPolicyOnly(tries: readonly Attempt[]): boolean {
  const allowed = tries.flatMap((attempt) => decisionOf(attempt) ?? []).filter((one) => one.allowed);
  return allowed.length > 0 && allowed.every(({ degraded }) => degraded !== null);
}

/** It came to no decision, and may have been counted. */
function isOpen(attempt: Attempt): boolean {
  return !decisionOf(attempt) && !wasRefunded(attempt);
}

/** The operation was refunded before: it is decided. */
export function wasRefunded({ answer }: Attempt): boolean {
  return answer.kind === 'failed' && answer.code === 'operation-refunded';
}
