import type { Decision, DegradePolicy, LimitState, Rule, Subject, Usage } from '@sundial/contract';
import type { Operation } from './load.js';
import type { Telling } from './history.js';

/** One limit of one subject in one window. */
export interface Counter {
  readonly rule: string;
  /** The attributes its rule counts by. */
  readonly subject: Subject;
  readonly window: string;
  readonly startsAt: string;
}

/** What callers were told about one counter. */
export interface Account {
  readonly counter: Counter;
  readonly max: number;
  readonly enforced: boolean;
  readonly degrade: DegradePolicy;
  /** Units of operations that the store allowed. */
  readonly exact: number;
  /** Units of operations that only a policy allowed. */
  readonly byPolicy: number;
  /** Units of operations of which nobody can know whether they count. */
  readonly uncertain: number;
}

/** How the books differ from what callers were told. */
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
   * Units above the max of an enforced limit that nodes allowed by policy `local`, each by what it had heard last. Of
   * policy `allow` nothing else is promised, so there they are no finding.
   */
  readonly unitsOverByLocal: number;
  readonly uncertainUnits: number;
}

/**
 * Adds up what callers were told.
 *
 * An operation counts, once and with its whole amount, if any answer to any try of it allowed it (I2, I13): in every
 * limit of the answer that allowed it first, so in day and hour or in neither (I3). One that was never allowed counts
 * nowhere (I8). `isUncertain` names tries whose node was killed before its journal can have been on the disk.
 */
export function accountsOf(
  tellings: readonly Telling[],
  rules: readonly Rule[],
  isUncertain: (telling: Telling) => boolean = () => false,
): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const tries of byOperation(tellings).values()) {
    const allowed = tries.filter((telling) => decisionOf(telling)?.allowed);
    const certain = allowed.filter((telling) => !isUncertain(telling));
    const first =
      allowed.find((telling) => !decisionOf(telling)!.replayed) ?? allowed[0] ?? tries.find(isUncertain);
    const decision = first && decisionOf(first);
    if (!first || !decision) continue;
    const isCertain = certain.length > 0 || !tries.some(isUncertain);
    const isExact = wasExact(certain.map((telling) => decisionOf(telling)!));
    const kind = !isCertain ? 'uncertain' : isExact ? 'exact' : 'byPolicy';
    for (const limit of decision.limits) add(accounts, first.operation, limit, rules, kind);
  }
  return accounts;
}

/** Compares them with the books, which must show every subject that was asked about. */
export function compare(
  accounts: ReadonlyMap<string, Account>,
  books: ReadonlyMap<string, { readonly counter: Counter; readonly used: number }>,
): Verdict {
  const all = [...accounts.values()];
  const enforced = all.filter((account) => account.enforced);
  const differences: Difference[] = [];
  for (const [name, { counter, used }] of books) {
    const account = accounts.get(name) ?? { ...UNASKED, counter };
    const least = account.exact + account.byPolicy;
    if (used < least || used > least + account.uncertain) differences.push({ account, used });
  }
  return {
    counters: books.size,
    overAdmitted: enforced.filter(({ exact, max }) => exact > max),
    differences,
    unitsOverByLocal: sum(
      enforced.filter(({ degrade }) => degrade !== 'allow'),
      ({ exact, byPolicy, max }) => Math.max(0, exact + byPolicy - Math.max(max, exact)),
    ),
    uncertainUnits: sum(all, ({ uncertain }) => uncertain),
  };
}

/** The units by which books are wrong. */
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

export function nameOf({ rule, subject, window, startsAt }: Counter): string {
  return `${rule} ${Object.values(subject).join(' ')} ${window} ${startsAt}`;
}

export function byOperation(tellings: readonly Telling[]): Map<string, Telling[]> {
  const operations = new Map<string, Telling[]>();
  for (const telling of tellings) {
    const { operationId } = telling.operation;
    const tries = operations.get(operationId);
    if (tries) tries.push(telling);
    else operations.set(operationId, [telling]);
  }
  return operations;
}

export function decisionOf({ answer }: Telling): Decision | undefined {
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
  { subject, amount }: Operation,
  limit: LimitState,
  rules: readonly Rule[],
  kind: 'exact' | 'byPolicy' | 'uncertain',
): void {
  const counter = counterOf(subject, limit, rules);
  const name = nameOf(counter);
  const account = accounts.get(name) ?? {
    ...UNASKED,
    counter,
    max: limit.max,
    enforced: limit.mode === 'enforce',
    degrade: rules.find(({ id }) => id === limit.rule)!.degrade,
  };
  accounts.set(name, { ...account, [kind]: account[kind] + amount });
}

function counterOf(
  subject: Subject,
  { rule, window, startsAt }: LimitState,
  rules: readonly Rule[],
): Counter {
  const per = rules.find(({ id }) => id === rule)?.per ?? [];
  const counted = Object.fromEntries(per.map((attribute) => [attribute, subject[attribute]!]));
  return { rule, subject: counted, window, startsAt };
}
