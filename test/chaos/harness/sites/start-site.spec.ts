import { describe, expect, it } from '@jest/globals';
import type { Site } from './site.js';
import { startNodes } from './start-nodes.js';
import { startSite } from './start-site.js';

const SITE = {} as Site;

/** Servers that do not start so many times. */
function failing(times: number) {
  let starts = 0;
  return {
    name: 'cluster',
    start: () =>
      ++starts > times
        ? Promise.resolve(SITE)
        : Promise.reject(new Error(`start ${starts}: node 2 did not start`)),
  };
}

describe('The start of a slice', () => {
  it('is tried again, and each failure says what did not start and why', async () => {
    const retried: string[] = [];
    expect(await startSite(failing(2), (line) => retried.push(line))).toBe(SITE);
    expect(retried).toEqual([
      'cluster did not start and is started again: start 1: node 2 did not start',
      'cluster did not start and is started again: start 2: node 2 did not start',
    ]);
  });

  it('is given up after three tries, and says what did not start and why', async () => {
    const expected = 'cluster did not start in 3 tries: start 3: node 2 did not start';
    await expect(startSite(failing(3))).rejects.toThrow(expected);
  });

  it('names the node that did not start, and why, in one line', async () => {
    const refused = startNodes([{}, { SUNDIAL_DEADLINE_MS: 'soon' }]);
    const error = await refused.catch((cause: Error) => cause);
    const [line] = (error as Error).message.split('\n');
    expect(line).toMatch(/^node 2 did not start: .*it ended with 1/i);
    expect((error as Error).message).toContain('SUNDIAL_DEADLINE_MS');
  }, 30_000);
});
