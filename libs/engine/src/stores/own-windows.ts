import type { LimitSpec, WindowIndex } from './counter-ref.js';
import { resetsAtOf, startsAtOf } from './window-index.js';

/**
 * Windows that begin by the subject's own zone or billing day. Of such a limit, a counter also keeps when its window ends. Until
 * then, and to the first boundary of the zone that is asked for after that, no other window opens: so no sequence of zones or
 * billing days opens more windows than one of them has.
 */
export interface OwnWindows {
  /** Under this name the counter keeps when its window ends: the limit's own with `!` at its end. */
  readonly endsField: string;
  /** Of the zone, which the counter keeps, too. */
  readonly zone: number;
}

/** The window of a limit that a counter keeps. */
export interface KeptWindow {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly zone: number;
}

/** The same where a store answers with it. */
export interface KeptLimit extends KeptWindow {
  /** Of the counter. */
  readonly key: string;
  readonly field: string;
}

/** The name under which a counter keeps when the window of a limit ends. */
export function endsFieldOf(field: string): string {
  return field.length === 1 ? `(${field}!)` : `${field.slice(0, -1)}!)`;
}

/** Whether a counter keeps its window, and not the one that is offered. */
export function isKept(
  limit: Pick<LimitSpec, 'bounds'>,
  windowIndex: WindowIndex,
  { kept, now }: { readonly kept: Pick<KeptWindow, 'startsAt' | 'endsAt'>; readonly now: number },
): boolean {
  const startsAt = startsAtOf(limit, windowIndex);
  if (kept.startsAt > now || startsAt >= kept.endsAt) return false;
  return startsAt !== kept.startsAt || resetsAtOf(limit, windowIndex) < kept.endsAt;
}

/** Neither of the offered windows holds the store's now. `kept`: windows that a counter keeps, to be offered instead. */
export interface WindowMismatch {
  readonly outcome: 'window-mismatch';
  readonly kept?: readonly KeptLimit[];
}
