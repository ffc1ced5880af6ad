import { describe, expect, it } from '@jest/globals';
import { LoweredLadders } from './lowered-ladders.js';

const LADDER = [
  { field: 'd', max: 10, enforced: true, bounds: [0, 24, 48] },
  { field: 'h', max: 3, enforced: true, bounds: [0, 1, 2] },
] as const;

function unsettled(day: number, hour: number, startsAt = 0) {
  return [
    { field: 'd', startsAt: 0, local: day },
    { field: 'h', startsAt, local: hour },
  ];
}

describe('Lowered ladders', () => {
  it('leave of each ceiling what is not unsettled in an offered window, and never less than nothing', () => {
    const ladders = new LoweredLadders();
    expect(ladders.of(LADDER, unsettled(4, 5)).map(({ max }) => max)).toEqual([6, 0]);
    expect(ladders.of(LADDER, unsettled(4, 2, 1)).map(({ max }) => max)).toEqual([6, 1]);
    expect(ladders.of(LADDER, unsettled(4, 2, -1)).map(({ max }) => max)).toEqual([6, 3]);
  });

  it('are one object for all that have the same unsettled', () => {
    const ladders = new LoweredLadders();
    const one = ladders.of(LADDER, unsettled(4, 2));
    expect(ladders.of(LADDER, unsettled(4, 2))).toBe(one);
    expect(ladders.of(LADDER, unsettled(4, 1))).not.toBe(one);
  });

  it('are bounded in number, and right all the same', () => {
    const ladders = new LoweredLadders();
    for (let day = 1; day < 5_000; day++)
      expect(ladders.of(LADDER, unsettled(day, 0))[0]!.max).toBe(Math.max(0, 10 - day));
  });
});
