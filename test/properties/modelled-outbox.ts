import { expect, jest } from '@jest/globals';
import type { TakeResult } from '@sundial/engine/ports';
import type fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { Journal, type JournalSync } from '../../libs/resilience/src/journal/journal.js';
import { RecoveredSettlements } from '../../libs/resilience/src/journal/recovered-settlements.js';
import { Outbox } from '../../libs/resilience/src/outbox/outbox.js';
import {
  bytesOf,
  countKey,
  type PendingSettlement,
} from '../../libs/resilience/src/outbox/pending-settlement.js';
import { placeOf, ScheduledDisk } from './scheduled-disk.js';

const NOW = Date.UTC(2026, 10, 22, 12);
/** How often the journal looks after its file. */
const TEND_EVERY_MS = 1_000;
/** What each operation takes of the meter `tokens`. */
const TOKENS_A_UNIT = 7;
/** Further away than any run lasts. */
export const NEVER_MS = 1e9;

export type Kind = 'promise' | 'allow' | 'void' | 'refund';
export type Answer = 'answered' | 'unanswered' | 'late';

interface Settling {
  readonly attempt: string;
  readonly kind: Kind;
  readonly amount?: number;
  readonly executionStatus?: PendingSettlement['executionStatus'];
}

export function pendingOf(
  id: string,
  { attempt, kind, amount = 1, executionStatus = 'unknown' }: Settling,
): PendingSettlement {
  const key = `sd1:{ocr:user=u}:r~k3Xa`;
  const bounds = [NOW, NOW + 1, NOW + 2] as const;
  const limit = {
    field: 'd',
    max: 10,
    enforced: true,
    bounds,
    windowIndex: 'current',
    rule: { id: 'r' },
  } as const;
  const counters = [{ key, shardGroup: 'ocr:user=u', limits: [limit] }];
  const operation = { id, content: '1', attempt };
  const intent = kind === 'void' || kind === 'refund' ? kind : 'count';
  return {
    settlement: {
      ...{ counters, operation, amount, intent, decidedAt: NOW },
      amounts: { tokens: TOKENS_A_UNIT * amount },
    },
    degraded: { cause: 'timeout', policy: kind === 'allow' ? 'allow' : 'local' },
    executionStatus,
    decidedAt: NOW,
    resource: 'ocr',
  };
}

interface Setting {
  readonly scheduler: fc.Scheduler;
  readonly sync: JournalSync;
  readonly faults: readonly boolean[];
  readonly answers: readonly Answer[];
}

export const RELEASED = { release: () => Promise.resolve() };

/** An outbox with its journal, and beside them the model: what is pending by key, and what is in flight. */
export class Modelled {
  readonly outbox: Outbox;
  readonly disk: ScheduledDisk;
  readonly resolved: PendingSettlement[] = [];
  readonly #journal: Journal;
  /** Units of added operations whose callers were answered yes. */
  promised = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #answers: Answer[];
  readonly #pending = new Map<string, PendingSettlement>();
  readonly #writing = new Set<PendingSettlement>();
  readonly #inFlight = new Set<PendingSettlement>();
  /** Keys whose caller was answered yes because the disk has the line. */
  readonly #kept = new Set<string>();
  readonly #enqueued = new Set<string>();
  readonly #failures: unknown[] = [];
  #isClosed = false;
  #isEnded = false;

  constructor({ scheduler, sync, faults, answers }: Setting, capacity = { max: 100, reservedForUnknown: 0 }) {
    this.#scheduler = scheduler;
    this.#answers = [...answers];
    this.disk = new ScheduledDisk(scheduler, faults);
    this.disk.onChange = () => this.#noting(() => this.#verifyFile());
    const parts = { file: this.disk, slot: RELEASED, recovered: new RecoveredSettlements() };
    this.#journal = new Journal({ sync }, parts);
    this.outbox = new Outbox({
      journal: this.#journal,
      now: () => NOW,
      canSend: () => true,
      wake: () => undefined,
      resolved: (pending) => this.resolved.push(pending),
      capacity,
    });
  }

