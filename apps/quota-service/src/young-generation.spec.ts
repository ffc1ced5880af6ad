import { describe, expect, it } from '@jest/globals';
import { youngGenerationAdvice } from './young-generation.js';

describe('youngGenerationAdvice', () => {
  it('is given where neither the command nor NODE_OPTIONS sets the size', () => {
    expect(youngGenerationAdvice([])).toContain('--max-semi-space-size=32');
    expect(youngGenerationAdvice(['--enable-source-maps', ''])).toBeDefined();
  });

  it.each([
    ['--max-semi-space-size=64'],
    ['--max_semi_space_size=8'],
    ['--trace-gc --max-semi-space-size=32'],
  ])('is not given where %s sets it', (flag) => expect(youngGenerationAdvice([flag])).toBeUndefined());
});
