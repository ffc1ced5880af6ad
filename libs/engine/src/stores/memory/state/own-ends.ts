import { endsFieldOf, isKept, type KeptLimit, type KeptWindow } from '../../own-windows.js';
import type { CounterRef, LimitSpec, WindowIndex } from '../../counter-ref.js';
import { resetsAtOf, startsAtOf } from '../../window-index.js';
import type { LimitState, Windows } from './counter-records.js';
import type { CounterTable } from './counter-table.js';

/** Where a window opens that begins by the subject's own zone or billing day: keeps when it ends, as a limit of its own. */
export function putOwnEnd(
  counters: CounterTable,
  ref: CounterRef,
  windows: Windows,
  windowIndex: WindowIndex,
): void {
  const { field, own } = windows;
  const startsAt = startsAtOf(windows, windowIndex);
  if (own === undefined || counters.window(ref, field)?.startsAt === startsAt) return;
  const endsAt = resetsAtOf(windows, windowIndex);
  // It may be in force up to a window longer, and then is still to be known.
  const until = 2 * endsAt - startsAt;
  counters.put(
    counters.open(ref),
    { field: own.endsField, bounds: [endsAt, until, until] },
    'current',
    own.zone,
  );
}

/** The window that a counter keeps instead of the one that is offered; undefined where it keeps none. */
export function keptInstead(
  counters: CounterTable,
  ref: CounterRef,
  {
    limit,
    windowIndex,
    now,
  }: { readonly limit: LimitSpec; readonly windowIndex: WindowIndex; readonly now: number },
): KeptLimit | undefined {
  const kept = ownWindow(counters, ref, limit.field);
  if (kept === undefined || !isKept(limit, windowIndex, { kept, now })) return undefined;
  const { startsAt, endsAt, zone } = kept;
  return { key: ref.key, field: limit.field, startsAt, endsAt, zone };
}

/**
 * The window that a settlement changes, and what the counter's is: of a limit with own windows the one that the counter is in, where
 * that shares an instant with the one that the operation was decided in.
 */
export function settledWindow(
  counters: CounterTable,
  ref: CounterRef,
  limit: LimitSpec,
  windowIndex: WindowIndex,
): { readonly window: LimitState | undefined; readonly windows: Windows; readonly windowIndex: WindowIndex } {
  const own = limit.own && ownWindow(counters, ref, limit.field);
  const resetsAt = resetsAtOf(limit, windowIndex);
  if (!own || own.startsAt >= resetsAt || startsAtOf(limit, windowIndex) >= own.endsAt)
    return { window: counters.window(ref, limit.field), windows: limit, windowIndex };
  const end = Math.max(own.endsAt, resetsAt);
  const windows: Windows = { field: limit.field, bounds: [own.startsAt, end, end] };
  return { window: own.window, windows, windowIndex: 'current' };
}

/** From where `settledWindow` finds the own window that an operation was counted in at an instant, though neither of the two offered holds that. */
export function ownIndexAt(
  counters: CounterTable,
  ref: CounterRef,
  limit: LimitSpec,
  at: number,
): WindowIndex | undefined {
  const own = limit.own && ownWindow(counters, ref, limit.field);
  return own && at >= own.startsAt ? 'current' : undefined;
}

function ownWindow(
  counters: CounterTable,
  ref: CounterRef,
  field: string,
): (KeptWindow & { readonly window: LimitState }) | undefined {
  const window = counters.window(ref, field);
  const ends = window && counters.window(ref, endsFieldOf(field));
  return ends && { startsAt: window.startsAt, endsAt: ends.startsAt, zone: ends.used, window };
}
