import type { WindowSpec, WindowUnit } from '@sundial/contract';
import type { Window } from './window.js';
import { windowAfter, windowAt } from './window-at.js';
import { windowText } from './window-text.js';

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
 * kept, each with one pair for every window; the zone that came first is forgotten first.
 */
export class WindowClock {
  readonly #zones = new Map<string, Map<string, WindowPair>>();

  /** Arguments and errors are those of `windowAt`. */
  windowsAt(of: WindowUnit | WindowSpec, timeZone: string, atMs: number): WindowPair {
    const text = windowText(of);
    const known = this.#zones.get(timeZone)?.get(text);
    if (known !== undefined && holds(known.current, atMs)) return known;
    const current =
      known !== undefined && holds(known.next, atMs) ? known.next : windowAt(of, timeZone, atMs);
    const pair = { current, next: windowAfter(current) };
    this.#zoneOf(timeZone).set(text, pair);
    return pair;
  }

  #zoneOf(timeZone: string): Map<string, WindowPair> {
    const known = this.#zones.get(timeZone);
    if (known !== undefined) return known;
    if (this.#zones.size >= ZONES_REMEMBERED) {
      const [first] = this.#zones.keys();
      this.#zones.delete(first!);
    }
    const zone = new Map<string, WindowPair>();
    this.#zones.set(timeZone, zone);
    return zone;
  }
}

function holds(window: Window, atMs: number): boolean {
  return atMs >= window.startsAtMs && atMs < window.resetsAtMs;
}
