import { describe, expect, it } from '@jest/globals';
import type { Budget, Row } from './row.js';
import { table } from './table.js';

function verdict(sundial: number[], budget: Budget, theirs: number[] = [100]): string | undefined {
  const row: Row = {
    measure: 'throughput',
    unit: 'req/s',
    sundial,
    against: { name: 'bare', rounds: theirs },
    budget,
  };
  return table([row]).split('\n')[2]?.split('|').at(-2)?.trim();
}

describe('table', () => {
  it('judges the ratio of the medians of the rounds', () => {
    expect(verdict([1, 90, 1_000], { of: 'ratio', atLeast: 0.9 }, [100, 1, 900])).toBe('met');
    expect(verdict([90], { of: 'ratio', atLeast: 1 })).toBe('missed by 10 %');
    expect(verdict([150], { of: 'ratio', atMost: 1.2 })).toBe('missed by 25 %');
  });

  it('judges a value in its own unit', () => {
    expect(verdict([200], { of: 'value', atMost: 200 })).toBe('met');
    expect(verdict([200], { of: 'value', atLeast: 400 })).toBe('missed by 50 %');
  });

  it('lines its columns up, so that it reads well in a terminal', () => {
    const rows: Row[] = [
      { measure: 'a', unit: 'ms', sundial: [1.2345] },
      { measure: 'longer', unit: 'decisions/s', sundial: [1_234_567.8] },
    ];
    const lines = table(rows).split('\n');
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
    expect(lines[2]).toContain('      1.23 | ms ');
    expect(lines[3]).toContain(' 1,234,568 | decisions/s ');
  });
});
