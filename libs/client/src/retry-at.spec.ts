import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { retryAt } from './retry-at.js';

describe('retryAt', () => {
  it('is null where waiting does not help, and where nothing was refused', () => {
    expect(retryAt({ allowed: false })).toBeNull();
    expect(retryAt({ allowed: true, retryAfterMs: 5 })).toBeNull();
  });

  it('is never before the reset, and spreads over a tenth of the wait, from a second to five minutes', () => {
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(400 * 86_400_000), share, (retryAfterMs, random) => {
        const at =
          retryAt({ allowed: false, retryAfterMs }, { now: 1e12, random: () => random })?.getTime() ?? 0;
        expect(at).toBeGreaterThanOrEqual(1e12 + retryAfterMs);
        const spread = Math.min(Math.max(retryAfterMs / 10, 1_000), 300_000);
        expect(at).toBeLessThan(1e12 + retryAfterMs + spread);
      }),
    );
  });
});
