import type { DegradePolicy, LimitState, Rule, Subject, Usage } from '@sundial/contract';
import { excessOver, peakOf, type Stay } from './reservations/stays.js';

/** One limit of one subject in one window; or a pack: `rule` is then its id, which no rule has, and `resource` what it is for. */
export interface Counter {
  readonly rule: string;
  readonly resource?: string;
  /** The attributes its rule counts by. */
  readonly subject: Subject;
  /** Window and meter, as a word. */
  readonly limit: string;
  readonly startsAt: string | null;
}

/** What callers were answered about one counter. Units are those that are counted in the end: used, and not held. */
export interface Account {
  readonly counter: Counter;
  /** The most that it ever was. */
  readonly max: number;
  /** Where it changes: the most that it can have been. */
  readonly maxWithin?: (interval: { readonly from: number; readonly to: number }) => number;
  readonly enforced: boolean;
  readonly degrade: DegradePolicy;
  /** Units of operations that the store allowed. */
  readonly exact: number;
  /** Units of operations that only a policy allowed, or whose reservation was ended without the store. */
  readonly byPolicy: number;
  /** Units that an answer marks as perhaps above a max: overage, and what was committed late. */
  readonly marked: number;
  /** Units of operations whose node was killed before it can have journaled them: they count, or not. */
  readonly uncertain: number;
  /** What the store certainly had here because it allowed it, used or held, and when. */
  readonly stays: readonly Stay[];
}

/** How the store's counters differ from what callers were answered. */
export interface Difference {
  readonly account: Account;
  /** What the store says. */
  readonly used: number;
}

/** What the store says of a counter. */
export interface Stored {
  readonly counter: Counter;
  readonly used: number;
  readonly reserved: number;
}

export interface Verdict {
  readonly counters: number;
  /** Where more units were there at once, by the store's word, than the max of an enforced limit (I1). */
  readonly overAdmitted: readonly Account[];
  /** Counters whose used is not what was allowed (I2, I3, I8, I13). */
  readonly differences: readonly Difference[];
  /** Counters that still hold units, after every reservation has ended or expired (I15). */
  readonly leaked: readonly Stored[];
  /**
   * Units above the max of an enforced limit that nodes allowed by policy `local`, each by the usage it knew last. Of
   * policy `allow` nothing else is promised, so there they are no finding.
   */
  readonly unitsOverByLocal: number;
  readonly uncertainUnits: number;
}

/** Compares them with the store's counters, which must show every subject that was asked about. */
export function compare(
  accounts: ReadonlyMap<string, Account>,
  stored: ReadonlyMap<string, Stored>,
): Verdict {
  const all = [...accounts.values()];
  const enforced = all.filter((account) => account.enforced);
  const differences: Difference[] = [];
  for (const [name, { counter, used }] of stored) {
    const account = accounts.get(name) ?? { ...UNASKED, counter };
    const least = leastOf(account);
    if (used < least || used > least + account.uncertain) differences.push({ account, used });
  }
  return {
    counters: stored.size,
    overAdmitted: enforced.filter((account) => excessOf(account) > 0),
    differences,
    leaked: [...stored.values()].filter(({ reserved }) => reserved > 0),
    unitsOverByLocal: sum(
      enforced.filter(({ degrade }) => degrade !== 'allow'),
      ({ exact, byPolicy, max }) => Math.max(0, exact + byPolicy - Math.max(max, exact)),
    ),
    uncertainUnits: sum(all, ({ uncertain }) => uncertain),
  };
}

/** What the units of a counter are. */
export function meterOf({ limit }: Counter): string {
  return limit.slice(limit.lastIndexOf(' ') + 1);
}

/** Units that were there at once by the store's word, beyond the max; negative while there was room. */
export function excessOf({ stays, max, maxWithin }: Account): number {
  return maxWithin ? excessOver(stays, maxWithin) : peakOf(stays) - max;
}

/** The units by which a counter is wrong. */
export function errorOf({ account, used }: Difference): number {
  const least = leastOf(account);
  return used < least ? least - used : used - least - account.uncertain;
}

function leastOf({ exact, byPolicy, marked }: Account): number {
  return exact + byPolicy + marked;
}

/** What the store says of a subject, counter by counter. */
export function countersOf(
  { subject, limits }: Pick<Usage, 'subject' | 'limits'>,
  rules: readonly Rule[],
): ({ readonly name: string } & Stored)[] {
  return limits.map((limit) => {
    const counter = counterOf(subject, limit, rules);
    return { name: nameOf(counter), counter, used: limit.used, reserved: limit.reserved };
  });
}

export function nameOf({ rule, subject, limit, startsAt }: Counter): string {
  return `${rule} ${Object.values(subject).join(' ')} ${limit} ${startsAt}`;
}

export function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

/** What nothing was answered about. */
export const UNASKED = {
  ...{ max: Infinity, enforced: false, degrade: 'local' as DegradePolicy },
  ...{ exact: 0, byPolicy: 0, marked: 0, uncertain: 0, stays: [] as readonly Stay[] },
};

export function counterOf(
  subject: Subject,
  { rule, window, meter, startsAt }: LimitState,
  rules: readonly Rule[],
): Counter {
  const found = rules.find(({ id }) => id === rule);
  const per = found?.per ?? [];
  const counted = Object.fromEntries(per.map((attribute) => [attribute, subject[attribute]!]));
  const limit = `${typeof window === 'string' ? window : JSON.stringify(window)} ${meter}`;
  // What a change of the zone or the billing day begins, it begins in the window that is there.
  return { rule, subject: counted, limit, startsAt: hasOwnCalendar(found) ? null : startsAt };
}

/** Its windows are of the subject's own zone: none of them ends while histories are played. */
function hasOwnCalendar(rule: Rule | undefined): boolean {
  return typeof rule?.timeZone === 'object';
}
