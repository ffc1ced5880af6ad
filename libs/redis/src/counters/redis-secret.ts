import { decodeSecret, encodeSecret, loadSecret, saveSecret, SharedSecret } from '@sundial/engine/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../connection/redis-connection.js';

/** It has no end: whoever empties Redis gets it back from the next node that notices. */
const KEY = 'sd1:{secret}:operations';
/** How soon a Redis is asked again that did not answer, or whose shard with the secret is away. */
const RETRY_MS = 250;

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
  readonly #loaded: Promise<unknown>;
  #isAgreed: () => void = () => undefined;
  /** It is to be asked, once more if it is being asked now. */
  #isDue = false;
  #isAsking = false;
  #isClosed = false;

  constructor(client: RedisClient, directory: string | undefined) {
    this.#client = client;
    this.#directory = directory;
    this.#loaded = directory === undefined ? Promise.resolve() : this.#load(directory);
    this.agreed = new Promise((resolve) => (this.#isAgreed = resolve));
  }

  /**
   * Adopts what Redis holds, or leaves it the secret that this node has; a value that is none is left alone. Goes on until
   * Redis has answered: two nodes with different secrets would each take the other's operations for conflicts.
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
        await this.#exchange();
        this.#isAgreed();
      } catch {
        this.#isDue = true;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    this.#isAsking = false;
  }

  async #exchange(): Promise<void> {
    await this.#client.set(KEY, encodeSecret(this.secret.current.bytes), 'NX');
    const bytes = decodeSecret((await this.#client.get(KEY)) ?? '');
    if (!bytes || !this.secret.adopt(bytes) || this.#directory === undefined) return;
    // A directory that takes no file: the next start asks Redis.
    await saveSecret(this.#directory, this.secret.current).catch(() => undefined);
  }

  async #load(directory: string): Promise<void> {
    const kept = await loadSecret(directory).catch(() => undefined);
    if (kept) this.secret.adopt(kept.current.bytes);
  }
}
