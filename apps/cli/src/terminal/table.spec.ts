import { describe, expect, it } from '@jest/globals';
import { table } from './table.js';

describe('a table', () => {
  it('has columns as wide as their widest cell, and no spaces at the ends of lines', () => {
    expect(
      table([
        ['step', 'result', 'seen'],
        ['business goes on', 'ok', '20 of 20'],
        ['x', 'FAILED', ''],
      ]),
    ).toBe('step              result  seen\nbusiness goes on  ok      20 of 20\nx                 FAILED\n');
  });

  it('of no rows is empty', () => expect(table([])).toBe(''));
});
