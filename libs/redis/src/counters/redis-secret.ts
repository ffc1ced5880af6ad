import {
  decodeSecret,
  encodeSecret,
  loadSecret,
  saveSecret,
  SharedSecret,
  StoreError,
} from '@sundial/engine/ports';
import type { StoreFinding } from '@sundial/engine';
import { ReplyError } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../connection/redis-connection.js';
import { judgeSecret } from '../diagnostics/redis-findings.js';

/** It has no end: an emptied Redis gets it back from the next node that finds out. */
const KEY = 'sd1:{secret}:operations';
/** How soon a Redis is asked again that did not answer, or whose shard with the secret is away. */
const RETRY_MS = 250;
/** How soon a value that is no secret is looked at again: an operator may have deleted it. */
const MALFORMED_RETRY_MS = 1_000;
const MALFORMED = judgeSecret(KEY);

/**
 * The secret that all nodes of one Redis share. The first node to come leaves its own; one that starts while Redis is away
 * goes on with what its directory kept.
 */
export class RedisSecret {
  readonly secret = new SharedSecret();
  /** Resolves when Redis has been asked for the first time. */
  readonly agreed: Promise<void>;
  readonly #client: RedisClient;
  readonly #directory: string | undefined;
  readonly #found: (finding: StoreFinding | undefined) => void;
  readonly #loaded: Promise<unknown>;
  #isAgreed: () => void = () => undefined;
  /** It is to be asked, once more if it is being asked now. */
  #isDue = false;
  #isAsking = false;
  #isClosed = false;

  /** `found` is called with what is wrong with what stands there, and with undefined when nothing is. */
  constructor(
    client: RedisClient,
    directory: string | undefined,
    found: (finding: StoreFinding | undefined) => void,
  ) {
    this.#client = client;
    this.#found = found;
    this.#directory = directory;
    this.#loaded = directory === undefined ? Promise.resolve() : this.#load(directory);
    this.agreed = new Promise((resolve) => (this.#isAgreed = resolve));
  }

  /**
   * Adopts what Redis holds, or leaves it the secret that this node has; a value that is none is left alone, and
   * reported. Goes on until Redis holds a secret: two nodes with different secrets would each take the other's
   * operations for conflicts.
   */
  sync(): void {
    this.#isDue = true;
    if (!this.#isAsking) void this.#ask();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    await this.#loaded;
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      try {
        const isAdopted = await this.#exchange();
        this.#found(isAdopted ? undefined : MALFORMED);
        this.#isAgreed();
        if (isAdopted) continue;
        this.#isDue = true;
        await sleep(MALFORMED_RETRY_MS, undefined, { ref: false });
      } catch {
        this.#isDue = true;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    this.#isAsking = false;
  }

  /** Whether Redis holds a secret, which is then this node's. */
  async #exchange(): Promise<boolean> {
    await this.#client.set(KEY, encodeSecret(this.secret.current.bytes), 'NX');
    const text = await this.#client.get(KEY).catch(ofAnotherType);
    if (text === null) throw new StoreError('The secret was deleted just now', 'not-executed');
    const bytes = decodeSecret(text);
    if (!bytes) return false;
    if (!this.secret.adopt(bytes) || this.#directory === undefined) return true;
    // A directory that takes no file: the next start asks Redis.
    await saveSecret(this.#directory, this.secret.current).catch(() => undefined);
    return true;
  }

  async #load(directory: string): Promise<void> {
    const kept = await loadSecret(directory).catch(() => undefined);
    if (kept) this.secret.adopt(kept.current.bytes);
  }
}

/** A list or a hash in its place is no secret either. */
function ofAnotherType(error: unknown): string {
  if (error instanceof ReplyError && (error as Error).message.startsWith('WRONGTYPE')) return '';
  throw error;
}
