import { describe, expect, it } from '@jest/globals';
import { counterKey } from '../../../counters/counter-key.js';
import { CounterTable } from './counter-table.js';
import { defaultMaxCounters } from './counter-space.js';

const GIB = 1_024 ** 3;

describe('the number of counters that there may be by default', () => {
  it('is what fits into half of the memory at worst', () => {
    expect(defaultMaxCounters(4 * GIB)).toBe(1_177_348);
    expect(defaultMaxCounters(512 * 1_024 ** 2)).toBe(147_168);
  });

  it('goes by the memory of the machine or of its container, where nothing is said', () => {
    expect(defaultMaxCounters()).toBeGreaterThan(100_000);
    expect(defaultMaxCounters()).toBeLessThan(defaultMaxCounters(64 * 1_024 * GIB));
  });

  it('reckons with the longest key and 16 limits', () => {
    const per = [...'abcdefgh'].map((letter) => letter.repeat(32));
    const name = 'x'.repeat(128);
    const rule = { id: name, resource: name, per, timeZone: 'Asia/Shanghai' };
    const table = new CounterTable();
    for (let n = 0; n < 20_000; n++) {
      const value = `${n}`.padStart(64, 'x');
      const subject = Object.fromEntries(per.map((attribute) => [attribute, value]));
      const { key } = counterKey(rule, subject);
      table.restore(key, 16);
    }
    const INDEX_BYTES = 32;
    const reckoned = defaultMaxCounters(2 * (table.records.bytes + 20_000 * INDEX_BYTES));
    expect(Math.abs(reckoned / 20_000 - 1)).toBeLessThan(0.02);
  });
});
