import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reservation } from '@sundial/contract';
import { inTurns } from '../../../support/in-turns.js';
import { decisionOf, type Attempt, type Decided, type History } from '../history.js';
import type { ChaosNode } from '../node.js';
import type { Operation } from '../workload.js';
import { isByTheStore, type Asking, type Ending } from './ending.js';
import { expiryOf, succeeded } from './fate.js';
import type { Life } from './life.js';

/** An operation that its caller goes on with. */
export interface Lived {
  /** The number of its call. */
  readonly index: number;
  readonly operation: Operation;
  readonly life: Life;
}

const MAX_TRIES = 3;
const PAUSE_MS = 50;
/** What the store itself has not answered by then is judged by the counters. */
const CONFIRM_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** Longer than the deadline of a call that was given up, which may run until then. */
const GIVEN_UP_MS = 80;
/** By the store's clock, which is this machine's. */
const EXPIRED_MS = 20;
/** Asked at once when everything is over: far fewer than a node can answer. */
const AT_ONCE = 16;
const CONTRARY_ENDINGS = 40;

/**
 * What callers do with operations that were allowed: they extend, commit, release, refund, come too late, or are never heard
 * of again. A caller goes on when it knows how its operation stands, and when nothing that it has given up can still
 * run; it repeats an ending that was not answered at another node.
 */
export class Lives {
  readonly #all: Lived[] = [];
  readonly #running: Promise<void>[] = [];
  /** Operations whose holds were left to expire. */
  readonly #left = new Set<string>();
  readonly #attempts = new Map<string, Attempt[]>();
  readonly #askings = new Map<string, Asking[]>();
  readonly #over = new AbortController();

  constructor(
    private readonly nodes: readonly ChaosNode[],
    private readonly history: History,
    /** Nothing of an operation is under way, and no call will repeat it. */
    private readonly isQuiet: (lived: Lived) => boolean,
  ) {
    setMaxListeners(0, this.#over.signal);
  }

  begin(lived: Lived): void {
    this.#all.push(lived);
    this.#running.push(this.#live(lived));
  }

  /** A node has answered an attempt at an operation that one of them may go on with. */
  heard(attempt: Attempt): void {
    const { operationId } = attempt.operation;
    const known = this.#attempts.get(operationId);
    if (known) known.push(attempt);
    else this.#attempts.set(operationId, [attempt]);
  }

  /** No more calls come: everyone goes on at once. */
  async finish(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
  }

  /** Every ending is repeated until the store itself has answered it; what was left to expire has expired. */
  async confirm(): Promise<void> {
    const until = performance.now() + CONFIRM_LIMIT_MS;
    await inTurns(this.#all, AT_ONCE, async (lived) => {
      const { operation, life } = lived;
      const reservation = this.#reservationOf(operation);
      if (reservation && !this.#left.has(operation.operationId))
        await this.#untilTheStoreSays(lived, this.#endingOf(lived, reservation), {
          // Without the store, a commit and its refund are settled as one: the store never knows a reservation.
          until: this.#isRefunded(operation) ? 0 : until,
        });
      if (life.isRefunded && this.#isCounted(operation))
        await this.#untilTheStoreSays(lived, refundOf(operation), { until });
    });
    const expiries = [...this.#left].flatMap((operationId) =>
      this.#heldBy(operationId).map(({ expiresAt }) => expiryOf(expiresAt)),
    );
    await sleep(Math.max(0, ...expiries) + EXPIRED_MS - performance.now());
  }

