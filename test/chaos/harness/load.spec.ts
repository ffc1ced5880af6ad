import { describe, expect, it } from '@jest/globals';
import { Load } from './load.js';

const CALLS = 2_000;
const calls = (load: Load) => Array.from({ length: CALLS }, (_, index) => load.call(index));

describe('The load of an experiment', () => {
  it('is the same for the same seed, in whatever order it is asked for', () => {
    const backwards = Array.from({ length: CALLS }, (_, index) => CALLS - 1 - index).map((index) =>
      new Load(7, 'e').call(index),
    );
    expect(backwards.reverse()).toEqual(calls(new Load(7, 'e')));
    expect(calls(new Load(8, 'e'))).not.toEqual(calls(new Load(7, 'e')));
  });

  it('repeats some operations with all that they were, and asks enough for one user to reach a limit', () => {
    const operations = calls(new Load(7, 'e')).map(({ operation }) => operation);
    const byId = new Map(operations.map((operation) => [operation.operationId, operation]));
    const repeated = CALLS - byId.size;
    expect(repeated / CALLS).toBeGreaterThan(0.08);
    expect(repeated / CALLS).toBeLessThan(0.16);
    for (const operation of operations) expect(operation).toEqual(byId.get(operation.operationId));
    const asked = new Map<string, number>();
    for (const { resource, subject, amount } of byId.values()) {
      const name = `${resource} ${subject.user}`;
      asked.set(name, (asked.get(name) ?? 0) + amount);
    }
    expect(Math.max(...asked.values())).toBeGreaterThan(40);
  });
});
