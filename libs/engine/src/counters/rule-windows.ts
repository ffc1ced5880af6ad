import { UNITS_METER, type Limit, type Rule } from '@sundial/contract';
import { UNLIMITED, type LimitSet, type LimitSpec, type WindowIndex } from '../stores/store.js';
import { WindowClock } from '../windows/window-clock.js';
import { fieldOf } from './limit-field.js';
import type { Window } from '../windows/window.js';

/** A limit of a rule in its windows at some instant: what stores are given, and what answers are made of. */
export interface PlannedLimit extends LimitSpec {
  readonly rule: Rule;
  /** As the rule has it: a store may be given a lower `max` to enforce. */
  readonly definition: Limit;
  readonly windows: Readonly<Record<WindowIndex, Window>>;
}

/** A rule's limits in their windows at some instant. */
export interface RuleWindows {
  readonly rule: Rule;
  readonly limits: LimitSet<PlannedLimit>;
}

/**
 * Computes each rule's windows once a window. While no window of a rule ends, the answer is the same object,
 * so that stores can keep what they derive from its limit set.
 */
export class RuleWindowsCache {
  readonly #clock = new WindowClock();
  /** By rule: a book that is replaced takes its rules' entries with it. */
  readonly #cached = new WeakMap<Rule, CachedWindows>();

  at(rule: Rule, now: number): RuleWindows {
    const known = this.#knownAt(rule, now);
    if (known) return known;
    const computed = this.#compute(rule, now);
    this.#cached.set(rule, computed);
    return computed.windows;
  }

  /** The same of an instant that may be past, for one caller: the current ones stay cached. */
  once(rule: Rule, at: number): RuleWindows {
    return this.#knownAt(rule, at) ?? this.#compute(rule, at).windows;
  }

  #knownAt(rule: Rule, now: number): RuleWindows | undefined {
    const cached = this.#cached.get(rule);
    return cached !== undefined && now >= cached.from && now < cached.until ? cached.windows : undefined;
  }

  #compute(rule: Rule, now: number): CachedWindows {
    const windows: RuleWindows = {
      rule,
      limits: rule.limits.map((definition): PlannedLimit => {
        const { window, meter, max } = definition;
        const { current, next } = this.#clock.windowsAt(window, rule.timeZone, now);
        return {
          field: fieldOf(definition),
          meter: meter === UNITS_METER ? undefined : meter,
          max: max ?? UNLIMITED,
          enforced: rule.mode === 'enforce' && max !== null,
          bounds: [current.startsAtMs, current.resetsAtMs, next.resetsAtMs],
          rule,
          definition,
          windows: { current, next },
        };
      }),
    };
    const from = Math.max(...windows.limits.map(({ bounds }) => bounds[0]));
    const until = Math.min(...windows.limits.map(({ bounds }) => bounds[1]));
    return { windows, from, until };
  }
}

interface CachedWindows {
  readonly windows: RuleWindows;
  readonly from: number;
  readonly until: number;
}
