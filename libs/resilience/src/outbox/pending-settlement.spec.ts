import { describe, expect, it } from '@jest/globals';
import { isVerifiable, mayBeAdded, type PendingSettlement } from './pending-settlement.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;

function pendingOf(executionStatus: PendingSettlement['executionStatus']): PendingSettlement {
  const operation = { id: 'a', content: '1', attempt: 'a' };
  return {
    settlement: { counters: [], operation, amount: 1, intent: 'count', decidedAt: NOW },
    degraded: { cause: 'timeout', policy: 'local' },
    executionStatus,
    decidedAt: NOW,
    resource: 'ocr',
  };
}

describe('A pending settlement', () => {
  it('is safe to settle as long as the store remembers what it may have done', () => {
    const taken = pendingOf('unknown');
    expect(isVerifiable(taken, NOW + 13 * MINUTE_MS)).toBe(true);
    expect(isVerifiable(taken, NOW + 15 * MINUTE_MS)).toBe(false);
    const neverTaken = pendingOf('not-executed');
    expect(isVerifiable(neverTaken, NOW + 23 * 60 * MINUTE_MS)).toBe(true);
    expect(isVerifiable(neverTaken, NOW + 24 * 60 * MINUTE_MS)).toBe(false);
  });

  it('is added to others where it certainly never ran, and where no client may report it again', () => {
    expect(mayBeAdded(pendingOf('not-executed'))).toBe(true);
    expect(mayBeAdded(pendingOf('unknown'))).toBe(false);
    const reported = pendingOf('not-executed');
    expect(mayBeAdded({ ...reported, degraded: { cause: 'unreachable', policy: 'allow' } })).toBe(false);
  });
});
