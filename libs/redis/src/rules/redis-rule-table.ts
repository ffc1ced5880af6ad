import type { RuleChange } from '@sundial/engine';
import { type StoredBook, type StoredRule, StoreError } from '@sundial/engine/ports';
import { randomUUID } from 'node:crypto';
import { scripts } from '@sundial/lua';
import type { RedisClient } from '../connection/redis-connection.js';
import { unexpectedReply, VersionedScript, wholeNumber } from '../connection/versioned-script.js';
import { ruleKeys, type RuleKeys } from '../keys/rule-keys.js';
import { MAX_RULES } from '@sundial/contract';

const WRITE_ONE = new VersionedScript(scripts.rulesWriteOne);
const WRITE_MANY = new VersionedScript(scripts.rulesWriteMany);
const STAGE = new VersionedScript(scripts.rulesStage);
const REPLACE = new VersionedScript(scripts.rulesReplace);
const CHANGES_SINCE = new VersionedScript(scripts.rulesChangesSince);
const PAGE = new VersionedScript(scripts.rulesPage);
/** Rules in one call: Redis and the node are busy with it for a millisecond or two. */
const RULES_AT_ONCE = 200;
/** From one slice of a staged book to the next, with all that may hold a node up. */
const STAGED_MS = 30_000;

/** A writing of the book; version 0 and no stamp where there is none. */
export interface BookName {
  readonly version: number;
  readonly stamp: string;
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
  | { readonly outcome: 'written'; readonly version: number; readonly created: boolean }
  | { readonly outcome: 'changed'; readonly revision: number }
  | { readonly outcome: 'exists' | 'missing' | 'full' | 'lost' };

/**
 * The rules in Redis, as the scripts of `lua/` keep them, under one hash tag. Each call is one
 * command that is sent once, and may reject; a whole book travels in many.
 */
export class RedisRuleTable {
  readonly #client: RedisClient;
  readonly #keys: RuleKeys;

  constructor(client: RedisClient, keyPrefix: string) {
    this.#client = client;
    this.#keys = ruleKeys(keyPrefix);
  }

  /** Where every change is announced. */
  get channel(): string {
    return this.#keys.channel;
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  /** What has changed since a writing: `gap` when Redis cannot say, `none` when it holds no rules. */
  async changesSince({ version, stamp }: BookName): Promise<BookPart | 'gap' | 'none'> {
    const [outcome, ...reply] = await this.#run(
      CHANGES_SINCE,
      [this.#keys.book, this.#keys.log],
      [version, stamp],
    );
    if (outcome === 'gap' || outcome === 'none') return outcome;
    if (outcome !== 'changes') throw unexpectedReply(outcome);
    const [nowVersion, nowStamp, ...entries] = reply;
    return { version: wholeNumber(nowVersion), stamp: String(nowStamp), entries: entriesOf(entries) };
  }

  /** A part of the book, and the cursor of the next part; `0` begins and ends. */
  async page(cursor: string): Promise<BookPart & { readonly next: string }> {
    const reply = await this.#run(PAGE, [this.#keys.book], [cursor, RULES_AT_ONCE]);
    const [version, stamp, next, ...entries] = reply;
    return {
      version: wholeNumber(version),
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
    const expected = expectedBy(change) ?? '';
    const json = change.kind === 'delete' ? '' : JSON.stringify(change.rule);
    const args = [this.channel, known, randomUUID(), MAX_RULES, change.kind, id, expected, json];
    const [outcome, number] = await this.#run(WRITE_ONE, [this.#keys.book, this.#keys.log], args);
    switch (outcome) {
      case 'created':
      case 'written':
        return { outcome: 'written', version: wholeNumber(number), created: outcome === 'created' };
      case 'changed':
        return { outcome, revision: wholeNumber(number) };
      case 'exists':
      case 'missing':
      case 'full':
      case 'lost':
        return { outcome };
      default:
        throw unexpectedReply(outcome);
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
    const [outcome] = await this.#run(WRITE_MANY, [this.#keys.book, this.#keys.log], args);
    return outcome === 'written';
  }

  /** Puts a book in the place of the one that was seen. False when that is no longer the stored one. */
  async replace(seen: BookName, book: StoredBook): Promise<boolean> {
    const staged = this.#keys.staged(randomUUID());
    await this.#stage(staged, book).catch((cause: Error) => {
      throw new StoreError(cause.message, 'not-executed');
    });
    const args = [this.channel, seen.version, seen.stamp, book.version, book.stamp, book.rules.size];
    const [outcome] = await this.#run(REPLACE, [this.#keys.book, this.#keys.log, staged], args);
    return outcome === 'written';
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

  #run(script: VersionedScript, keys: string[], args: (string | number)[]): Promise<unknown[]> {
    return script.run(this.#client, { keys, args });
  }
}

/** The revision that a change wants to find; undefined for any, or none. */
export function expectedBy(change: RuleChange): number | undefined {
  return 'expectedRevision' in change ? change.expectedRevision : undefined;
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