  /** Ends some of them otherwise than they have ended, and again as they have. */
  async contradict(): Promise<void> {
    const ended = this.#all.filter(({ operation, life }) => {
      const askings = this.#askings.get(operation.operationId) ?? [];
      const states = askings.flatMap(({ answer }) =>
        answer.kind === 'ended' ? [answer.body.reservation.state] : [],
      );
      // What its expiry had released may still be committed.
      return !life.isRefunded && states.length > 0 && !states.includes('expired');
    });
    await inTurns(ended.slice(0, CONTRARY_ENDINGS), AT_ONCE, async (lived) => {
      const reservation = this.#reservationOf(lived.operation)!;
      const ending = this.#endingOf(lived, reservation);
      await this.#ask(lived, contraryOf(ending), { at: lived.index, isContrary: true });
      await this.#ask(lived, ending, { at: lived.index + 1 });
    });
  }

  async #live(lived: Lived): Promise<void> {
    const { operation, life } = lived;
    await this.#quiet(lived);
    await this.#pause(life.afterMs);
    if (operation.hold) {
      const reservation = this.#reservationOf(operation);
      if (!reservation || !(await this.#end(lived, reservation))) return;
    }
    if (life.isRefunded && this.#isCounted(operation)) await this.#insist(lived, refundOf(operation));
  }

  /** Whether it has been answered that it is ended. */
  async #end(lived: Lived, reservation: Reservation): Promise<boolean> {
    const { operation, life } = lived;
    if (life.extendsTo) {
      await this.#insist(lived, { verb: 'extend', id: reservation.id, body: life.extendsTo });
      await sleep(GIVEN_UP_MS);
    }
    if (life.end === 'leave' || life.end === 'commit late') {
      const expiry = expiryOf(reservation.expiresAt) + EXPIRED_MS;
      await this.#pause(expiry - performance.now());
      const isExpired = performance.now() >= expiry;
      if (isExpired && (life.end === 'leave' || this.#lastEndedAt(operation) > expiry)) {
        this.#left.add(operation.operationId);
        return false;
      }
    }
    return this.#insist(lived, this.#endingOf(lived, reservation));
  }

  /** At one node after the other, until it is done; and perhaps once more. */
  async #insist(lived: Lived, ending: Ending): Promise<boolean> {
    const { index, life } = lived;
    let tries = 0;
    while (tries < MAX_TRIES) {
      const asking = await this.#ask(lived, ending, { at: index + tries++ });
      if (!isAnswered(asking)) continue;
      if (life.repeats && ending.verb !== 'extend') await this.#ask(lived, ending, { at: index + tries });
      return succeeded(asking);
    }
    return false;
  }

  /** Asks once at least. */
  async #untilTheStoreSays(
    lived: Lived,
    ending: Ending,
    { until }: { readonly until: number },
  ): Promise<void> {
    const askings = this.#askings.get(lived.operation.operationId) ?? [];
    if (
      askings.some(
        (asking) => asking.ending.verb === ending.verb && isDone(asking) && !this.#mayBeForgotten(asking),
      )
    )
      return;
    for (let repetition = 0; repetition === 0 || performance.now() < until; repetition++) {
      if (isByTheStore(await this.#ask(lived, ending, { at: lived.index + repetition }))) return;
      await sleep(PAUSE_MS);
    }
  }

  async #ask(
    { operation }: Lived,
    ending: Ending,
    { at, isContrary = false }: { readonly at: number; readonly isContrary?: boolean },
  ): Promise<Asking> {
    const node = this.nodes[at % this.nodes.length]!;
    const sentAt = performance.now();
    const answer = await node.end(ending);
    const when = { node: node.name, sentAt, endedAt: performance.now() };
    const asking: Asking = { ending, operation, ...when, answer, isContrary };
    this.history.noteEnding(asking);
    const known = this.#askings.get(operation.operationId);
    if (known) known.push(asking);
    else this.#askings.set(operation.operationId, [asking]);
    return asking;
  }

  async #quiet(lived: Lived): Promise<void> {
    const isQuiet = () =>
      this.isQuiet(lived) && performance.now() >= this.#lastEndedAt(lived.operation) + GIVEN_UP_MS;
    while (!isQuiet()) await sleep(LOOK_EVERY_MS);
  }

  /** Ends early when all is over. */
  async #pause(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.#over.signal }).catch(() => undefined);
  }

  /**
   * What was never to be ended so, because its hold was to expire, is released. A release frees the operation id, so that an
   * attempt which a frozen node makes later holds again: where one of them was not answered it is committed.
   */
  #endingOf({ operation, life }: Lived, { id }: Reservation): Ending {
    const attempts = this.#attempts.get(operation.operationId) ?? [];
    const mayArrive = attempts.some(({ answer }) => answer.kind === 'unanswered');
    return mayArrive || life.end === 'commit' || life.end === 'commit late'
      ? { verb: 'commit', id, body: life.commits }
      : { verb: 'release', id };
  }

  /** Its node was killed before what it journaled can have been on the disk. */
  #mayBeForgotten({ node: name, endedAt }: Asking): boolean {
    return this.nodes.some((node) => node.name === name && node.mayHaveForgotten(endedAt));
  }

  #lastEndedAt({ operationId }: Operation): number {
    return Math.max(...(this.#attempts.get(operationId) ?? []).map(({ endedAt }) => endedAt));
  }

  /** The store's, where it has answered. */
  #reservationOf({ operationId }: Operation): Reservation | undefined {
    return this.#heldBy(operationId).at(-1);
  }

  /** As nodes have answered it, the store's last. */
  #heldBy(operationId: string): Reservation[] {
    const decisions = (this.#attempts.get(operationId) ?? []).flatMap((attempt) => decisionOf(attempt) ?? []);
    const isByStore = ({ degraded }: Decided) => degraded === null;
    return [...decisions.filter((one) => !isByStore(one)), ...decisions.filter(isByStore)].flatMap(
      ({ reservation }) => reservation ?? [],
    );
  }

  #isRefunded({ operationId }: Operation): boolean {
    const askings = this.#askings.get(operationId) ?? [];
    return askings.some(
      (asking) => asking.ending.verb === 'refund' && succeeded(asking) && !this.#mayBeForgotten(asking),
    );
  }

  #isCounted({ operationId, hold }: Operation): boolean {
    const askings = this.#askings.get(operationId) ?? [];
    if (hold)
      return askings.some(({ ending, answer }) => ending.verb === 'commit' && answer.kind === 'ended');
    return (this.#attempts.get(operationId) ?? []).some((attempt) => decisionOf(attempt)?.allowed);
  }
}

function contraryOf(ending: Ending): Ending {
  if (!('id' in ending)) throw new TypeError('A refund has no contrary.');
  const { id } = ending;
  return ending.verb === 'commit' ? { verb: 'release', id } : { verb: 'commit', id, body: {} };
}

function refundOf({ resource, subject, operationId }: Operation): Ending {
  return { verb: 'refund', body: { resource, subject, operationId } };
}

function isAnswered({ answer }: Asking): boolean {
  return answer.kind !== 'unanswered' && !(answer.kind === 'failed' && answer.status >= 500);
}

function isDone(asking: Asking): boolean {
  return succeeded(asking) && isByTheStore(asking);
}
