import { describe, expect, it } from '@jest/globals';
import { commitOf, UseOfItems } from './actual-use.js';

describe('what was really used', () => {
  it.each([
    [undefined, {}],
    [{}, {}],
    [{ tokens: 812 }, { amounts: { tokens: 812 } }],
    [
      { amount: 2, tokens: 0 },
      { amount: 2, amounts: { tokens: 0 } },
    ],
    [{ units: 3 }, { amount: 3 }],
    [
      { amount: 2, amounts: { tokens: 5 } },
      { amount: 2, amounts: { tokens: 5 } },
    ],
    [{ amounts: { tokens: 5 } }, { amounts: { tokens: 5 } }],
  ])('%j is the commit %j', (use, commit) => {
    expect(commitOf(use as never)).toEqual(commit);
  });

  it.each([
    [{ tokens: -1 }],
    [{ tokens: 1.5 }],
    [{ tokens: '5' }],
    [{ amount: NaN }],
    [{ tokens: undefined }],
    [{ tokens: 2 ** 53 }],
  ])('%j is refused', (use) => {
    expect(() => commitOf(use as never)).toThrow(/"(tokens|amount)" must be an integer from 0/);
  });

  it('names at most eight meters, by their names', () => {
    const nine = Object.fromEntries([...'abcdefghi'].map((meter) => [meter, 1]));
    expect(() => commitOf(nine)).toThrow('more than 8 meters');
    expect(() => commitOf({ 'input tokens': 1 })).toThrow('"input tokens" is no name of a meter');
  });

  it('may be of a meter that is named like what every object has', () => {
    const use = new UseOfItems({ units: 1 });
    use.add({ constructor: 2 } as never);
    expect(use.sum).toEqual({ amounts: { constructor: 2 } });
  });

  it('is the sum of items, from 0 of each meter that was reserved', () => {
    const use = new UseOfItems({ units: 1, tokens: 1_000 });
    expect(use.sum).toEqual({ amounts: { tokens: 0 } });
    for (const item of [{ tokens: 3 }, undefined, { tokens: 4, images: 1 }]) use.add(item as never);
    expect(use.sum).toEqual({ amounts: { tokens: 7, images: 1 } });
    use.add({ amount: 2 });
    expect(use.sum).toEqual({ amount: 2, amounts: { tokens: 7, images: 1 } });
  });
});
