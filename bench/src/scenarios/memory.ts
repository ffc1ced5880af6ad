import { nameOf } from '../load/subjects.js';
import { checkOnce, growthBy } from './memory-growth.js';
import type { Scenario } from './scenario.js';

/**
 * What a subject of a day and an hour costs in Redis' memory while it is active, apart from what each of its operations
 * costs for the minutes it is remembered.
 */
export const memory: Scenario = {
  name: 'memory',
  budget: '≤ 200 bytes for an active subject of a day and an hour',
  async run({ subjects }) {
    const [operation = 0] = await growthBy(Array<string>(subjects).fill('first'), [checkOnce]);
    const names = Array.from({ length: subjects }, (_, index) => nameOf(index));
    const [subjectAndOperation = 0] = await growthBy(names, [checkOnce]);
    return [
      {
        measure: 'Redis memory of an active subject, day and hour',
        unit: 'bytes',
        sundial: [subjectAndOperation - operation],
        budget: { of: 'value', atMost: 200 },
      },
      { measure: 'Redis memory of a remembered operation', unit: 'bytes', sundial: [operation] },
    ];
  },
};
