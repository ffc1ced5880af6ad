import {
  encodeOverride,
  instantText,
  type OverrideKeeper,
  type OverridePart,
  type OverridesAsked,
  type OverrideWrite,
  StoreError,
  textOfRecord,
} from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript } from '../connection/redis-script.js';
import { common, LimitSetList } from './redis-take-batch.js';
import { FORMAT } from './reply-words.js';

const SET = new RedisScript(scripts.setOverrides);
/** Overrides in one call of a script: Redis is busy with it for a millisecond. */
const WRITES_AT_ONCE = 200;
/** Calls under way on a Cluster, where each override has a call of its own. */
const CALLS_AT_ONCE = 50;
const BESIDE = '!override';

/**
 * Overrides in Redis: each beside its counter, so that the script that decides reads it, and the names of a rule's in one
 * sorted set, which only listings read. A name is there before its override, and again after it: a listing that looks in
 * between takes off a name that it finds no override of.
 */
export class RedisOverrides implements OverrideKeeper {
  readonly #client: RedisClient;
  readonly #offsetMs: number;

  constructor(client: RedisClient, offsetMs: number) {
    this.#client = client;
    this.#offsetMs = offsetMs;
  }

  async write(rule: string, writes: readonly OverrideWrite[]): Promise<readonly (string | undefined)[]> {
    const set = writes.filter(({ override }) => override !== undefined);
    const removed = writes.filter(({ override }) => override === undefined);
    await this.#note(rule, set);
    const before = await this.#setAll(writes);
    await this.#note(rule, set);
    await this.#forget(
      rule,
      removed.map(({ name }) => name),
    );
    return before;
  }

  async list(rule: string, { prefix, after, count, keyOf }: OverridesAsked): Promise<OverridePart> {
    const from = after !== undefined && after >= prefix ? `(${after}` : `[${prefix}`;
    const to = prefix === '' ? '+' : `(${prefix}\u{10ffff}`;
    const names = await sent(this.#client.zrangebylex(indexOf(rule), from, to, 'LIMIT', 0, count + 1));
    const looked = names.slice(0, count);
    const records = await Promise.all(looked.map((name) => this.#recordOf(keyOf(name))));
    const found = looked.map((name, at) => [name, records[at]] as const);
    await this.#forget(
      rule,
      found.filter(([, record]) => record === null).map(([name]) => name),
    );
    const overrides = found.flatMap(([name, record]) =>
      typeof record === 'string' ? [[name, textOfRecord(record)] as const] : [],
    );
    return names.length > count ? { overrides, next: looked.at(-1) } : { overrides };
  }

  async #recordOf(key: string | undefined): Promise<string | null> {
    return key === undefined ? null : sent(this.#client.get(`${key}${BESIDE}`));
  }

  async #note(rule: string, writes: readonly OverrideWrite[]): Promise<void> {
    for (let at = 0; at < writes.length; at += WRITES_AT_ONCE) {
      const members = writes.slice(at, at + WRITES_AT_ONCE).flatMap(({ name }) => ['0', name]);
      await sent(this.#client.zadd(indexOf(rule), ...members));
    }
  }

  async #forget(rule: string, names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += WRITES_AT_ONCE)
      await sent(this.#client.zrem(indexOf(rule), ...names.slice(at, at + WRITES_AT_ONCE)));
  }

  async #setAll(writes: readonly OverrideWrite[]): Promise<(string | undefined)[]> {
    const [size, atOnce] = this.#client instanceof Cluster ? [1, CALLS_AT_ONCE] : [WRITES_AT_ONCE, 1];
    const calls = Array.from({ length: Math.ceil(writes.length / size) }, (_, at) =>
      writes.slice(at * size, (at + 1) * size),
    );
    const before: (string | undefined)[] = [];
    for (let at = 0; at < calls.length; at += atOnce) {
      const answers = await Promise.all(calls.slice(at, at + atOnce).map((call) => this.#set(call)));
      before.push(...answers.flat());
    }
    return before;
  }

  async #set(writes: readonly OverrideWrite[]): Promise<(string | undefined)[]> {
    const limitSets = new LimitSetList();
    const args = writes.flatMap(({ counter: { limits }, override }) => [
      `${limitSets.positionOf(limits)} ${instantText(override?.terms.until)}`,
      override === undefined ? '' : encodeOverride(override),
    ]);
    const keys = writes.flatMap(({ counter: { key } }) => [key, `${key}${BESIDE}`]);
    const call = { keys, args: [common(this.#offsetMs), limitSets.text, ...args] };
    const [format, , ...records] = (await SET.run(this.#client, call)) as [string, string, ...unknown[]];
    if (format !== FORMAT) throw new TypeError(`set-overrides.lua answered ${JSON.stringify(format)}`);
    return records.map((record) => {
      if (typeof record === 'string') return record === '' ? undefined : textOfRecord(record);
      throw new StoreError('a key of a counter or an override holds what Sundial did not write', 'unknown');
    });
  }
}

function indexOf(rule: string): string {
  return `sd1:{overrides:${rule}}`;
}

/** Only the message is kept: the client's own error carries the command with every subject in it. */
async function sent<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw new StoreError(error instanceof Error ? error.message : String(error), 'unknown');
  }
}
