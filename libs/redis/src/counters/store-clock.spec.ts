import { performance } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StoreClock } from './store-clock.js';

/** How far a clock may be from the reading it was given, since the test itself takes time. */
const WHILE_MS = 50;

describe('StoreClock', () => {
  const differenceMs = (clock: StoreClock) => clock.now() - Date.now();

  it('begins with this node’s clock and the offset it is given', () => {
    expect(Math.abs(differenceMs(new StoreClock(-7_000)) + 7_000)).toBeLessThan(WHILE_MS);
  });

  it('takes the middle of the first reply', () => {
    const clock = new StoreClock();
    const sentAt = performance.now();
    clock.observe({ sentAt, receivedAt: sentAt + 10, storeNow: Date.now() + 60_000 });
    expect(Math.abs(differenceMs(clock) - 60_000)).toBeLessThan(WHILE_MS);
  });

  it('is never farther from the store’s clock than half of a round trip, whatever came before', () => {
    const anyReply = fc.record({
      trip: fc.integer({ min: 1, max: 400 }).map((tenths) => tenths / 10),
      at: fc.nat({ max: 100 }).map((percent) => percent / 100),
    });
    fc.assert(
      fc.property(
        fc.array(anyReply, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: -1e7, max: 1e7 }),
        (replies, offset) => {
          const clock = new StoreClock();
          let monotonic = performance.now();
          const ahead = Date.now() - monotonic + offset;
          for (const { trip, at } of replies) {
            const [sentAt, receivedAt] = [monotonic, monotonic + trip];
            clock.observe({ sentAt, receivedAt, storeNow: Math.floor(ahead + sentAt + at * trip) });
            monotonic = receivedAt;
          }
          const shortest = Math.min(...replies.map(({ trip }) => trip));
          const error = clock.now() - (performance.now() + ahead);
          expect(Math.abs(error)).toBeLessThanOrEqual(shortest / 2 + 1.5);
        },
      ),
    );
  });

  it('keeps the sharpest estimate: a slow reply that agrees changes nothing', () => {
    const clock = new StoreClock();
    const sentAt = performance.now();
    clock.observe({ sentAt, receivedAt: sentAt + 1, storeNow: Date.now() });
    const before = differenceMs(clock);
    clock.observe({ sentAt, receivedAt: sentAt + 2_000, storeNow: Date.now() + 5 });
    expect(Math.abs(differenceMs(clock) - before)).toBeLessThan(2);
  });

  it('follows at once when the store’s clock is set', () => {
    const clock = new StoreClock();
    const sentAt = performance.now();
    clock.observe({ sentAt, receivedAt: sentAt + 1, storeNow: Date.now() });
    clock.observe({ sentAt, receivedAt: sentAt + 30, storeNow: Date.now() - 3_600_000 });
    expect(Math.abs(differenceMs(clock) + 3_600_000)).toBeLessThan(WHILE_MS);
  });
});
