import type { ConsumedReceipt, PublishedKey, ReceiptStore } from '@sundial/engine';
import type { RedisClient } from '../connection/redis-connection.js';
import { ruleKeys } from '../keys/rule-keys.js';

/** Keys of more nodes than a Redis has at once, those that left included; a registry with more is not one that nodes made. */
const MAX_KEYS = 1_024;
/** Longer than any receipt is valid, and far from what a program could have written by mistake. */
const LONGEST_MS = 25 * 60 * 60_000;

/**
 * What the nodes of one Redis know together about receipts: their public keys, in one hash beside the node registry (thumbprint →
 * `<until, ms>:<JWK>`), and which receipts were consumed, a key for each until it is over.
 */
export class RedisReceiptStore implements ReceiptStore {
  readonly #client: RedisClient;
  readonly #keyPrefix: string;

  constructor(client: RedisClient, { keyPrefix = 'sd1' }: { readonly keyPrefix?: string } = {}) {
    this.#client = client;
    this.#keyPrefix = keyPrefix;
  }

  async exchangeKeys(
    own: readonly PublishedKey[],
    { now, keepMs }: { readonly now: number; readonly keepMs: number },
  ): Promise<readonly PublishedKey[]> {
    const client = this.#client;
    const { receiptKeys } = ruleKeys(this.#keyPrefix);
    if ((await client.hlen(receiptKeys)) > MAX_KEYS) await client.unlink(receiptKeys);
    const until = Math.ceil(now + keepMs);
    await client.hset(receiptKeys, Object.fromEntries(own.map(({ kid, jwk }) => [kid, `${until}:${jwk}`])));
    await client.pexpire(receiptKeys, LONGEST_MS);
    const published = Object.entries(await client.hgetall(receiptKeys)).map(([kid, text]) => {
      const [, until = '0', jwk = ''] = /^(\d{1,15}):(.*)$/s.exec(text) ?? [];
      return { kid, jwk, isOver: Number(until) < now || Number(until) > now + LONGEST_MS };
    });
    const over = published.filter(({ isOver }) => isOver).map(({ kid }) => kid);
    if (over.length > 0) await client.hdel(receiptKeys, ...over);
    return published.filter(({ isOver }) => !isOver).map(({ kid, jwk }) => ({ kid, jwk }));
  }

  async consume({ id, forMs }: ConsumedReceipt): Promise<boolean> {
    const key = `${this.#keyPrefix}:receipt:${id}`;
    return (await this.#client.set(key, '1', 'PX', Math.ceil(forMs), 'NX')) === 'OK';
  }
}
