import { StoreError } from '@sundial/engine/ports';
import { createHash } from 'node:crypto';
import { ReplyError } from 'ioredis';
import type { RedisClient } from './redis-connection.js';

/** What a script is called with: `KEYS` and `ARGV`. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * A script sent by its digest, and by its text when the server does not know it (restarted, failed over, flushed):
 * a NOSCRIPT reply means that nothing ran, so the second sending is the first execution.
 */
export class RedisScript {
  readonly #lua: string;
  readonly #sha1: string;

  constructor(lua: string) {
    this.#lua = lua;
    this.#sha1 = createHash('sha1').update(lua).digest('hex');
  }

  /** @throws StoreError saying whether the script may have run. */
  async run(client: RedisClient, { keys, args }: ScriptCall): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isReply(error, 'NOSCRIPT')) throw toStoreError(error);
    }
    try {
      return await client.eval(this.#lua, keys.length, ...keys, ...args);
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

/** What ioredis 6 says of a command it has not written; all its other errors may come after writing. */
const NEVER_SENT = /^(Stream isn't writeable|Cluster isn't ready) /;

/**
 * What Redis replies instead of running a script, or to a script's first write, never to a later one. Another reply
 * (`ERR …`) may come from a script that failed halfway, after earlier checks of the same call were counted.
 */
const NEVER_RUN =
  /^(NOSCRIPT|BUSY|LOADING|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT|MASTERDOWN|READONLY|MISCONF|OOM|NOREPLICAS|NOAUTH|NOPERM) /;

/** Only the message is kept: the client's own error carries the command with every subject in it. */
export function toStoreError(cause: unknown): StoreError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const certain = cause instanceof ReplyError ? NEVER_RUN.test(message) : NEVER_SENT.test(message);
  return new StoreError(message, certain ? 'not-executed' : 'unknown');
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof ReplyError && (error as Error).message.startsWith(code);
}
