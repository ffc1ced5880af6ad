import { describe, expect, it } from '@jest/globals';
import { RecentReservations } from './recent-reservations.js';
import type { ReservationFacts } from './reservation-id.js';

function factsOf(operationId: string): ReservationFacts {
  const at = 1_795_000_000_000;
  return {
    operationId,
    operation: operationId,
    resource: 'ocr',
    subject: { user: 'u1' },
    rules: [],
    content: '1',
    at,
    expiresAt: at + 60_000,
    onExpiry: 'release',
    isDegraded: false,
  };
}

describe('the reservations that were made lately', () => {
  it('are taken out once', () => {
    const recent = new RecentReservations();
    recent.note('a', factsOf('a'));
    recent.note('b', factsOf('b'));
    expect(recent.take('a')).toEqual(factsOf('a'));
    expect(recent.take('a')).toBeUndefined();
    expect(recent.take('b')).toEqual(factsOf('b'));
    expect(recent.take('c')).toBeUndefined();
  });

  it('are the latest some thousand, and no more', () => {
    const recent = new RecentReservations();
    const ids = Array.from({ length: 20_000 }, (_, n) => `id ${n}`);
    for (const id of ids) recent.note(id, factsOf(id));
    const kept = ids.filter((id) => recent.take(id) !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(2_048);
    expect(kept.length).toBeLessThanOrEqual(4_096);
    expect(kept).toEqual(ids.slice(-kept.length));
  });
});
