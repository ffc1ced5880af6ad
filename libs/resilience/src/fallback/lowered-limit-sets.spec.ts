import { describe, expect, it } from '@jest/globals';
import { UNLIMITED } from '@sundial/engine/ports';
import { LoweredLimitSets } from './lowered-limit-sets.js';

const LIMITS = [
  { field: 'd', max: 10, enforced: true, bounds: [0, 24, 48] },
  { field: 'h', max: 3, enforced: true, bounds: [0, 1, 2] },
] as const;

function unsettled(day: number, hour: number, startsAt = 0) {
  return [
    { field: 'd', startsAt: 0, local: day },
    { field: 'h', startsAt, local: hour },
  ];
}

describe('Lowered limit sets', () => {
  it('leave of each max what is not unsettled in an offered window, and never less than nothing', () => {
    const limitSets = new LoweredLimitSets();
    expect(limitSets.of(LIMITS, unsettled(4, 5)).map(({ max }) => max)).toEqual([6, 0]);
    expect(limitSets.of(LIMITS, unsettled(4, 2, 1)).map(({ max }) => max)).toEqual([6, 1]);
    expect(limitSets.of(LIMITS, unsettled(4, 2, -1)).map(({ max }) => max)).toEqual([6, 3]);
  });

  it('say by how much, for what an override sets, also where there is no max', () => {
    const limitSets = new LoweredLimitSets();
    const limits = [{ ...LIMITS[0], max: UNLIMITED, enforced: false, limitable: true }, LIMITS[1]];
    expect(limitSets.of(limits, unsettled(4, 5))).toMatchObject([
      { max: UNLIMITED, lowered: { max: UNLIMITED, by: 4 } },
      { max: 0, lowered: { max: 3, by: 5 } },
    ]);
    expect(limitSets.of(limits, unsettled(0, 5))[0]).toBe(limits[0]);
  });

  it('are one object for all that have the same unsettled', () => {
    const limitSets = new LoweredLimitSets();
    const one = limitSets.of(LIMITS, unsettled(4, 2));
    expect(limitSets.of(LIMITS, unsettled(4, 2))).toBe(one);
    expect(limitSets.of(LIMITS, unsettled(4, 1))).not.toBe(one);
  });

  it('are bounded in number, and right all the same', () => {
    const limitSets = new LoweredLimitSets();
    for (let day = 1; day < 5_000; day++)
      expect(limitSets.of(LIMITS, unsettled(day, 0))[0]!.max).toBe(Math.max(0, 10 - day));
  });
});
