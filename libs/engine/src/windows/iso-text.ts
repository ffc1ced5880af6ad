import { isoTextOf, zonedAt } from './window-at.js';

/** The last second that was written for a zone: instants of one time are mostly in one. */
interface WrittenSecond {
  readonly second: number;
  /** Up to its seconds, and from its offset on. Offsets change at whole seconds. */
  readonly head: string;
  readonly tail: string;
}

const LENGTH_TO_SECONDS = 'yyyy-mm-ddThh:mm:ss'.length;
/** By zone, of which there are some 600. */
const written = new Map<string, WrittenSecond>();

/** An instant as answers have it: with the offset that the zone has then. */
export function isoText(atMs: number, timeZone: string): string {
  const rounded = Math.round(atMs);
  const second = Math.floor(rounded / 1_000);
  let known = written.get(timeZone);
  if (known?.second !== second) {
    const text = isoTextOf(zonedAt(timeZone, second * 1_000));
    known = { second, head: text.slice(0, LENGTH_TO_SECONDS), tail: text.slice(LENGTH_TO_SECONDS) };
    written.set(timeZone, known);
  }
  return `${known.head}${fractionOf(rounded - second * 1_000)}${known.tail}`;
}

/** Without zeros at its end, as Temporal writes it. */
function fractionOf(ms: number): string {
  return ms === 0 ? '' : `.${String(ms).padStart(3, '0').replace(/0+$/, '')}`;
}
