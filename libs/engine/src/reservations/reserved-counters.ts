import type { Rule, Subject } from '@sundial/contract';
import { counterKey, type CountingRule } from '../counters/counter-key.js';
import { RuleWindowsCache, type PlannedLimit } from '../counters/rule-windows.js';
import type { CountedLimit } from '../decisions/counted-limit.js';
import { currentStates } from '../decisions/decision.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { HeldWindow } from '../stores/holds.js';
import type { CounterRef, LimitCount } from '../stores/store.js';

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

  /** By these alone the store finds what was taken from them. */
  places({ counters }: ReservedPlaces): readonly CounterRef<PlannedLimit>[] {
    return counters.map(({ key, shardGroup }) => ({ key, shardGroup, limits: NO_LIMITS }));
  }

  /** With the limits that count there now, in their windows at an instant; none where the rule is gone, or counts elsewhere. */
  at(reserved: ReservedPlaces, book: RuleBook, instant: number): readonly CounterRef<PlannedLimit>[] {
    return reserved.counters.map(({ rule: { id }, key, shardGroup }) => {
      const rule = ruleOf(book.byId(id), key, reserved.subject);
      const limits = rule === undefined ? NO_LIMITS : this.#windows.once(rule, instant).limits;
      return { key, shardGroup, limits };
    });
  }

  /** The states of windows, by the rules of now. A limit that no rule has any more is left out. */
  statesOf(
    reserved: ReservedPlaces,
    windows: readonly HeldWindow[],
    { book, now }: { readonly book: RuleBook; readonly now: number },
  ): CountedLimit[] {
    const counts: LimitCount<PlannedLimit>[] = [];
    for (const { counter, field, startsAt, used, reserved: held } of windows) {
      const place = reserved.counters.find(({ key }) => key === counter.key);
      const rule = place && ruleOf(book.byId(place.rule.id), place.key, reserved.subject);
      if (rule === undefined) continue;
      const { limits } = this.#windows.once(rule, startsAt === 0 ? now : startsAt);
      const limit = limits.find((each) => each.field === field && each.bounds[0] === startsAt);
      const { key, shardGroup } = place!;
      if (limit)
        counts.push({
          counter: { key, shardGroup, limits },
          limit,
          windowIndex: 'current',
          used,
          reserved: held,
        });
    }
    return currentStates(counts);
  }
}

/** The rule, while it still counts in this counter. */
function ruleOf(rule: Rule | undefined, key: string, subject: Subject): Rule | undefined {
  if (rule === undefined || rule.mode === 'off') return undefined;
  if (!rule.per.every((name) => Object.hasOwn(subject, name))) return undefined;
  return counterKey(rule, subject).key === key ? rule : undefined;
}
