import type { RuleChange } from '@sundial/engine';
import { isVersion, type StoredBook, type StoredRule, StoreError } from '@sundial/engine/ports';
import { randomUUID } from 'node:crypto';
import { scripts } from '@sundial/lua';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript } from '../connection/redis-script.js';
import { MAX_RULES } from '@sundial/contract';

const FORMAT = '1';
const WRITE_ONE = new RedisScript(scripts.rulesWriteOne);
const WRITE_MANY = new RedisScript(scripts.rulesWriteMany);
const STAGE = new RedisScript(scripts.rulesStage);
const REPLACE = new RedisScript(scripts.rulesReplace);
const CHANGES_SINCE = new RedisScript(scripts.rulesChangesSince);
const PAGE = new RedisScript(scripts.rulesPage);
const HEARTBEAT = new RedisScript(scripts.nodeHeartbeat);
/** Rules in one call: Redis and the node are busy with it for a millisecond or two. */
const RULES_AT_ONCE = 200;
/** From one slice of a staged book to the next, with all that may hold a node up. */
const STAGED_MS = 30_000;

/** A writing of the book; version 0 and no stamp where there is none. */
export interface BookName {
  readonly version: number;
  readonly stamp: string;
}

/** What a heartbeat tells: the stored book's name, and the nodes of this Redis. */
export interface Heartbeat extends BookName {
  readonly live: number;
  readonly rank: number;
  /** The live nodes that apply the wanted version, or a later one. */
  readonly applied: number;
}

/** A rule as Redis holds it: `<revision>:<JSON>`, or nothing where it was removed. */
export interface RuleEntry {
  readonly id: string;
  readonly text: string;
}

export interface BookPart extends BookName {
  readonly entries: readonly RuleEntry[];
}

export type WriteOutcome =
  | { readonly outcome: 'written'; readonly version: number }
  | { readonly outcome: 'changed'; readonly revision: number }
  | { readonly outcome: 'exists' | 'missing' | 'full' | 'lost' };

/**
 * The rules and the node registry in Redis, as the scripts of `lua/` keep them, under one hash tag. Each call is one
 * command that is sent once, and may reject; a whole book travels in many.
 */
export class RedisRuleTable {
  readonly channel: string;
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #book: string;
  readonly #log: string;
  readonly #nodes: string;

