import type { Rule, WindowUnit } from '../rules/rule.js';
import type { Ladder } from '../stores/store.js';
import { WindowClock, type WindowPair } from '../windows/window-clock.js';
import type { Window } from '../windows/window.js';

/** A rule's limits in their windows at some instant: what stores are given, and what answers are made of. */
export interface RuleWindows {
  readonly rule: Rule;
  readonly ladder: Ladder;
  /** The offered windows of each limit: `offered[limit][pick]`. */
  readonly offered: readonly (readonly [Window, Window])[];
}

/** Names of limits inside a counter: short, since every active subject's counter holds them. */
const FIELDS: Record<WindowUnit, string> = {
  minute: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
  month: 'M',
  year: 'y',
};

/** The unit of the windows that a limit of this name is counted in. */
export function windowOf(field: string): WindowUnit {
  return UNITS.get(field)!;
}

const UNITS = new Map(Object.entries(FIELDS).map(([unit, field]) => [field, unit as WindowUnit]));

/**
 * Computes each rule's windows once a window. While no window of a rule ends, the answer is the same object,
 * so that stores can keep what they derive from its ladder.
 */
export class RuleWindowsCache {
  readonly #clock = new WindowClock();
  /** By rule: a book that is replaced takes its rules' entries with it. */
  readonly #cached = new WeakMap<Rule, CachedWindows>();

  at(rule: Rule, now: number): RuleWindows {
    const cached = this.#cached.get(rule);
    if (cached !== undefined && now >= cached.from && now < cached.until) return cached.windows;
    return this.#compute(rule, now);
  }

  #compute(rule: Rule, now: number): RuleWindows {
    const pairs = rule.limits.map(({ window }) => this.#clock.windowsAt(window, rule.timeZone, now));
    const windows: RuleWindows = {
      rule,
      ladder: rule.limits.map(({ window, max }, index) => ({
        field: FIELDS[window],
        max,
        enforced: rule.mode === 'enforce',
        bounds: boundsOf(pairs[index]!),
      })),
      offered: pairs.map(({ current, next }) => [current, next]),
    };
    const from = Math.max(...pairs.map(({ current }) => current.startsAtMs));
    const until = Math.min(...pairs.map(({ current }) => current.resetsAtMs));
    this.#cached.set(rule, { windows, from, until });
    return windows;
  }
}

interface CachedWindows {
  readonly windows: RuleWindows;
  readonly from: number;
  readonly until: number;
}

function boundsOf({ current, next }: WindowPair): readonly [number, number, number] {
  return [current.startsAtMs, current.resetsAtMs, next.resetsAtMs];
}