  enqueue(id: string, kind: Kind, isInTime: boolean): void {
    // As the node does: what is promised is not promised twice.
    const promised = this.outbox.promised(id)?.settlement.intent;
    if (promised === 'refund' || (kind === 'promise' && promised)) return;
    const attempt = kind === 'void' ? id : `${id} ${this.#enqueued.size}`;
    const pending = pendingOf(id, { attempt, kind });
    const key = placeOf(pending);
    const isAlone = !this.#pending.has(key);
    const answer = this.outbox.enqueue(pending, isInTime ? performance.now() + NEVER_MS : 0);
    if (this.#isClosed) return expect(answer).toBeUndefined();
    this.#enqueued.add(attempt);
    this.#pending.set(key, pending);
    const isPromise = kind === 'promise' && isAlone && answer !== undefined;
    if (isPromise) this.#writing.add(pending);
    // Its caller is answered with what it was promised; whether the disk has that is no longer asked.
    if (kind === 'refund' && promised) this.#writing.delete(this.#pending.get(countKey(id))!);
    void answer?.then((isKept) =>
      this.#noting(() => {
        const isAwaited = this.#writing.delete(pending);
        if (!isAwaited || this.#pending.get(key) !== pending) expect(isKept).toBe(true);
        else if (isKept) this.#kept.add(key);
        else this.#pending.delete(key);
        this.verify();
      }),
    );
  }

