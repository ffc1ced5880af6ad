import { UNITS_METER, type Limit, type LimitSource, type Rule } from '@sundial/contract';
import { UNLIMITED, type LimitSet, type LimitSpec, type WindowIndex } from '../stores/store.js';
import { WindowClock } from '../windows/window-clock.js';
import { fieldOf } from './limit-field.js';
import type { Window } from '../windows/window.js';

/** A limit of a rule in its windows at some instant: what stores are given, and what answers are made of. */
export interface PlannedLimit extends LimitSpec {
  readonly rule: Rule;
  readonly definition: Limit;
  /** What answers say: a store may be given a lower `max` to enforce. */
  readonly allowance: Allowance;
  readonly windows: Readonly<Record<WindowIndex, Window>>;
}

/** How many units a limit allows in its window, and what says so. */
export interface Allowance {
  /** Null: unlimited. */
  readonly max: number | null;
  readonly source: LimitSource;
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
  readonly #current = new WeakMap<Rule, CachedWindows>();
  /** Those that were asked for last of another time: after a window has ended, many are asked for what was before. */
  readonly #past = new WeakMap<Rule, CachedWindows>();

  at(rule: Rule, now: number): RuleWindows {
    return knownAt(this.#current, rule, now) ?? this.#compute(this.#current, rule, now);
  }

  /** The same of an instant that may be past: the current ones stay cached. */
  once(rule: Rule, at: number): RuleWindows {
    return (
      knownAt(this.#current, rule, at) ?? knownAt(this.#past, rule, at) ?? this.#compute(this.#past, rule, at)
    );
  }

  #compute(cache: WeakMap<Rule, CachedWindows>, rule: Rule, now: number): RuleWindows {
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
          limitable: rule.mode === 'enforce' && max === null,
          bounds: [current.startsAtMs, current.resetsAtMs, next.resetsAtMs],
          rule,
          definition,
          allowance: { max, source: 'rule' },
          windows: { current, next },
        };
      }),
    };
    const from = Math.max(...windows.limits.map(({ bounds }) => bounds[0]));
    const until = Math.min(...windows.limits.map(({ bounds }) => bounds[1]));
    cache.set(rule, { windows, from, until });
    return windows;
  }
}

interface CachedWindows {
  readonly windows: RuleWindows;
  readonly from: number;
  readonly until: number;
}

function knownAt(cache: WeakMap<Rule, CachedWindows>, rule: Rule, instant: number): RuleWindows | undefined {
  const cached = cache.get(rule);
  return cached !== undefined && instant >= cached.from && instant < cached.until
    ? cached.windows
    : undefined;
}
