import { describe, expect, it } from '@jest/globals';
import type { Rule } from '@sundial/contract';
import { counterKey } from '../counters/counter-key.js';
import { MemoryStore } from '../stores/memory/memory-store.js';
import { StoreError } from '../stores/store.js';
import type { Runner } from '../runners/runner.js';
import { SubjectLooks } from './subject-looks.js';

const RULE: Rule = {
  id: 'r',
  resource: 'ocr',
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'day', max: 1 }],
  mode: 'enforce',
  degrade: 'local',
};
const PAGE = { wanted: 10 };
const UNAVAILABLE = { code: 'store-unavailable', retryable: true };
const away = () => Promise.reject(new StoreError('not connected', 'not-executed'));
const looksOf = (looks: Partial<Runner['looks']>) =>
  new SubjectLooks({ now: () => Date.now(), looks: { scan: away, read: away, liveHolds: away, ...looks } });

describe('SubjectLooks', () => {
  it('says that the store is away, at the search and at the look', async () => {
    await expect(looksOf({}).page(RULE, PAGE)).rejects.toMatchObject(UNAVAILABLE);
    await expect(looksOf({ scan: () => ({ keys: [] }) }).stateOf(RULE, { user: 'u1' })).rejects.toMatchObject(
      UNAVAILABLE,
    );
  });

  it('passes over what holds a wrong-type key, and gives up a store whose clock is always in other windows', async () => {
    const store = await MemoryStore.open();
    const { key } = counterKey(RULE, { user: 'u1' });
    const scan = () => ({ keys: [key, key] });
    const of = (outcome: 'wrong-type' | 'window-mismatch') => looksOf({ scan, read: () => ({ outcome }) });
    expect(await of('wrong-type').page(RULE, PAGE)).toEqual({ subjects: [] });
    await expect(of('window-mismatch').page(RULE, PAGE)).rejects.toMatchObject(UNAVAILABLE);
    const looks = { scan, read: store.read.bind(store), liveHolds: away };
    expect((await looksOf(looks).page(RULE, PAGE)).subjects).toHaveLength(1);
    await store.close();
  });
});
