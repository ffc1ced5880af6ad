import { randomUUID } from 'node:crypto';
import { scripts } from '@sundial/lua';
import type { RedisClient } from '../stores/redis-connection.js';
import { RedisScript } from '../stores/redis-script.js';
import { parseRule } from './parse-rule.js';
import { MAX_RULES } from './rule-book.js';
import type { RuleChange } from './rule-repository.js';
import { isVersion, StoredBook, type StoredRule } from './stored-book.js';

const FORMAT = '1';
const WRITE = new RedisScript(scripts.rulesWrite);
const RESTORE = new RedisScript(scripts.rulesRestore);
const HEARTBEAT = new RedisScript(scripts.rulesHeartbeat);
const RULE_FIELD = 'rule:';

/** What a heartbeat tells: the stored book's name (version 0 where there is none), and the nodes of this Redis. */
export interface Heartbeat {
  readonly version: number;
  readonly stamp: string;
  readonly live: number;
  readonly rank: number;
  /** The live nodes that apply the wanted version, or a later one. */
  readonly applied: number;
}

export type WriteOutcome =
  | { readonly outcome: 'written'; readonly version: number }
  | { readonly outcome: 'changed'; readonly revision: number }
  | { readonly outcome: 'exists' | 'missing' | 'full' | 'lost' };

/** What is stored cannot be read by this version of Sundial. */
export class UnusableRulesError extends Error {
  override readonly name = 'UnusableRulesError';
}

/**
 * The rules and the register of nodes in Redis, as `lua/rules-*.lua` keep them, under one hash tag. Each call is one
 * command that is sent once, and may reject.
 */
export class RedisRuleTable {
  readonly channel: string;
  readonly #client: RedisClient;
  readonly #book: string;
  readonly #nodes: string;
  /** Rules already parsed, by their text: a change costs every node one parse, not one a rule. */
  #parsed = new Map<string, StoredRule>();

  constructor(client: RedisClient, keyPrefix: string) {
    this.#client = client;
    this.#book = `${keyPrefix}:{rules}:book`;
    this.#nodes = `${keyPrefix}:{rules}:nodes`;
    this.channel = `${keyPrefix}:{rules}:changed`;
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  /**
   * The stored book, or undefined where there is none.
   * @throws UnusableRulesError, or whatever the connection throws.
   */
  async load(): Promise<StoredBook | undefined> {
    const { version, stamp, ...fields } = await this.#client.hgetall(this.#book);
    if (version === undefined || stamp === undefined) return undefined;
    const rules = Object.entries(fields).map(([field, text]) => this.#parse(field, text));
    this.#parsed = new Map(rules.map(({ text, stored }) => [text, stored]));
    return new StoredBook(
      whole(version),
      stamp,
      new Map(rules.map(({ stored }) => [stored.rule.id, stored])),
    );
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
    const [outcome, number] = await this.#run(WRITE, [this.#book], args);
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

  /** Puts a book in the place of the one that was seen. False when that is no longer the stored one. */
  async restore(
    book: StoredBook,
    seen: { readonly version: number; readonly stamp: string },
  ): Promise<boolean> {
    const rules = [...book.rules.values()];
    const fields = rules.flatMap(({ rule, revision }) => [rule.id, `${revision}:${JSON.stringify(rule)}`]);
    const args = [this.channel, seen.version, seen.stamp, book.version, book.stamp, rules.length, ...fields];
    const [outcome] = await this.#run(RESTORE, [this.#book], args);
    return outcome === 'restored';
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

  #parse(field: string, text: string): { text: string; stored: StoredRule } {
    const known = this.#parsed.get(text);
    if (known) return { text, stored: known };
    const end = text.indexOf(':');
    try {
      if (!field.startsWith(RULE_FIELD)) throw new Error('this is no rule');
      const stored = {
        revision: whole(text.slice(0, end)),
        rule: parseRule(JSON.parse(text.slice(end + 1))),
      };
      return { text, stored };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UnusableRulesError(`The stored ${field} cannot be used here: ${reason}`, { cause });
    }
  }

  async #run(script: RedisScript, keys: string[], args: (string | number)[]): Promise<unknown[]> {
    const reply = (await script.run(this.#client, { keys, args: [FORMAT, ...args] })) as unknown[];
    const [format, ...values] = reply;
    if (format !== FORMAT) throw unexpected(format);
    return values;
  }
}

function whole(value: unknown): number {
  const number = Number(value);
  if (value === '' || !isVersion(number)) throw unexpected(value);
  return number;
}

function unexpected(value: unknown): Error {
  return new Error(`Redis answered with ${JSON.stringify(value)}, which no script of this version says.`);
}
