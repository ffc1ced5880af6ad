import { describe, expect, it } from '@jest/globals';

import { windowAfter, windowAt } from './window-at.js';
import { WindowClock } from './window-clock.js';

const ZONE = 'Asia/Shanghai';
const NOON_MS = Date.parse('2026-11-22T12:00:00+08:00');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('WindowClock', () => {
  it('gives the window that holds the instant and the one after it', () => {
    const { current, next } = new WindowClock().windowsAt('day', ZONE, NOON_MS);
    expect(current).toEqual(windowAt('day', ZONE, NOON_MS));
    expect(next).toEqual(windowAfter(current));
  });

  it('gives the same object from the first millisecond of a window to the last', () => {
    const clock = new WindowClock();
    const pair = clock.windowsAt('day', ZONE, NOON_MS);
    expect(clock.windowsAt('day', ZONE, pair.current.startsAtMs)).toBe(pair);
    expect(clock.windowsAt('day', ZONE, pair.current.resetsAtMs - 1)).toBe(pair);
    expect(clock.windowsAt('day', ZONE, pair.current.resetsAtMs - 0.5)).toBe(pair);
  });

  it('moves on to the next window, which is then the same object as before', () => {
    const clock = new WindowClock();
    const today = clock.windowsAt('day', ZONE, NOON_MS);
    const tomorrow = clock.windowsAt('day', ZONE, today.current.resetsAtMs);
    expect(tomorrow.current).toBe(today.next);
    expect(tomorrow.next).toEqual(windowAfter(today.next));
  });

  it.each([
    ['back over midnight', -13 * HOUR_MS],
    ['back by a year', -365 * DAY_MS],
    ['far ahead', 1_000 * DAY_MS],
  ])('follows an instant that jumps %s', (_, stepMs) => {
    const clock = new WindowClock();
    clock.windowsAt('day', ZONE, NOON_MS);
    expect(clock.windowsAt('day', ZONE, NOON_MS + stepMs).current).toEqual(
      windowAt('day', ZONE, NOON_MS + stepMs),
    );
    expect(clock.windowsAt('day', ZONE, NOON_MS).current).toEqual(windowAt('day', ZONE, NOON_MS));
  });

  it('keeps units and zones apart', () => {
    const clock = new WindowClock();
    const day = clock.windowsAt('day', ZONE, NOON_MS);
    const hour = clock.windowsAt('hour', ZONE, NOON_MS);
    const elsewhere = clock.windowsAt('day', 'America/New_York', NOON_MS);
    expect(hour.current.of).toBe('hour');
    expect(elsewhere.current.timeZone).toBe('America/New_York');
    expect(clock.windowsAt('day', ZONE, NOON_MS)).toBe(day);
    expect(clock.windowsAt('hour', ZONE, NOON_MS)).toBe(hour);
  });

  it('keeps windows of one unit apart, and takes two ways to write one window for one', () => {
    const clock = new WindowClock();
    const days = clock.windowsAt('day', ZONE, NOON_MS);
    const businessDays = clock.windowsAt({ unit: 'day', startsAt: '04:00' }, ZONE, NOON_MS);
    expect(businessDays.current.startsAtMs).toBe(days.current.startsAtMs + 4 * HOUR_MS);
    expect(clock.windowsAt({ unit: 'day', startsAt: '04:00' }, ZONE, NOON_MS)).toBe(businessDays);
    expect(clock.windowsAt({ unit: 'day', startsAt: '00:00' }, ZONE, NOON_MS)).toBe(days);
  });

  it('gives windows that never end once and for ever', () => {
    const clock = new WindowClock();
    const total = clock.windowsAt('total', ZONE, NOON_MS);
    expect(clock.windowsAt('total', ZONE, NOON_MS + 10_000 * DAY_MS)).toBe(total);
    expect(total.next).toBe(total.current);
  });

  it('forgets the zone it met first when it has met too many', () => {
    const clock = new WindowClock();
    const zones = Intl.supportedValuesOf('timeZone');
    const first = clock.windowsAt('day', zones[0]!, NOON_MS);
    const rest = zones.slice(1).map((zone) => clock.windowsAt('day', zone, NOON_MS));
    expect(clock.windowsAt('day', zones.at(-1)!, NOON_MS)).toBe(rest.at(-1));
    expect(clock.windowsAt('day', zones[0]!, NOON_MS)).not.toBe(first);
    expect(clock.windowsAt('day', zones[0]!, NOON_MS)).toEqual(first);
  });

  it('refuses what windowAt refuses, and keeps nothing of it', () => {
    const clock = new WindowClock();
    expect(() => clock.windowsAt('day', 'Asia/Atlantis', NOON_MS)).toThrow(RangeError);
    const pair = clock.windowsAt('day', ZONE, NOON_MS);
    expect(() => clock.windowsAt('day', ZONE, Number.NaN)).toThrow(RangeError);
    expect(clock.windowsAt('day', ZONE, NOON_MS)).toBe(pair);
  });
});
