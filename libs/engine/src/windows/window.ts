import type { WindowUnit } from '@sundial/contract';

/**
 * A concrete window `[startsAtMs, resetsAtMs)` of a unit in a zone, and the end of the window after it.
 * Its identity is its start instant. Both ends are also kept as ISO-8601 text with the zone's offset, so
 * that no request formats a date.
 */
export interface Window {
  readonly unit: WindowUnit;
  readonly timeZone: string;
  readonly startsAtMs: number;
  readonly resetsAtMs: number;
  readonly startsAt: string;
  readonly resetsAt: string;
}
