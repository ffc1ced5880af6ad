import type { WindowUnit } from '@sundial/contract';
import type { Window } from './window.js';
import { windowAfter, windowAt } from './window-at.js';

/** The zones of one deployment are a handful; all that exist are some 600. */
const ZONES_REMEMBERED = 256;

/** The window that holds an instant, and the one after it, which a store with a faster clock may already be in. */
export interface WindowPair {
  readonly current: Window;
  readonly next: Window;
}

/**
 * Windows as a hot path wants them: computed once per window, then found by one look-up and two comparisons.
 *
 * While the instants asked for stay within one window the answer is the *same object*, so whatever is derived from it
 * can be kept by identity. Instants may go back, at the price of computing again. At most `ZONES_REMEMBERED` zones are
 * kept, each with one pair for every unit; the zone that came first is forgotten first.
 */
export class WindowClock {
  readonly #zones = new Map<string, Partial<Record<WindowUnit, WindowPair>>>();

  /** Arguments and errors are those of `windowAt`. */
  windowsAt(unit: WindowUnit, timeZone: string, atMs: number): WindowPair {
    const known = this.#zones.get(timeZone)?.[unit];
    if (known !== undefined && holds(known.current, atMs)) return known;
    const current =
      known !== undefined && holds(known.next, atMs) ? known.next : windowAt(unit, timeZone, atMs);
    const pair = { current, next: windowAfter(current) };
    this.#zoneOf(timeZone)[unit] = pair;
    return pair;
  }

  #zoneOf(timeZone: string): Partial<Record<WindowUnit, WindowPair>> {
    const known = this.#zones.get(timeZone);
    if (known !== undefined) return known;
    if (this.#zones.size >= ZONES_REMEMBERED) {
      const [first] = this.#zones.keys();
      this.#zones.delete(first!);
    }
    const zone = {};
    this.#zones.set(timeZone, zone);
    return zone;
  }
}

function holds(window: Window, atMs: number): boolean {
  return atMs >= window.startsAtMs && atMs < window.resetsAtMs;
}
