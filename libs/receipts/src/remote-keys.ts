import type { KeySource } from './key-source.js';
import { keyFromJwk, type ReceiptKey } from './receipt-key.js';

/** Keys that are known longer are fetched once more, aside. */
const MAX_AGE_MS = 5 * 60_000;
/** So often at most, whatever keys receipts name: forged names must not make a verifier flood the service. */
const MIN_PAUSE_MS = 5_000;
const TIMEOUT_MS = 2_000;
/** Characters of a set. A key has some 200. */
const MAX_LENGTH = 256 * 1_024;

export interface RemoteKeysOptions {
  readonly fetch?: typeof fetch;
  /** The least time between two questions. Default 5,000. */
  readonly minPauseMs?: number;
  /** Milliseconds that only grow. */
  readonly clock?: () => number;
}

/**
 * The keys that a service publishes, fetched when a receipt names one that is not known, and every five minutes of use. While they
 * cannot be fetched, those that are known stay in use.
 */
export class RemoteKeys implements KeySource {
  readonly #urls: readonly string[];
  readonly #options: RemoteKeysOptions;
  #byId: ReadonlyMap<string, ReceiptKey> = new Map();
  #askedAt = -Infinity;
  #fetchedAt = -Infinity;
  #isComplete = false;
  #asking: Promise<void> | undefined;

  /** `urls` of services that share their keys, asked in this order. @throws TypeError for what is no URL. */
  constructor(urls: string | readonly string[], options: RemoteKeysOptions = {}) {
    this.#urls = [urls].flat().map((url) => new URL(url).href);
    this.#options = options;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  async find(kid: string): Promise<ReceiptKey | undefined> {
    const known = this.#byId.get(kid);
    if (known === undefined) await this.#ask();
    else if (this.#now() - this.#fetchedAt > MAX_AGE_MS) void this.#ask();
    return this.#byId.get(kid);
  }

  #ask(): Promise<void> {
    const { minPauseMs = MIN_PAUSE_MS } = this.#options;
    if (this.#asking === undefined && this.#now() - this.#askedAt >= minPauseMs) {
      this.#askedAt = this.#now();
      this.#asking = this.#fetchAll().finally(() => (this.#asking = undefined));
    }
    return this.#asking ?? Promise.resolve();
  }

  async #fetchAll(): Promise<void> {
    this.#isComplete = false;
    for (const url of this.#urls) {
      const keys = await this.#fetch(url).catch(() => undefined);
      if (keys === undefined) continue;
      this.#byId = new Map(keys.map((key) => [key.kid, key]));
      this.#fetchedAt = this.#now();
      this.#isComplete = true;
      return;
    }
  }

  async #fetch(url: string): Promise<readonly ReceiptKey[] | undefined> {
    const ask = this.#options.fetch ?? fetch;
    const answer = await ask(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = answer.ok ? await answer.text() : '';
    if (text.length > MAX_LENGTH) return undefined;
    const { keys } = JSON.parse(text) as { readonly keys?: unknown };
    return Array.isArray(keys) ? keysIn(keys) : undefined;
  }

  #now(): number {
    return this.#options.clock?.() ?? performance.now();
  }
}

/** Those that are receipts' keys; others are another version's. */
export function keysIn(jwks: readonly unknown[]): readonly ReceiptKey[] {
  return jwks.flatMap((jwk) => keyFromJwk(jwk) ?? []);
}
