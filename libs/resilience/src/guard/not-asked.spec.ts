import { describe, expect, it } from '@jest/globals';
import { NotAsked } from './not-asked.js';
import { BREAKER_OPEN, OVERLOADED } from './unavailable.js';

describe('Callers of a store that is not asked', () => {
  it('are answered together at the end of a turn of the event loop', async () => {
    const notAsked = new NotAsked();
    const answered: string[] = [];
    const ask = (name: string, answer = BREAKER_OPEN) =>
      notAsked.answer(answer).then((unavailable) => answered.push(`${name} ${unavailable.cause}`));
    void ask('first');
    void ask('other', OVERLOADED);
    await Promise.resolve();
    void ask('second');
    expect(answered).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered.sort()).toEqual(['first breaker-open', 'other overloaded', 'second breaker-open']);
    await ask('next');
    expect(answered).toHaveLength(4);
  });
});