  /** The store answers the operation itself, after it was decided without the store. */
  heard(key: string, outcome: 'taken' | 'expired'): void {
    const pending = this.#pending.get(key);
    if (!pending) return;
    const { operation, intent } = pending.settlement;
    this.outbox.heard(operation, { outcome, counts: [] } as TakeResult);
    const isMeant = (outcome === 'taken') === (intent === 'count');
    const isRefunded =
      intent === 'count' && this.outbox.promised(operation.id)?.settlement.intent === 'refund';
    if (isMeant && !isRefunded && !this.#isClosed && !this.#inFlight.has(pending)) this.#acknowledged(key);
  }

  send(max: number): void {
    if (this.#isClosed) return;
    for (const pending of this.outbox.next(max)) {
      expect(this.#pending.get(placeOf(pending))).toBe(pending);
      const { intent, operation } = pending.settlement;
      if (intent === 'refund') expect(this.#pending.has(countKey(operation.id))).toBe(false);
      expect(this.#inFlight.has(pending) || this.#writing.has(pending)).toBe(false);
      this.#inFlight.add(pending);
      void this.#answer(pending, this.#answers.shift() ?? 'answered');
    }
  }

  tend(): void {
    jest.advanceTimersByTime(TEND_EVERY_MS);
  }

  close(): void {
    this.outbox.close();
    this.#isClosed = true;
  }

  /** What is neither acknowledged nor withheld is pending, and once. */
  verify(): void {
    const settled = (all: Iterable<PendingSettlement>) =>
      [...all].filter((pending) => !this.#writing.has(pending));
    const found = [...this.outbox.values()];
    expect(new Set(settled(found))).toEqual(new Set(settled(this.#pending.values())));
    expect(new Set(found.map(placeOf)).size).toBe(found.length);
    expect(new Set(this.resolved).size).toBe(this.resolved.length);
    expect(this.outbox.bytes).toBe(found.reduce((sum, pending) => sum + bytesOf(pending), 0));
    if (this.#isClosed || this.#writing.size > 0) return;
    const waiting = [...this.#pending.values()].filter((pending) => !this.#inFlight.has(pending));
    expect(this.outbox.size).toBe(waiting.length + this.#inFlight.size);
    this.#verifyFile();
  }

  /** Lets all that is under way come to its end. */
  async settle(): Promise<void> {
    for (await turn(); this.#scheduler.count() > 0; await turn()) await this.#scheduler.waitOne();
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** The disk is well again: the file is the outbox. */
  async heal(): Promise<void> {
    this.disk.isHealed = true;
    await this.settle();
    for (let times = 0; times < 3; times++) {
      this.tend();
      await this.settle();
    }
    this.verify();
    expect(this.disk.recovered()).toEqual(new Map(this.#pending));
  }

  /** Whatever is pending is recorded in the end, and then the file is empty. */
  async sendAll(): Promise<void> {
    this.#answers.length = 0;
    while (!this.outbox.isClear && !this.#isClosed) {
      this.send(10);
      await this.settle();
    }
    if (this.#isClosed) return;
    expect(this.#pending).toEqual(new Map());
    await this.heal();
    expect(this.disk.content).toBe('');
  }

  /** An operation of its own that certainly never ran, so that it may be added to others. */
  add(id: string, amount: number, isInTime: boolean): void {
    const pending = pendingOf(id, { attempt: id, kind: 'promise', amount, executionStatus: 'not-executed' });
    this.#enqueued.add(id);
    const answer = this.outbox.enqueue(pending, isInTime ? performance.now() + NEVER_MS : 0);
    void answer?.then((isKept) => (this.promised += isKept ? amount : 0));
  }

  sendSums(): void {
    for (const pending of this.outbox.next(2))
      void this.#answer(pending, this.#answers.shift() ?? 'answered', false);
  }

  async settleSums(): Promise<void> {
    this.disk.isHealed = true;
    this.#answers.length = 0;
    for (let turns = 0; !this.outbox.isClear; turns++) {
      if (turns > 50) throw new Error(`${this.outbox.size} settlements are never sent`);
      this.tend();
      this.sendSums();
      await this.settle();
    }
  }

  /** Closes the journal, whose last rewriting waits for the scheduler. */
  async end(): Promise<void> {
    const closed = this.#journal.close().then(() => (this.#isEnded = true));
    while (!this.#isEnded) await this.settle();
    await closed;
  }

  /** Units that the store has counted. */
  get counted(): number {
    const units = this.resolved.reduce((sum, { settlement }) => sum + settlement.amount, 0);
    const tokens = this.resolved.reduce(
      (sum, { settlement }) => sum + (settlement.amounts?.['tokens'] ?? 0),
      0,
    );
    expect(tokens).toBe(TOKENS_A_UNIT * units);
    return units;
  }

  /** A crash now would lose no promise, and the next process would find nothing that was never enqueued. */
  #verifyFile(): void {
    const recovered = this.disk.recovered();
    expect([...this.#kept].filter((key) => !recovered.has(key))).toEqual([]);
    const attempts = [...recovered.values()].map(({ settlement }) => settlement.operation.attempt);
    expect(attempts.filter((attempt) => !this.#enqueued.has(attempt))).toEqual([]);
  }

  async #answer(pending: PendingSettlement, answer: Answer, isModelled = true): Promise<void> {
    const verify = () => isModelled && this.#noting(() => this.verify());
    const key = placeOf(pending);
    await this.#scheduler.schedule(Promise.resolve(), answer);
    this.#inFlight.delete(pending);
    if (answer === 'answered') this.outbox.answered(pending, { outcome: 'counted' }, false);
    else this.outbox.unanswered(pending);
    if (answer === 'answered' && this.#pending.get(key) === pending) this.#acknowledged(key);
    verify();
    if (answer !== 'late') return;
    await this.#scheduler.schedule(Promise.resolve(), 'late answer');
    const isPending = this.#pending.get(key) === pending && !this.#inFlight.has(pending) && !this.#isClosed;
    this.outbox.answered(pending, { outcome: 'counted' }, true);
    if (isPending) this.#acknowledged(key);
    verify();
  }

  #noting(check: () => void): void {
    try {
      check();
    } catch (failure) {
      this.#failures.push(failure);
    }
  }

  #acknowledged(key: string): void {
    this.#pending.delete(key);
    this.#kept.delete(key);
  }
}
