import { performance } from 'node:perf_hooks';
import { QuotaError } from '@sundial/contract';
import type { ConsumedReceipt, PublishedKey, ReceiptStore } from './receipt-store.js';

/** Consumed receipts that are remembered, some 150 bytes each. */
export const MAX_CONSUMED_RECEIPTS = 200_000;
/** Looked at with each consumption, so that those that are over leave as fast as others come. */
const SWEPT_EACH_TIME = 2;

/** What one process knows alone. It forgets what was consumed when it ends. */
export class MemoryReceiptStore implements ReceiptStore {
  /** By id, until when; the oldest first. */
  readonly #consumed = new Map<string, number>();

  exchangeKeys(own: readonly PublishedKey[]): Promise<readonly PublishedKey[]> {
    return Promise.resolve(own);
  }

  consume({ id, forMs }: ConsumedReceipt): Promise<boolean> {
    const now = performance.now();
    this.#sweep(now, SWEPT_EACH_TIME);
    const until = this.#consumed.get(id);
    if (until !== undefined && until > now) return Promise.resolve(false);
    if (this.#consumed.size >= MAX_CONSUMED_RECEIPTS) this.#sweep(now, MAX_CONSUMED_RECEIPTS);
    if (this.#consumed.size >= MAX_CONSUMED_RECEIPTS) {
      const detail = `${MAX_CONSUMED_RECEIPTS} consumed receipts are remembered on this node: try again later.`;
      return Promise.reject(QuotaError.overloaded(detail));
    }
    this.#consumed.delete(id);
    this.#consumed.set(id, now + forMs);
    return Promise.resolve(true);
  }

  #sweep(now: number, most: number): void {
    let looked = 0;
    for (const [id, until] of this.#consumed) {
      if (until <= now) this.#consumed.delete(id);
      looked += 1;
      if (looked >= most) return;
    }
  }
}