  constructor(client: RedisClient, keyPrefix: string) {
    this.#client = client;
    this.#prefix = `${keyPrefix}:{rules}`;
    this.#book = `${this.#prefix}:book`;
    this.#log = `${this.#prefix}:log`;
    this.#nodes = `${this.#prefix}:nodes`;
    this.channel = `${this.#prefix}:changed`;
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  /** What has changed since a writing: `gap` when Redis cannot say, `none` when it holds no rules. */
  async changesSince({ version, stamp }: BookName): Promise<BookPart | 'gap' | 'none'> {
    const [outcome, ...reply] = await this.#run(CHANGES_SINCE, [this.#book, this.#log], [version, stamp]);
    if (outcome === 'gap' || outcome === 'none') return outcome;
    if (outcome !== 'changes') throw unexpected(outcome);
    const [nowVersion, nowStamp, ...entries] = reply;
    return { version: whole(nowVersion), stamp: String(nowStamp), entries: entriesOf(entries) };
  }

  /** A part of the book, and the cursor of the next part; `0` begins and ends. */
  async page(cursor: string): Promise<BookPart & { readonly next: string }> {
    const reply = await this.#run(PAGE, [this.#book], [cursor, RULES_AT_ONCE]);
    const [version, stamp, next, ...entries] = reply;
    return {
      version: whole(version),
      stamp: String(stamp),
      next: String(next),
      entries: entriesOf(entries),
    };
  }

  /**
   * Makes one change, unless what is stored stands against it. `known` is the version this node has.
   * @throws StoreError saying whether the change may have been made.
   */
  async write(change: RuleChange, known: number): Promise<WriteOutcome> {
    const id = change.kind === 'delete' ? change.id : change.rule.id;
    const expected = change.kind === 'create' ? '' : (change.expectedRevision ?? '');
    const json = change.kind === 'delete' ? '' : JSON.stringify(change.rule);
    const args = [this.channel, known, randomUUID(), MAX_RULES, change.kind, id, expected, json];
    const [outcome, number] = await this.#run(WRITE_ONE, [this.#book, this.#log], args);
    switch (outcome) {
      case 'written':
        return { outcome, version: whole(number) };
      case 'changed':
        return { outcome, revision: whole(number) };
      case 'exists':
      case 'missing':
      case 'full':
      case 'lost':
        return { outcome };
      default:
        throw unexpected(outcome);
    }
  }

  /**
   * Makes the next version of the book that was seen. False when that is no longer the stored one.
   * @throws StoreError saying whether the change may have been made.
   */
  async change(seen: StoredBook, next: StoredBook): Promise<boolean> {
    const { set, removed } = seen.rules.editsTo(next.rules);
    if (set.length + removed.length > RULES_AT_ONCE) return this.replace(seen, next);
    const rules = set.flatMap(({ rule }) => [rule.id, JSON.stringify(rule)]);
    const lists = [set.length, ...rules, removed.length, ...removed];
    const args = [this.channel, seen.version, seen.stamp, next.stamp, ...lists];
    const [outcome] = await this.#run(WRITE_MANY, [this.#book, this.#log], args);
    return outcome === 'written';
  }

  /** Puts a book in the place of the one that was seen. False when that is no longer the stored one. */
  async replace(seen: BookName, book: StoredBook): Promise<boolean> {
    const staged = `${this.#prefix}:staged:${randomUUID()}`;
    await this.#stage(staged, book).catch((cause: Error) => {
      throw new StoreError(cause.message, 'none');
    });
    const args = [this.channel, seen.version, seen.stamp, book.version, book.stamp, book.rules.size];
    const [outcome] = await this.#run(REPLACE, [this.#book, this.#log, staged], args);
    return outcome === 'written';
  }

  async beat(node: {
    readonly id: string;
    readonly applied: number;
    readonly wanted: number;
    readonly lifetimeMs: number;
  }): Promise<Heartbeat> {
    const args = [node.id, node.applied, node.wanted, node.lifetimeMs];
    const reply = await this.#run(HEARTBEAT, [this.#book, this.#nodes], args);
    const [version, stamp, live, rank, applied] = reply;
    return {
      version: whole(version),
      stamp: String(stamp),
      live: whole(live),
      rank: whole(rank),
      applied: whole(applied),
    };
  }

  /** Takes a node out of the register. */
  async leave(nodeId: string): Promise<void> {
    await this.#client.hdel(this.#nodes, nodeId);
  }

  async #stage(key: string, { rules }: StoredBook): Promise<void> {
    let slice: string[] = [];
    const send = async () => {
      const args = [STAGED_MS, slice.length / 2, ...slice];
      slice = [];
      await this.#run(STAGE, [key], args);
    };
    for (const stored of rules.after()) {
      slice.push(stored.rule.id, entryText(stored));
      if (slice.length >= 2 * RULES_AT_ONCE) await send();
    }
    if (slice.length > 0) await send();
  }

  async #run(script: RedisScript, keys: string[], args: (string | number)[]): Promise<unknown[]> {
    const reply = (await script.run(this.#client, { keys, args: [FORMAT, ...args] })) as unknown[];
    const [format, ...values] = reply;
    if (format !== FORMAT) throw unexpected(format);
    return values;
  }
}

/** A rule as Redis holds it. */
export function entryText({ revision, rule }: StoredRule): string {
  return `${revision}:${JSON.stringify(rule)}`;
}

function entriesOf(words: readonly unknown[]): RuleEntry[] {
  const entries: RuleEntry[] = [];
  for (let at = 0; at < words.length; at += 2) {
    entries.push({ id: String(words[at]), text: String(words[at + 1]) });
  }
  return entries;
}

function whole(value: unknown): number {
  const number = Number(value);
  if (value === '' || !isVersion(number)) throw unexpected(value);
  return number;
}

function unexpected(value: unknown): Error {
  return new Error(`Redis answered with ${JSON.stringify(value)}, which no script of this version says.`);
}
