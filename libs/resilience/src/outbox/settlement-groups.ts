import type { Store } from '@sundial/engine';
import type { CounterRef, SettleRequest, SettleResult } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreGuard } from '../guard/store-guard.js';
import type { Unavailable } from '../guard/unavailable.js';

/** Settlements in flight at once, at first and after the store has not answered all of them. */
export const MIN_GROUP = 8;
/** And at most: what the store takes in well under a millisecond, since live checks wait behind them. */
export const MAX_GROUP = 96;
/** Groups begin this far from one another: small ones that come often delay live checks less than large ones. */
const PERIOD_MS = 1;
/** All that is pending is to be settled in about this time, evenly, so that live checks have the rest. */
const SETTLED_WITHIN_MS = 2_000;
/** However little is pending. */
const MIN_PER_MS = 5;

/** Where settlements come from, and where the store's answers go. */
export interface SettlementProducer<T> {
  /** The next ones to be sent now, at most `max`: those whose part of the store would be asked. */
  next(max: number): readonly T[];
  /** How many are still to be sent. */
  readonly waiting: number;
  requestOf(item: T): SettleRequest;
  /** The store has said what it did. `isLate`: after its deadline, when `unanswered` had been called. */
  answered(item: T, result: SettleResult, isLate: boolean): void;
  /** The store has not said in time what became of it: it is to be sent again. */
  unanswered(item: T): void;
}

export interface SettlementGroupsOptions {
  readonly store: Pick<Store, 'settle' | 'shardsOf'>;
  readonly guard: Pick<StoreGuard, 'ask'>;
  readonly deadlineMs: number;
}

/**
 * Sends settlements to the store in groups, one after the other, at the pace at which all of them are settled in about
 * two seconds: no faster, for live checks share the store and this node, and slower where the store answers more slowly.
 * A group may be twice as large as the one before, up to `MAX_GROUP`, and is small again when an answer is missing.
 *
 * Each settlement is answered on its own, so one that fails is repeated without the others of its group.
 */
export class SettlementGroups<T> {
  readonly #store: Pick<Store, 'settle' | 'shardsOf'>;
  readonly #guard: Pick<StoreGuard, 'ask'>;
  readonly #deadlineMs: number;
  readonly #producer: SettlementProducer<T>;
  #size = MIN_GROUP;
  #perMs = MIN_PER_MS;
  #isRunning = false;
  #isClosed = false;

  constructor(producer: SettlementProducer<T>, { store, guard, deadlineMs }: SettlementGroupsOptions) {
    this.#producer = producer;
    this.#store = store;
    this.#guard = guard;
    this.#deadlineMs = deadlineMs;
  }

  get waiting(): number {
    return this.#producer.waiting;
  }

  /** The group under way is the last. */
  close(): void {
    this.#isClosed = true;
  }

  /** Sends what the producer has, until it has nothing more or the store has not answered. Never rejects. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    let begunAt = performance.now() - PERIOD_MS;
    for (let mayGoOn = true; mayGoOn && !this.#isClosed;) {
      this.#perMs = Math.max(this.#perMs, this.#producer.waiting / SETTLED_WITHIN_MS);
      const due = Math.ceil((performance.now() - begunAt) * this.#perMs);
      const items = this.#producer.next(Math.min(due, this.#size));
      if (items.length === 0) break;
      begunAt = performance.now();
      mayGoOn = await this.#send(items);
      await sleep(begunAt + PERIOD_MS - performance.now(), undefined, { ref: false });
    }
    if (this.#producer.waiting === 0) this.#perMs = MIN_PER_MS;
    this.#isRunning = false;
  }

  /** Whether the store has said anything. */
  async #send(items: readonly T[]): Promise<boolean> {
    const areAnswered = await Promise.all(this.#byShards(items).map((group) => this.#ask(group)));
    this.#size = areAnswered.every(Boolean) ? Math.min(2 * this.#size, MAX_GROUP) : MIN_GROUP;
    return areAnswered.some(Boolean);
  }

  /** Whether the store has said of each what it did. */
  async #ask(group: Group<T>): Promise<boolean> {
    const { items, counters } = group;
    const late = (answers: Answers<T>) => this.#report(answers, true);
    const dueAt = performance.now() + this.#deadlineMs;
    const answers = await this.#guard.ask<Answers<T>>(() => this.#settle(items), dueAt, counters, { late });
    if (isUnavailable(answers)) {
      for (const item of items) this.#producer.unanswered(item);
      return false;
    }
    this.#report(answers, false);
    return answers.every(({ result }) => result !== undefined);
  }

  #report(answers: Answers<T>, isLate: boolean): void {
    for (const { item, result } of answers) {
      if (result) this.#producer.answered(item, result, isLate);
      else if (!isLate) this.#producer.unanswered(item);
    }
  }

  /** Rejects with what the store says of the last of them, where it has answered none. */
  #settle(items: readonly T[]): Promise<Answers<T>> {
    return new Promise((resolve, reject) => {
      const answers: Answered<T>[] = [];
      let failures = 0;
      const ended = (item: T, result?: SettleResult) => {
        if (answers.push({ item, result }) === items.length && failures < items.length) resolve(answers);
      };
      items.forEach((item) => {
        const answered = (result: SettleResult) => ended(item, result);
        const failed = (error: Error) => {
          if (++failures === items.length) reject(error);
          ended(item);
        };
        try {
          const answer = this.#store.settle(this.#producer.requestOf(item));
          if (answer instanceof Promise) answer.then(answered, failed);
          else answered(answer);
        } catch (error) {
          failed(error as Error);
        }
      });
    });
  }

  /** One part of the store that is slow or away holds up nothing that is for another. */
  #byShards(items: readonly T[]): Group<T>[] {
    const groups = new Map<string, { items: T[]; counters: readonly CounterRef[] }>();
    for (const item of items) {
      const { counters } = this.#producer.requestOf(item);
      const shards = this.#store.shardsOf?.(counters) ?? [];
      const name = shards.map((shard) => shard.name).join(' ');
      const group = groups.get(name);
      if (group) group.items.push(item);
      else groups.set(name, { items: [item], counters });
    }
    return [...groups.values()];
  }
}

/** What the store said of a settlement; undefined where it failed. */
interface Answered<T> {
  readonly item: T;
  readonly result: SettleResult | undefined;
}

/** Of each of a group. */
type Answers<T> = readonly Answered<T>[];

/** Settlements of the same parts of the store. */
interface Group<T> {
  readonly items: readonly T[];
  /** Of one of them. */
  readonly counters: readonly CounterRef[];
}

function isUnavailable<T>(answers: Answers<T> | Unavailable): answers is Unavailable {
  return !Array.isArray(answers);
}
