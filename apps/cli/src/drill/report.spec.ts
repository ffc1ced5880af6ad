import { describe, expect, it } from '@jest/globals';
import { type DrillReport, drillTable, hasPassed } from './report.js';

const report = (passed: boolean): DrillReport => ({
  url: 'http://localhost:3000',
  resource: 'ocr',
  passed,
  startedAt: '2026-11-22T00:00:00.000Z',
  durationMs: 5_400,
  nodes: 2,
  scenarios: [
    {
      scenario: '1 client side',
      fault: 'client',
      calls: 20,
      steps: [
        { step: 'business goes on', passed: true, seen: '20 of 20 allowed' },
        { step: 'counters are exact', passed, seen: '20 calls allowed' },
      ],
    },
  ],
});

describe('the result of a drill', () => {
  it('has a line for each step, and what it comes to', () => {
    expect(drillTable(report(true))).toBe(
      [
        'scenario       step                result  seen',
        '1 client side  business goes on    ok      20 of 20 allowed',
        '1 client side  counters are exact  ok      20 calls allowed',
        '',
        'The drill of ocr at http://localhost:3000 (2 nodes, 5 s) passed: 2 steps.',
        '',
      ].join('\n'),
    );
  });

  it('says how many steps failed, and where to read on', () => {
    expect(drillTable(report(false))).toMatch(
      /counters are exact +FAILED .*\n\n.*FAILED: 1 of 2 steps.*drill\.md/s,
    );
  });

  it('is passed where every step is', () => {
    expect([hasPassed(report(true).scenarios), hasPassed(report(false).scenarios)]).toEqual([true, false]);
  });
});
