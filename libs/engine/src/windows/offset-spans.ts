import { zonedAt } from './window-at.js';

/** A stretch of time in which a zone keeps one UTC offset: `[fromMs, untilMs)`, endless ends are infinite. */
export interface OffsetSpan {
  readonly offsetMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The stretch of now, the next ones that a look ahead meets, and one of the past. */
const SPANS_A_ZONE = 4;
const MAX_ZONES = 1_024;

/** By zone; the time zone library is asked once a stretch. */
const known = new Map<string, readonly OffsetSpan[]>();

/** The stretch that holds an instant. `timeZone` is a name that `canonicalTimeZone` gave. */
export function offsetSpanAt(timeZone: string, atMs: number): OffsetSpan {
  const spans = known.get(timeZone) ?? [];
  for (const span of spans) if (atMs >= span.fromMs && atMs < span.untilMs) return span;
  const span = spanHolding(timeZone, atMs);
  if (known.size >= MAX_ZONES) known.clear();
  known.set(timeZone, [span, ...spans.slice(0, SPANS_A_ZONE - 1)]);
  return span;
}

function spanHolding(timeZone: string, atMs: number): OffsetSpan {
  const at = zonedAt(timeZone, Math.floor(atMs));
  const previous = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  const next = at.getTimeZoneTransition('next');
  return {
    offsetMs: at.offsetNanoseconds / 1e6,
    fromMs: previous?.epochMilliseconds ?? -Infinity,
    untilMs: next?.epochMilliseconds ?? Infinity,
  };
}
