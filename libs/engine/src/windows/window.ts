import type { WindowSpec, WindowUnit } from '@sundial/contract';

/**
 * A concrete window `[startsAtMs, resetsAtMs)` of a unit in a zone. Its identity is its start instant. Both ends are also kept as ISO-8601 text with the zone's offset, so
 * that no request formats a date.
 */
export interface Window {
  /** As it was asked for. */
  readonly of: WindowUnit | WindowSpec;
  readonly timeZone: string;
  readonly startsAtMs: number;
  readonly resetsAtMs: number;
  /** Null where it has no end: `total`, `concurrent`. */
  readonly startsAt: string | null;
  readonly resetsAt: string | null;
}

/** When a window ends that has no end: the last instant that a `Date` can hold. */
export const NEVER = 8.64e15;

export function unitOf(window: WindowUnit | WindowSpec): WindowUnit {
  return typeof window === 'string' ? window : window.unit;
}
