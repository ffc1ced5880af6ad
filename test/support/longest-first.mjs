import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** @type {typeof import('@jest/test-sequencer').default} */
const Sequencer = require('@jest/test-sequencer').default;

/** Specs that start servers and wait, by their folders, those that take longest before the others. */
const FOLDERS = ['/test/chaos/', '/test/contract/', '/test/properties/', '/test/e2e/'];

/**
 * A run ends when its last worker does, so what takes long begins first. Jest goes by the run before; where there was none, as in
 * CI, it goes by the size of files, and some of those that take longest are the smallest.
 */
export default class LongestFirst extends Sequencer {
  /**
   * @override
   * @param {Parameters<InstanceType<typeof Sequencer>['sort']>[0]} tests
   */
  async sort(tests) {
    const sorted = await super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

/** @param {{ readonly path: string }} test */
function rankOf({ path }) {
  const rank = FOLDERS.findIndex((folder) => path.includes(folder));
  return rank < 0 ? FOLDERS.length : rank;
}
