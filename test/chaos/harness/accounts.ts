import type { Amounts, Decision, LimitState, Rule } from '@sundial/contract';
import { counterOf, nameOf, UNASKED, type Account } from './expected-counters.js';
import { byOperation, decisionOf, type Attempt } from './history.js';
import type { Asking } from './reservations/ending.js';
import { fateOf, type Fate } from './reservations/fate.js';
import type { Stay } from './reservations/stays.js';
import type { Operation } from './workload.js';

/**
 * Adds up what callers were answered.
 *
 * An operation counts, once and with its whole amount, if any answer to any attempt at it allowed it (I2, I13): in every
 * limit of the answer that allowed it first, so in day and hour or in neither (I3). One that was never allowed counts
 * nowhere (I8). A reservation counts what was committed of it, or what its expiry left; what was refunded counts no longer.
 * `isUncertain` names attempts whose node was killed before its journal can have been on the disk.
 */
export function accountsOf(
  { attempts, endings = [] }: { readonly attempts: readonly Attempt[]; readonly endings?: readonly Asking[] },
  rules: readonly Rule[],
  isUncertain: (attempt: Attempt) => boolean = () => false,
): Map<string, Account> {
  const accounts = new Map<string, Account>();
  const endingsOf = byOperation(endings);
  for (const [operationId, tries] of byOperation(attempts)) {
    const allowed = tries.filter((attempt) => decisionOf(attempt)?.allowed);
    const first =
      allowed.find((attempt) => !decisionOf(attempt)!.replayed) ?? allowed[0] ?? tries.find(isUncertain);
    const decision = first && decisionOf(first);
    if (!first || !decision) continue;
    const fate = fateOf(first.operation, allowed, endingsOf.get(operationId) ?? []);
    const certain = allowed.filter((attempt) => !isUncertain(attempt));
    const addition = {
      operation: first.operation,
      fate,
      ...certaintyOf(certain, tries.some(isUncertain), fate),
    };
    for (const limit of decision.limits) add(accounts, { ...addition, limit }, rules);
  }
  return accounts;
}

/** How its units are counted, and what the store certainly had of it, by the answers that allowed it for certain. */
function certaintyOf(
  certain: readonly Attempt[],
  someAreNot: boolean,
  fate: Fate,
): Pick<Addition, 'kind' | 'stays'> {
  const isCertain = certain.length > 0 || fate.isEndedByTheStore || !someAreNot;
  if (!isCertain) return { kind: 'uncertain', stays: [] };
  const isExact = certain.length > 0 && wasExact(certain.map((attempt) => decisionOf(attempt)!));
  return {
    kind: isExact && !fate.isEndedWithoutStore ? 'exact' : 'byPolicy',
    stays: isExact ? staysFrom(exactFrom(certain), fate) : [],
  };
}

/** The store itself found room, by the answers that allowed an operation; a repetition may repeat a policy's answer. */
function wasExact(allowed: readonly Decision[]): boolean {
  const exact = allowed.filter(({ degraded }) => degraded === null);
  return exact.some(({ replayed }) => !replayed) || exact.length === allowed.length;
}

/** When the store's word was there. */
function exactFrom(certain: readonly Attempt[]): number {
  const exact = certain.filter((attempt) => decisionOf(attempt)!.degraded === null);
  return Math.min(...exact.map(({ endedAt }) => endedAt));
}

interface StayOfMeters extends Omit<Stay, 'units'> {
  readonly unitsOf: Amounts;
  readonly isHeld: boolean;
}

/** What the store had of an operation while it was held or counted, and what stayed. */
function staysFrom(from: number, { taken, added, stays, certainUntil, isHold }: Fate): StayOfMeters[] {
  return [
    { from, to: certainUntil, unitsOf: taken, isHeld: isHold },
    { from: Math.max(from, added.from), to: certainUntil, unitsOf: added.units, isHeld: isHold },
    { from: Math.max(from, certainUntil), to: Infinity, unitsOf: stays, isHeld: false },
  ];
}

interface Addition {
  readonly operation: Operation;
  readonly limit: LimitState;
  readonly fate: Fate;
  readonly kind: 'exact' | 'byPolicy' | 'uncertain';
  readonly stays: readonly StayOfMeters[];
}

function add(
  accounts: Map<string, Account>,
  { operation, limit, fate, kind, stays }: Addition,
  rules: readonly Rule[],
): void {
  const counter = counterOf(operation.subject, limit, rules);
  const name = nameOf(counter);
  const account = accounts.get(name) ?? {
    ...UNASKED,
    counter,
    max: limit.max ?? Infinity,
    enforced: limit.mode === 'enforce',
    degrade: rules.find(({ id }) => id === limit.rule)!.degrade,
    stays: [],
  };
  // What is held at once is never used.
  const isConcurrent = limit.window === 'concurrent';
  const unitsOf = (units: Amounts) => (isConcurrent ? 0 : (units[limit.meter] ?? 0));
  const [counted, marked] = [unitsOf(fate.counted), kind === 'uncertain' ? 0 : unitsOf(fate.marked)];
  const its = account.stays as Stay[];
  for (const { from, to, unitsOf: units, isHeld } of stays)
    if (isHeld || !isConcurrent) its.push({ from, to, units: units[limit.meter] ?? 0 });
  accounts.set(name, {
    ...account,
    [kind]: account[kind] + counted - marked,
    marked: account.marked + marked,
  });
}
