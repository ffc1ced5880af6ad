import { describe, expect, it } from '@jest/globals';
import { MAX_CONSUMED_RECEIPTS, MemoryReceiptStore } from './memory-receipt-store.js';

describe('MemoryReceiptStore', () => {
  it('takes no more than it has room for, and goes on when some are over', async () => {
    const store = new MemoryReceiptStore();
    for (let n = 0; n < MAX_CONSUMED_RECEIPTS; n += 1)
      await store.consume({ id: `${n}`, forMs: n < 10 ? 1 : 60_000 });
    await new Promise((later) => setTimeout(later, 5));
    expect(await store.consume({ id: 'more', forMs: 60_000 })).toBe(true);
    for (let n = 0; n < 9; n += 1) await store.consume({ id: `more-${n}`, forMs: 60_000 });
    await expect(store.consume({ id: 'too much', forMs: 60_000 })).rejects.toMatchObject({
      code: 'overloaded',
    });
    expect(await store.consume({ id: 'more', forMs: 60_000 })).toBe(false);
  });
});
