import type { Rule, Subject } from '@sundial/contract';
import { counterKey, type CountingRule } from '../counters/counter-key.js';
import { isOwnRule, ruleForHolder, writtenRule } from '../counters/own-rule.js';
import type { KeptWindows } from '../decisions/kept-windows.js';
import { RuleWindowsCache, type PlannedLimit } from '../counters/rule-windows.js';
import { tierOf } from '../counters/tier-of.js';
import type { CountedLimit } from '../decisions/counted-limit.js';
import { currentStates } from '../decisions/decision.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { HeldWindow } from '../stores/holds.js';
import type { CounterRef, LimitCount, LimitSet } from '../stores/counter-ref.js';

/** What of a reservation's id names its counters. */
export interface ReservedPlaces {
  readonly subject: Subject;
  readonly counters: readonly {
    readonly rule: CountingRule;
    readonly key: string;
    readonly shardGroup: string;
  }[];
}

const NO_LIMITS: readonly PlannedLimit[] = [];

/** The counters of reservations, which live longer than the rules that they were decided by. */
export class ReservedCounters {
  readonly #windows = new RuleWindowsCache();
  readonly #kept: KeptWindows;

  constructor(kept: KeptWindows) {
    this.#kept = kept;
  }

  /** By these alone the store finds what was taken from them. */
  places({ counters }: ReservedPlaces): readonly CounterRef<PlannedLimit>[] {
    return counters.map(({ key, shardGroup }) => ({ key, shardGroup, limits: NO_LIMITS }));
  }

  /** With the limits that count there now, in the tier of its subject, in their windows at an instant; none where the rule is gone, or counts elsewhere. */
  at(reserved: ReservedPlaces, book: RuleBook, instant: number): readonly CounterRef<PlannedLimit>[] {
    return reserved.counters.map(({ rule: named, key, shardGroup }) => {
      const rule = ruleOf(book.byId(named.id), { named, key }, reserved.subject);
      if (rule === undefined) return { key, shardGroup, limits: NO_LIMITS };
      const { limits } = this.#windows.once(rule, instant, tierOf(rule, reserved.subject));
      const counter = { key, shardGroup, limits };
      return isOwnRule(writtenRule(rule)) ? this.#kept.counterAt(counter, instant) : counter;
    });
  }

  /** The states of windows, by the rules of now. A limit that no rule has any more is left out. */
  statesOf(
    reserved: ReservedPlaces,
    windows: readonly HeldWindow[],
    { book, now }: { readonly book: RuleBook; readonly now: number },
  ): CountedLimit[] {
    const counts: LimitCount<PlannedLimit>[] = [];
    for (const { rule: named, key, shardGroup } of reserved.counters) {
      const its = windows.filter(({ counter }) => counter.key === key);
      const rule = its.length > 0 && ruleOf(book.byId(named.id), { named, key }, reserved.subject);
      if (!rule) continue;
      const tier = tierOf(rule, reserved.subject);
      for (const { field, startsAt, used, reserved: held } of its) {
        const window = { field, startsAt };
        const found =
          this.#limitOf(rule, tier, { ...window, now }) ??
          this.#keptLimitOf(rule, window, { key, shardGroup });
        if (found === undefined) continue;
        const { limit, limits } = found;
        const counter = { key, shardGroup, limits };
        counts.push({ counter, limit, windowIndex: 'current', used, reserved: held });
      }
    }
    return currentStates(counts);
  }

  /** A limit in the window that begins at an instant: nearly always that of now, which need not be computed again. */
  #limitOf(
    rule: Rule,
    tier: string | undefined,
    { field, startsAt, now }: Pick<HeldWindow, 'field' | 'startsAt'> & { readonly now: number },
  ): { readonly limit: PlannedLimit; readonly limits: LimitSet<PlannedLimit> } | undefined {
    const isIt = (each: PlannedLimit) => each.field === field && each.bounds[0] === startsAt;
    const current = this.#windows.at(rule, now, tier).limits;
    const known = current.find(isIt);
    if (known) return { limit: known, limits: current };
    const { limits } = this.#windows.once(rule, startsAt, tier);
    const limit = limits.find(isIt);
    return limit && { limit, limits };
  }

  /** The same of a window that began in another zone or on another billing day than the subject's own. */
  #keptLimitOf(
    rule: Rule,
    { field, startsAt }: Pick<HeldWindow, 'field' | 'startsAt'>,
    place: Pick<CounterRef, 'key' | 'shardGroup'>,
  ): { readonly limit: PlannedLimit; readonly limits: LimitSet<PlannedLimit> } | undefined {
    if (!isOwnRule(writtenRule(rule))) return undefined;
    const { limits } = this.#kept.counterAt(
      { ...place, limits: this.#windows.once(rule, startsAt).limits },
      startsAt,
    );
    const limit = limits.find((each) => each.field === field && each.bounds[0] === startsAt);
    return limit && { limit, limits };
  }
}

/**
 * For this subject, while it still counts in this counter: as the rule that it was decided by does, while that is in force; else
 * its key says so.
 */
function ruleOf(
  rule: Rule | undefined,
  { named, key }: { readonly named: CountingRule; readonly key: string },
  subject: Subject,
): Rule | undefined {
  if (rule === undefined || rule.mode === 'off') return undefined;
  if (rule === named) return ruleForHolder(rule, subject);
  if (!rule.per.every((name) => Object.hasOwn(subject, name))) return undefined;
  return counterKey(rule, subject).key === key ? ruleForHolder(rule, subject) : undefined;
}
