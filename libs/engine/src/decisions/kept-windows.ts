import { windowOf, zoneOf } from '../counters/own-rule.js';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { CountedLimit } from './counted-limit.js';
import type { CounterRef, LimitSet } from '../stores/counter-ref.js';
import { isKept, type KeptLimit, type KeptWindow } from '../stores/own-windows.js';
import { windowIndexAt } from '../stores/window-index.js';
import { isoText } from '../windows/iso-text.js';
import { zoneNumber, zoneNumbered } from '../windows/time-zone.js';
import { windowAfter, windowAt } from '../windows/window-at.js';
import type { Window } from '../windows/window.js';

/** Counters of which the windows are known; the one that was noted first is forgotten first, and the store says it again. */
const MAX_KNOWN = 20_000;

/**
 * What this node knows of the windows that counters keep although their subjects have another zone or billing day now. Plans are
 * made with them, so that all that follows from a plan (what is counted, answered, settled, decided without the store)
 * is in the windows that the store counts in. The store has the last word: where it keeps others, it says which.
 */
export class KeptWindows {
  readonly #known = new Map<string, Known>();

  note({ key, field, startsAt, endsAt, zone }: KeptLimit): void {
    let known = this.#known.get(key);
    if (known === undefined) {
      const [first] = this.#known.keys();
      if (this.#known.size >= MAX_KNOWN) this.#known.delete(first!);
      this.#known.set(key, (known = { limits: new Map(), planned: undefined }));
    }
    const before = known.limits.get(field);
    if (before?.startsAt === startsAt && before.endsAt === endsAt) return;
    known.limits.set(field, { startsAt, endsAt, zone });
    known.planned = undefined;
  }

  /** What was answered of these counters, all their limits in order: in the windows in which units were counted, or would be. */
  seen(counters: readonly CounterRef<PlannedLimit>[], states: readonly CountedLimit[]): void {
    let at = 0;
    for (const { key, limits } of counters)
      for (const { field, own } of limits) {
        const state = states[at++];
        if (state === undefined || own === undefined || state.used + state.reserved === 0) continue;
        const { startsAtMs: startsAt, resetsAtMs: endsAt, timeZone } = state;
        if (this.#known.get(key)?.limits.get(field)?.startsAt === startsAt) continue;
        this.note({ key, field, startsAt, endsAt, zone: zoneNumber(timeZone) });
      }
  }

  /** The counter with the windows that it keeps at an instant; itself where those are the offered ones, or none are known. */
  counterAt(counter: CounterRef<PlannedLimit>, at: number): CounterRef<PlannedLimit> {
    const known = this.#known.get(counter.key);
    if (known === undefined) return counter;
    let planned = known.planned;
    if (planned?.of !== counter.limits || at < planned.from || at >= planned.until)
      planned = known.planned = plannedAt(counter.limits, known.limits, at);
    return planned.limits === counter.limits
      ? counter
      : { ...counter, limits: planned.limits, place: undefined };
  }
}

interface Known {
  /** By field. */
  readonly limits: Map<string, KeptWindow>;
  /** What was planned last. */
  planned: Planned | undefined;
}

interface Planned {
  readonly of: LimitSet<PlannedLimit>;
  readonly limits: LimitSet<PlannedLimit>;
  readonly from: number;
  readonly until: number;
}

function plannedAt(of: LimitSet<PlannedLimit>, known: ReadonlyMap<string, KeptWindow>, at: number): Planned {
  const all = of.map((limit) => limitAt(limit, known.get(limit.field), at));
  const limits = all.some((limit, index) => limit !== of[index]) ? all : of;
  const from = Math.max(...limits.map(({ bounds }) => bounds[0]));
  const until = Math.min(...limits.map(({ bounds }) => bounds[1]));
  return { of, limits, from, until };
}

/** The limit in the window that is kept, up to the first boundary of its own zone at or after the end of that. */
function limitAt(limit: PlannedLimit, kept: KeptWindow | undefined, at: number): PlannedLimit {
  if (kept === undefined || limit.own === undefined) return limit;
  if (!isKept(limit, windowIndexAt(limit, at) ?? 'current', { kept, now: at })) return limit;
  const { definition, rule } = limit;
  const asked = zoneOf(rule);
  const after = windowAt(windowOf(definition, rule), asked, kept.endsAt);
  const next = after.startsAtMs === kept.endsAt ? after : windowAfter(after);
  const timeZone = zoneNumbered(kept.zone, asked);
  const current: Window = {
    of: after.of,
    timeZone,
    startsAtMs: kept.startsAt,
    resetsAtMs: next.startsAtMs,
    startsAt: isoText(kept.startsAt, timeZone),
    resetsAt: isoText(next.startsAtMs, timeZone),
  };
  return {
    ...limit,
    bounds: [kept.startsAt, next.startsAtMs, next.resetsAtMs],
    windows: { current, next },
  };
}
