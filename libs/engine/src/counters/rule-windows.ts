import { UNITS_METER, type Limit, type Rule } from '@sundial/contract';
import { UNLIMITED, type LimitSet, type LimitSpec, type WindowIndex } from '../stores/counter-ref.js';
import { WindowClock } from '../windows/window-clock.js';
import { reportedFrom } from './share-of-max.js';
import { allowanceAt, type Allowance } from './allowance.js';
import { fieldOf } from './limit-field.js';
import { ownWindowsOf, windowOf, zoneOf } from './own-rule.js';
import type { Window } from '../windows/window.js';

/** A limit of a rule in its windows at some instant: what stores are given, and what answers are made of. */
export interface PlannedLimit extends LimitSpec {
  readonly rule: Rule;
  readonly definition: Limit;
  /** What answers say: a store may be given a lower `max` to enforce. */
  readonly allowance: Allowance;
  readonly windows: Readonly<Record<WindowIndex, Window>>;
}

/** A rule's limits in their windows at some instant. */
export interface RuleWindows {
  readonly rule: Rule;
  /** Of those who are in it; undefined: in none. */
  readonly tier?: string | undefined;
  readonly limits: LimitSet<PlannedLimit>;
}

/**
 * Computes each rule's windows once a window, and once a tier. While no window of a rule ends, and no schedule of it changes, the answer is
 * the same object, so that stores can keep what they derive from its limit set. Those of all tiers and schedules count in the same
 * fields.
 */
export class RuleWindowsCache {
  readonly #clock = new WindowClock();
  readonly #current = new CachedByRule();
  /** Those that were asked for last of another time: after a window has ended, many are asked for what was before. */
  readonly #past = new CachedByRule();

  at(rule: Rule, now: number, tier?: string): RuleWindows {
    return this.#current.at(rule, tier, now) ?? this.#compute(this.#current, { rule, tier }, now);
  }

  /** The same of an instant that may be past: the current ones stay cached. */
  once(rule: Rule, at: number, tier?: string): RuleWindows {
    return (
      this.#current.at(rule, tier, at) ??
      this.#past.at(rule, tier, at) ??
      this.#compute(this.#past, { rule, tier }, at)
    );
  }

  #compute(cache: CachedByRule, of: Pick<RuleWindows, 'rule' | 'tier'>, now: number): RuleWindows {
    const { rule, tier } = of;
    let [from, until] = [-Infinity, Infinity];
    const limits = rule.limits.map((definition): PlannedLimit => {
      const { meter, soft, thresholds } = definition;
      const { allowance, fromMs, untilMs } = allowanceAt(definition, { rule, tier, atMs: now });
      const { max } = allowance;
      const { current, next } = this.#clock.windowsAt(windowOf(definition, rule), zoneOf(rule), now);
      const own = ownWindowsOf(definition, rule);
      from = Math.max(from, current.startsAtMs, fromMs);
      until = Math.min(until, current.resetsAtMs, untilMs);
      return {
        field: fieldOf(definition),
        meter: meter === UNITS_METER ? undefined : meter,
        max: max ?? UNLIMITED,
        enforced: rule.mode === 'enforce' && max !== null && soft !== true,
        limitable: rule.mode === 'enforce' && max === null && soft !== true,
        bounds: [current.startsAtMs, current.resetsAtMs, next.resetsAtMs],
        rule,
        definition,
        allowance,
        windows: { current, next },
        ...(own && { own }),
        ...(thresholds && { reportFrom: reportedFrom(thresholds[0]!, max) }),
      };
    });
    const windows: RuleWindows = tier === undefined ? { rule, limits } : { rule, tier, limits };
    cache.set({ windows, from, until });
    return windows;
  }
}

interface CachedWindows {
  readonly windows: RuleWindows;
  readonly from: number;
  readonly until: number;
}

/** By rule: a book that is replaced takes its rules' entries with it. Of a rule with tiers, one each. */
class CachedByRule {
  readonly #plain = new WeakMap<Rule, CachedWindows>();
  readonly #tiered = new WeakMap<Rule, Map<string, CachedWindows>>();

  at(rule: Rule, tier: string | undefined, instant: number): RuleWindows | undefined {
    const cached = tier === undefined ? this.#plain.get(rule) : this.#tiered.get(rule)?.get(tier);
    return cached !== undefined && instant >= cached.from && instant < cached.until
      ? cached.windows
      : undefined;
  }

  set(cached: CachedWindows): void {
    const { rule, tier } = cached.windows;
    if (tier === undefined) {
      this.#plain.set(rule, cached);
      return;
    }
    const tiers = this.#tiered.get(rule);
    if (tiers === undefined) this.#tiered.set(rule, new Map([[tier, cached]]));
    else tiers.set(tier, cached);
  }
}
