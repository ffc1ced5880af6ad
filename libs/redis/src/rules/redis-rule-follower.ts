import type { StoredBook } from '@sundial/engine/ports';
import type { Heartbeat, RedisNodeRegistry } from '../nodes/redis-node-registry.js';
import { readBook, UnusableRulesError } from './redis-rule-reader.js';
import type { BookName, RedisRuleTable } from './redis-rule-table.js';

const HEARTBEAT_MS = 1_000;
/** Rounds of one catching-up; a store that changes faster is read again at the next heartbeat. */
const MAX_ROUNDS = 5;

export interface RedisRuleFollowerOptions {
  readonly nodes: RedisNodeRegistry;
  /** What the node writes to a Redis that holds no rules, when it has none in force itself. */
  readonly seed: () => StoredBook;
  /** Called with every newer book of Redis, in order. */
  readonly apply: (book: StoredBook) => void;
  /** Called once for each new trouble, not once for each attempt. */
  readonly onError: (error: Error) => void;
}

/**
 * Keeps one node and Redis on the same book: asks every second and on demand, as long as there is a
 * connection; takes what is newer there, and brings back what Redis has lost. The higher version wins, so that a
 * change that an operator was answered outlives the store's memory of it; of two books of one version, the one in Redis is
 * written over. (So a Redis is set back on purpose only while no node runs.)
 */
export class RedisRuleFollower {
  readonly #table: RedisRuleTable;
  readonly #options: RedisRuleFollowerOptions;
  /** The rules in force. Until Redis has answered they are what this node knew before, or none. */
  #book: StoredBook | undefined;
  #confirmed = false;
  /** The book that this node could not use. */
  #refusedStamp: string | undefined;
  #answered: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #trouble: string | undefined;
  #stopped = false;
  #isSeeded = false;

  constructor(table: RedisRuleTable, options: RedisRuleFollowerOptions) {
    this.#table = table;
    this.#options = options;
  }

  get book(): StoredBook | undefined {
    return this.#book;
  }

  /** The version this node has from Redis; 0 while it has none. */
  get version(): number {
    return this.confirmed?.version ?? 0;
  }

  /** The rules in force, if this node has them from Redis. */
  get confirmed(): StoredBook | undefined {
    return this.#confirmed ? this.#book : undefined;
  }

  /** Whether the rules that Redis holds are the seed that this node has put there. */
  get isSeeded(): boolean {
    return this.#isSeeded;
  }

  /** Takes the rules that hold until Redis answers; false when it has answered meanwhile. */
  begin(provisional: StoredBook): boolean {
    if (this.#book) return false;
    this.#book = provisional;
    return true;
  }

  /** Puts a book in force that was read from Redis, or written there; one that is no newer changes nothing. */
  adopt(book: StoredBook): void {
    if (this.#confirmed && book.version <= this.version) return;
    this.#book = book;
    this.#confirmed = true;
    this.#refusedStamp = undefined;
    this.#options.apply(book);
  }

  /** Begins to follow. Resolves when Redis has answered for the first time. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#beatOn();
    });
  }

  /** Brings this node and Redis to the same book; never rejects. A call during a run makes it run once more. */
  sync(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#syncWhileAsked().finally(() => {
      this.#running = undefined;
      return this.#again && !this.#stopped ? this.sync() : undefined;
    });
    return this.#running;
  }

  /** Whether this node has a book already, or has found that it cannot use it. */
  isInHand({ stamp }: BookName): boolean {
    if (stamp === '') return false;
    return stamp === this.#refusedStamp || stamp === this.confirmed?.stamp;
  }

  /** Reports this node, and learns how many nodes apply a version. */
  beat(wanted: number): Promise<Heartbeat> {
    return this.#options.nodes.heartbeat({ applied: this.version, wanted });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #beatOn(): void {
    void this.sync().then(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.#beatOn(), HEARTBEAT_MS).unref();
    });
  }

  async #syncWhileAsked(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      if (!this.#table.connected) continue;
      try {
        await this.#catchUp();
        this.#answered();
        this.#trouble = undefined;
      } catch (error) {
        this.#report(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  async #catchUp(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { rules: seen } = await this.beat(this.version);
      if (this.isInHand(seen)) return;
      const lost = seen.version === 0 || (this.#confirmed && seen.version <= this.version);
      if (lost) await this.#restore(seen);
      else await this.#take(seen.stamp);
    }
  }

  async #restore(seen: BookName): Promise<void> {
    const book = this.#book ?? this.#options.seed();
    const rewritten = book.rewritten(Math.max(book.version, seen.version) + 1);
    if (!(await this.#table.replace(seen, rewritten))) return;
    this.#isSeeded = this.#book === undefined;
    this.adopt(rewritten);
  }

  async #take(stamp: string): Promise<void> {
    try {
      const stored = await readBook(this.#table, this.confirmed, this.#book?.rules);
      if (stored) this.adopt(stored);
    } catch (error) {
      if (!(error instanceof UnusableRulesError)) throw error;
      this.#refusedStamp = stamp;
      this.#options.onError(error);
    }
  }

  #report(error: Error): void {
    if (error.message === this.#trouble) return;
    this.#trouble = error.message;
    this.#options.onError(error);
  }
}
