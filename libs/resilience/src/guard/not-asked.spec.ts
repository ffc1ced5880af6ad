import { describe, expect, it } from '@jest/globals';
import { NotAsked } from './not-asked.js';
import { BREAKER_OPEN, OVERLOADED } from './unavailable.js';

describe('Callers of a store that is not asked', () => {
  it('are told together at the end of a turn of the event loop', async () => {
    const notAsked = new NotAsked();
    const told: string[] = [];
    const ask = (name: string, answer = BREAKER_OPEN) =>
      notAsked.tell(answer).then((unavailable) => told.push(`${name} ${unavailable.cause}`));
    void ask('first');
    void ask('other', OVERLOADED);
    await Promise.resolve();
    void ask('second');
    expect(told).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.sort()).toEqual(['first breaker-open', 'other overloaded', 'second breaker-open']);
    await ask('next');
    expect(told).toHaveLength(4);
  });
});
