import { decodeSecret, encodeSecret, loadSecret, saveSecret } from '../operations/secret-file.js';
import { SharedSecret } from '../operations/secret.js';
import type { RedisClient } from './redis-connection.js';

/** It has no end: whoever empties Redis gets it back from the next node that notices. */
const KEY = 'sd1:{secret}:operations';

/**
 * The secret that all nodes of one Redis share. The first node to come leaves its own; one that starts while Redis is away
 * goes on with what its directory kept.
 */
export class RedisSecret {
  readonly secret = new SharedSecret();
  readonly #client: RedisClient;
  readonly #directory: string | undefined;
  readonly #loaded: Promise<unknown>;

  constructor(client: RedisClient, directory: string | undefined) {
    this.#client = client;
    this.#directory = directory;
    this.#loaded = directory === undefined ? Promise.resolve() : this.#load(directory);
  }

  /** Adopts what Redis holds, or leaves it the secret that this node has; a value that is none is left alone. Never rejects. */
  async sync(): Promise<void> {
    await this.#loaded;
    try {
      await this.#client.set(KEY, encodeSecret(this.secret.current.bytes), 'NX');
      const bytes = decodeSecret((await this.#client.get(KEY)) ?? '');
      if (bytes && this.secret.adopt(bytes) && this.#directory !== undefined)
        await saveSecret(this.#directory, this.secret.current);
    } catch {
      // The next connection asks again; until then this node recognizes what it made itself.
    }
  }

  async #load(directory: string): Promise<void> {
    const kept = await loadSecret(directory).catch(() => undefined);
    if (kept) this.secret.adopt(kept.current.bytes);
  }
}
