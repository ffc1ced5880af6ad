import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineDiff, type DiffLine } from './line-diff.js';

const side = (lines: readonly DiffLine[], sign: DiffLine['sign']) =>
  lines.filter((line) => line.sign === ' ' || line.sign === sign).map(({ text }) => text);

describe('lineDiff', () => {
  it('shows what was removed and added, and what stays', () => {
    expect(lineDiff('a\nb\nc\n', 'a\nx\nc\n')).toEqual([
      { sign: ' ', text: 'a' },
      { sign: '-', text: 'b' },
      { sign: '+', text: 'x' },
      { sign: ' ', text: 'c' },
    ]);
  });

  it('has both texts in it, whatever they are', () => {
    const line = fc.constantFrom('max: 1', 'max: 2', 'window: day', '  - user');
    const text = fc.array(line, { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = lineDiff(before.join('\n'), after.join('\n'));
        expect([side(lines, '-'), side(lines, '+')]).toEqual([before, after]);
      }),
    );
  });
});
