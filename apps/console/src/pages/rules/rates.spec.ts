import { describe, expect, it } from '@jest/globals';
import { ratesBetween } from './rates.js';

const use = (at: string, allowed: number, denied: number, since = '2026-11-20T01:00:00.000Z') => ({
  since,
  at: `2026-11-22T06:29:${at}.000Z`,
  rules: [{ rule: 'ocr-per-user', allowed, denied, wouldDeny: 0 }],
});

describe('decisions a second under a rule', () => {
  it('are what came between two answers of one node', () => {
    const rates = ratesBetween(use('20', 100, 3), use('25', 110, 4));
    expect([...rates]).toEqual([['ocr-per-user', { allowed: 2, denied: 0.2 }]]);
  });

  it('are not known after one answer, nor from answers of two nodes', () => {
    expect(ratesBetween(undefined, use('25', 110, 4)).size).toBe(0);
    expect(ratesBetween(use('20', 100, 3), use('25', 1, 0, '2026-11-22T06:29:00.000Z')).size).toBe(0);
  });
});
