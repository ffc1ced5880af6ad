import {
  UNITS_METER,
  type Decision,
  type DegradePolicy,
  type LimitState,
  type Rule,
  type Subject,
  type Usage,
} from '@sundial/contract';
import type { Operation } from './workload.js';
import type { Attempt } from './history.js';

/** One limit of one subject in one window. */
export interface Counter {
  readonly rule: string;
  /** The attributes its rule counts by. */
  readonly subject: Subject;
  /** Window and meter, as a word. */
  readonly limit: string;
  readonly startsAt: string | null;
}

/** What callers were answered about one counter. */
export interface Account {
  readonly counter: Counter;
  readonly max: number;
  readonly enforced: boolean;
  readonly degrade: DegradePolicy;
  /** Units of operations that the store allowed. */
  readonly exact: number;
  /** Units of operations that only a policy allowed. */
  readonly byPolicy: number;
  /** Units of operations whose node was killed before it can have journaled them: they count, or not. */
  readonly uncertain: number;
}

/** How the store's counters differ from what callers were answered. */
export interface Difference {
  readonly account: Account;
  /** What the store says. */
  readonly used: number;
}

export interface Verdict {
  readonly counters: number;
  /** Units that were allowed exactly, beyond the max of an enforced limit (I1). */
  readonly overAdmitted: readonly Account[];
  /** Counters whose used is not what was allowed (I2, I3, I8, I13). */
  readonly differences: readonly Difference[];
  /**
   * Units above the max of an enforced limit that nodes allowed by policy `local`, each by the usage it knew last. Of
   * policy `allow` nothing else is promised, so there they are no finding.
   */
  readonly unitsOverByLocal: number;
  readonly uncertainUnits: number;
}

/**
 * Adds up what callers were answered.
 *
 * An operation counts, once and with its whole amount, if any answer to any attempt at it allowed it (I2, I13): in every
 * limit of the answer that allowed it first, so in day and hour or in neither (I3). One that was never allowed counts
 * nowhere (I8). `isUncertain` names attempts whose node was killed before its journal can have been on the disk.
 */
export function accountsOf(
  attempts: readonly Attempt[],
  rules: readonly Rule[],
  isUncertain: (attempt: Attempt) => boolean = () => false,
): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const tries of byOperation(attempts).values()) {
    const allowed = tries.filter((attempt) => decisionOf(attempt)?.allowed);
    const certain = allowed.filter((attempt) => !isUncertain(attempt));
    const first =
      allowed.find((attempt) => !decisionOf(attempt)!.replayed) ?? allowed[0] ?? tries.find(isUncertain);
    const decision = first && decisionOf(first);
    if (!first || !decision) continue;
    const isCertain = certain.length > 0 || !tries.some(isUncertain);
    const isExact = wasExact(certain.map((attempt) => decisionOf(attempt)!));
    const kind = !isCertain ? 'uncertain' : isExact ? 'exact' : 'byPolicy';
    for (const limit of decision.limits) add(accounts, first.operation, limit, rules, kind);
  }
  return accounts;
}

/** Compares them with the store's counters, which must show every subject that was asked about. */
export function compare(
  accounts: ReadonlyMap<string, Account>,
  stored: ReadonlyMap<string, { readonly counter: Counter; readonly used: number }>,
): Verdict {
  const all = [...accounts.values()];
  const enforced = all.filter((account) => account.enforced);
  const differences: Difference[] = [];
  for (const [name, { counter, used }] of stored) {
    const account = accounts.get(name) ?? { ...UNASKED, counter };
    const least = account.exact + account.byPolicy;
    if (used < least || used > least + account.uncertain) differences.push({ account, used });
  }
  return {
    counters: stored.size,
    overAdmitted: enforced.filter(({ exact, max }) => exact > max),
    differences,
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

/** Units that the store allowed beyond the max; negative while there is room. */
export function excessOf({ exact, max }: Account): number {
  return exact - max;
}

/** The units by which a counter is wrong. */
export function errorOf({ account, used }: Difference): number {
  const least = account.exact + account.byPolicy;
  return used < least ? least - used : used - least - account.uncertain;
}

/** What the store says of a subject, counter by counter. */
export function countersOf(
  { subject, limits }: Pick<Usage, 'subject' | 'limits'>,
  rules: readonly Rule[],
): { name: string; counter: Counter; used: number }[] {
  return limits.map((limit) => {
    const counter = counterOf(subject, limit, rules);
    return { name: nameOf(counter), counter, used: limit.used };
  });
}

export function nameOf({ rule, subject, limit, startsAt }: Counter): string {
  return `${rule} ${Object.values(subject).join(' ')} ${limit} ${startsAt}`;
}

export function byOperation(attempts: readonly Attempt[]): Map<string, Attempt[]> {
  const operations = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const { operationId } = attempt.operation;
    const tries = operations.get(operationId);
    if (tries) tries.push(attempt);
    else operations.set(operationId, [attempt]);
  }
  return operations;
}

export function decisionOf({ answer }: Attempt): Decision | undefined {
  return answer.kind === 'decided' ? answer.decision : undefined;
}

/** The store itself found room, by the answers that allowed an operation; a repetition may repeat a policy's answer. */
function wasExact(allowed: readonly Decision[]): boolean {
  const exact = allowed.filter(({ degraded }) => degraded === null);
  return exact.some(({ replayed }) => !replayed) || exact.length === allowed.length;
}

export function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

const UNASKED = {
  max: Infinity,
  enforced: false,
  degrade: 'local' as DegradePolicy,
  exact: 0,
  byPolicy: 0,
  uncertain: 0,
};

function add(
  accounts: Map<string, Account>,
  operation: Operation,
  limit: LimitState,
  rules: readonly Rule[],
  kind: 'exact' | 'byPolicy' | 'uncertain',
): void {
  const counter = counterOf(operation.subject, limit, rules);
  const name = nameOf(counter);
  const account = accounts.get(name) ?? {
    ...UNASKED,
    counter,
    max: limit.max ?? Infinity,
    enforced: limit.mode === 'enforce',
    degrade: rules.find(({ id }) => id === limit.rule)!.degrade,
  };
  accounts.set(name, { ...account, [kind]: account[kind] + unitsOf(operation, limit) });
}

/** What an operation takes of a limit. */
function unitsOf({ amount, amounts = {} }: Operation, { meter }: LimitState): number {
  return meter === UNITS_METER ? amount : (amounts[meter] ?? 0);
}

function counterOf(
  subject: Subject,
  { rule, window, meter, startsAt }: LimitState,
  rules: readonly Rule[],
): Counter {
  const per = rules.find(({ id }) => id === rule)?.per ?? [];
  const counted = Object.fromEntries(per.map((attribute) => [attribute, subject[attribute]!]));
  const limit = `${typeof window === 'string' ? window : JSON.stringify(window)} ${meter}`;
  return { rule, subject: counted, limit, startsAt };
}
