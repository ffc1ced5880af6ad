import { describe, expect, it } from '@jest/globals';
import { MAX_WINDOW, MIN_WINDOW, WINDOW, WireWindow } from './wire-window.js';

/** A server that answers calls of 32 checks, one after the other, as they are allowed. */
function simulate(
  window: WireWindow,
  {
    tripMs,
    checksPerMs,
    forMs,
    from = 0,
  }: { tripMs: number; checksPerMs: number; forMs: number; from?: number },
) {
  const onWire: { sentAt: number; doneAt: number }[] = [];
  let freeAt = from;
  for (let now = from; now < from + forMs; now += 0.25) {
    while (onWire[0] && onWire[0].doneAt + tripMs / 2 <= now) {
      const { sentAt, doneAt } = onWire.shift()!;
      window.answered(32, { sentAt, receivedAt: now, delayMs: doneAt - sentAt });
    }
    while (window.hasRoom) {
      window.sent(32);
      freeAt = Math.max(freeAt, now + tripMs / 2) + 32 / checksPerMs;
      onWire.push({ sentAt: now, doneAt: freeAt });
    }
  }
  for (const { sentAt, doneAt } of onWire)
    window.answered(32, { sentAt, receivedAt: doneAt + tripMs / 2, delayMs: doneAt - sentAt });
}

describe('WireWindow', () => {
  it('stays as it is for a server that keeps up at a short distance', () => {
    const window = new WireWindow();
    simulate(window, { tripMs: 0.3, checksPerMs: 80, forMs: 1_000 });
    expect(window.size).toBe(WINDOW);
  });

  it('shrinks until a slow server has no standing queue, so that calls come back long before their deadline', () => {
    const window = new WireWindow();
    simulate(window, { tripMs: 0.3, checksPerMs: 80, forMs: 500 });
    simulate(window, { tripMs: 0.3, checksPerMs: 2, forMs: 2_000, from: 600 });
    expect(window.size / 2).toBeLessThan(30);
    expect(window.size).toBeGreaterThanOrEqual(MIN_WINDOW);
  });

  it('grows again when the server is as fast as before', () => {
    const window = new WireWindow();
    simulate(window, { tripMs: 0.3, checksPerMs: 80, forMs: 500 });
    simulate(window, { tripMs: 0.3, checksPerMs: 2, forMs: 2_000, from: 600 });
    simulate(window, { tripMs: 0.3, checksPerMs: 80, forMs: 2_000, from: 3_000 });
    expect(window.size).toBe(WINDOW);
  });

  it('keeps a distant server busy: the longer the trip, the more are under way', () => {
    const window = new WireWindow();
    simulate(window, { tripMs: 30, checksPerMs: 80, forMs: 5_000 });
    expect(window.size).toBeGreaterThan(2 * WINDOW);
    expect(window.size).toBeLessThanOrEqual(MAX_WINDOW);
  });

  it('counts what is under way until it is answered or has failed', () => {
    const window = new WireWindow();
    window.sent(32);
    window.sent(16);
    window.failed(16);
    window.answered(32, { sentAt: 0, receivedAt: 1, delayMs: 0.5 });
    expect(window.inFlight).toBe(0);
  });
});
