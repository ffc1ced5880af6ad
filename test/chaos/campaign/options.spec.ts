import { describe, expect, it } from '@jest/globals';
import { readPlan } from './options.js';

const NAMES = ['Redis frozen 60 ms', 'node killed'];
const plan = (...args: string[]) => readPlan(args, NAMES);

describe('The plan of npm run chaos', () => {
  it('is twelve seeds on every topology in twenty minutes', () => {
    const { seeds, topologies, experiments } = plan('--minutes', '20', '--seed', '5');
    expect(seeds).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(topologies).toEqual(['standalone', 'sentinel', 'cluster']);
    expect(Math.min(...Object.values(experiments))).toBeGreaterThanOrEqual(2);
  });

  it('is one seed again, with just as many faults', () => {
    const { seeds, topologies, experiments } = plan(
      '--seed',
      '7',
      '--topology',
      'cluster',
      '--experiments',
      '3',
    );
    expect({ seeds, topologies, experiments: experiments.cluster }).toEqual({
      seeds: [7],
      topologies: ['cluster'],
      experiments: 3,
    });
  });

  it.each([
    { args: ['--topology', 'nowhere'], says: /standalone, sentinel, cluster or all, not "nowhere"/ },
    { args: ['--minutes', '0'], says: /--minutes is a number above 0, not "0"/ },
    { args: ['--seed', 'x'], says: /--seed is a number above 0 or 0, not "x"/ },
    { args: ['--faults', 'frozen,flood'], says: /not "flood":\n {2}Redis frozen 60 ms\n {2}node killed/ },
    { args: ['--fault', 'frozen'], says: /--fault/ },
  ])('is refused with what it may be: $args', ({ args, says }) => {
    expect(() => plan(...args)).toThrow(says);
  });
});
