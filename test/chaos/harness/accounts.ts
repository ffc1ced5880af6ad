import type { Amounts, LimitState, ReservationPack, Rule } from '@sundial/contract';
import type { Written } from './admin/admin-write.js';
import { Maxes } from './admin/maxes.js';
import { packCounter, packsAddedBy, type AddedPack } from './admin/pack-counters.js';
import { counterOf, nameOf, UNASKED, type Account } from './expected-counters.js';
import { byOperation, decisionOf, type Attempt, type Loss } from './history.js';
import type { Asking } from './reservations/ending.js';
import { fateOf, type Fate } from './reservations/fate.js';
import type { Stay } from './reservations/stays.js';
import type { Operation } from './workload.js';

/** What callers and operators were answered. */
export interface Heard {
  readonly attempts: readonly Attempt[];
  readonly endings?: readonly Asking[];
  readonly writes?: readonly Written[];
  /** What the store has lost is replayed, but for packs and overrides. */
  readonly loss?: Loss | undefined;
}

export interface AccountsOptions {
  /** Attempts whose node was killed before its journal can have been on the disk. */
  readonly isUncertain?: ((attempt: Attempt) => boolean) | undefined;
  /** Then what packs give is counted by limits whose counters are on other shards. */
  readonly isSharded?: boolean;
}

/**
 * Adds up what callers were answered.
 *
 * An operation counts, once and with its whole amount, if any answer to any attempt at it allowed it (I2, I13): in every
 * limit of the answer that allowed it first, so in day and hour or in neither (I3). One that was never allowed counts
 * nowhere (I8). A reservation counts what was committed of it, or what its expiry left; what was refunded counts no longer.
 * What packs gave is taken from them, and counts in no window of their shard.
 */
export function accountsOf(
  { attempts, endings = [], writes = [], loss }: Heard,
  rules: readonly Rule[],
  { isUncertain = () => false, isSharded = false }: AccountsOptions = {},
): Map<string, Account> {
  const accounts = new Map<string, Account>();
  const added = packsAddedBy(writes, loss);
  const parties = { accounts, rules, isSharded, maxes: new Maxes(writes, loss), added };
  for (const pack of parties.added) accounts.set(...accountOfPack(pack));
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
      askedAt: first.sentAt,
      ...certaintyOf({ certain, allowed, tries, someAreNot: tries.some(isUncertain), fate }),
    };
    for (const limit of decision.limits) addToLimit(parties, { ...addition, limit });
    addToPacks(parties, addition);
  }
  return accounts;
}

/** How its units are counted, and what the store certainly had of it, by the answers that allowed it for certain. */
function certaintyOf({
  certain,
  allowed,
  tries,
  someAreNot,
  fate,
}: {
  readonly certain: readonly Attempt[];
  readonly allowed: readonly Attempt[];
  readonly tries: readonly Attempt[];
  readonly someAreNot: boolean;
  readonly fate: Fate;
}): Pick<Addition, 'kind' | 'stays'> {
  const isCertain = certain.length > 0 || fate.isEndedByTheStore || !someAreNot;
  if (!isCertain) return { kind: 'uncertain', stays: [] };
  const isExact = certain.length > 0 && wasExact(allowed, tries);
  return {
    kind: isExact && !fate.isEndedWithoutStore ? 'exact' : 'byPolicy',
    stays: isExact ? staysFrom({ from: exactFrom(certain), askedAt: firstSentAt(tries) }, fate) : [],
  };
}

/**
 * The store itself found room, by the answers that allowed an operation; a repetition may repeat a policy's answer, also one that its
 * caller has not heard, since the node was killed when it had journaled it.
 */
function wasExact(allowed: readonly Attempt[], tries: readonly Attempt[]): boolean {
  const exact = allowed.map((attempt) => decisionOf(attempt)!).filter(({ degraded }) => degraded === null);
  const areAllHeard = tries.every(({ answer }) => answer.kind !== 'unanswered');
  return exact.some(({ replayed }) => !replayed) || (exact.length === allowed.length && areAllHeard);
}

/** When the store's word was there. */
function exactFrom(certain: readonly Attempt[]): number {
  const exact = certain.filter((attempt) => decisionOf(attempt)!.degraded === null);
  return Math.min(...exact.map(({ endedAt }) => endedAt));
}

/** One that was not answered may be what the store has counted. */
function firstSentAt(tries: readonly Attempt[]): number {
  return Math.min(...tries.map(({ sentAt }) => sentAt));
}

interface StayOfMeters extends Omit<Stay, 'units'> {
  readonly unitsOf: Amounts;
  readonly isHeld: boolean;
  /** What packs gave of it. */
  readonly parts: readonly ReservationPack[];
}

/** What a commit took beyond what was held is there when it is answered, and not when it is asked for. */
function asHeld(
  counted: readonly ReservationPack[],
  held: readonly ReservationPack[],
): readonly ReservationPack[] {
  return counted.flatMap((part) => {
    const before = held.find(({ id }) => id === part.id)?.taken ?? 0;
    return before === 0 ? [] : [{ ...part, taken: Math.min(part.taken, before) }];
  });
}

/** What the store had of an operation while it was held or counted, and what stayed. */
function staysFrom(
  { from, askedAt }: { readonly from: number; readonly askedAt: number },
  { taken, added, stays, certainUntil, isHold, packs }: Fate,
): StayOfMeters[] {
  const held = { askedAt, to: certainUntil, isHeld: isHold };
  const more = without(packs.extended, packs.taken);
  return [
    { ...held, from, unitsOf: taken, parts: packs.taken },
    { ...held, from: Math.max(from, added.from), unitsOf: added.units, parts: more },
    {
      ...{ askedAt, from: Math.max(from, certainUntil), to: Infinity, isHeld: false },
      ...{ unitsOf: stays, parts: asHeld(packs.counted, packs.extended) },
    },
  ];
}

function without(
  parts: readonly ReservationPack[],
  others: readonly ReservationPack[],
): readonly ReservationPack[] {
  const before = (id: string) => others.find((part) => part.id === id)?.taken ?? 0;
  return parts.map(({ id, meter, taken }) => ({ id, meter, taken: Math.max(0, taken - before(id)) }));
}

/** What accounts are of. */
interface Parties {
  readonly accounts: Map<string, Account>;
  readonly rules: readonly Rule[];
  readonly maxes: Maxes;
  readonly added: readonly AddedPack[];
  readonly isSharded: boolean;
}

interface Addition {
  readonly operation: Operation;
  /** When it was first asked for, of the attempts that were allowed. */
  readonly askedAt: number;
  readonly fate: Fate;
  readonly kind: 'exact' | 'byPolicy' | 'uncertain';
  readonly stays: readonly StayOfMeters[];
}

function addToLimit(
  { accounts, rules, maxes, isSharded }: Parties,
  { operation, limit, fate, kind, stays }: Addition & { readonly limit: LimitState },
): void {
  const counter = counterOf(operation.subject, limit, rules);
  const name = nameOf(counter);
  const rule = rules.find(({ id }) => id === limit.rule)!;
  // What is held at once is never used, and packs never stand in for it.
  const isConcurrent = limit.window === 'concurrent';
  const isBesidePacks = !isConcurrent && (!isSharded || standsInFor(rule));
  const inWindow = (units: Amounts, parts: readonly ReservationPack[]) =>
    Math.max(0, (units[limit.meter] ?? 0) - (isBesidePacks ? unitsOf(parts, limit.meter) : 0));
  const own = { rule, subject: counter.subject, limit };
  const ever = maxes.within(own, { from: -Infinity, to: Infinity });
  const account = accounts.get(name) ?? {
    ...UNASKED,
    counter,
    max: ever.length > 1 ? Math.max(...ever) : (limit.max ?? Infinity),
    ...(ever.length > 1 && {
      maxWithin: (interval: { readonly from: number; readonly to: number }) =>
        Math.max(...maxes.within(own, interval)),
    }),
    enforced: limit.mode === 'enforce',
    degrade: rule.degrade,
    stays: [],
  };
  const counted = isConcurrent ? 0 : inWindow(fate.counted, fate.packs.counted);
  const marked = isConcurrent || kind === 'uncertain' ? 0 : Math.min(counted, fate.marked[limit.meter] ?? 0);
  const its = account.stays as Stay[];
  for (const { unitsOf: units, parts, isHeld, ...when } of stays)
    if (isHeld || !isConcurrent) its.push({ ...when, units: inWindow(units, parts) });
  accounts.set(name, {
    ...account,
    [kind]: account[kind] + counted - marked,
    marked: account.marked + marked,
  });
}

/** Operators give packs to users. */
function standsInFor({ per }: Rule): boolean {
  return per.join() === 'user';
}

function unitsOf(parts: readonly ReservationPack[], meter: string): number {
  return parts.reduce((sum, part) => (part.meter === meter ? sum + part.taken : sum), 0);
}

function accountOfPack(pack: AddedPack): [string, Account] {
  const counter = packCounter(pack, pack);
  return [nameOf(counter), { ...UNASKED, counter, max: pack.amount, enforced: true, stays: [] }];
}

/** Packs give to what the store itself decides: no policy knows them. */
function addToPacks({ accounts, added }: Parties, { operation, askedAt, fate, stays }: Addition): void {
  const ids = new Set(
    Object.values(fate.packs).flatMap((parts: Fate['packs']['taken']) => parts.map(({ id }) => id)),
  );
  for (const id of ids) {
    const pack = added.find((one) => one.id === id);
    const { resource } = operation;
    const part = Object.values(fate.packs)
      .flat()
      .find((one: ReservationPack) => one.id === id)!;
    const place = pack ?? { resource, subject: { user: operation.subject['user']! } };
    const name = nameOf(packCounter(place, part));
    const account = accounts.get(name) ?? { ...UNASKED, counter: packCounter(place, part), stays: [] };
    const takenIn = (parts: readonly ReservationPack[]) => parts.find((one) => one.id === id)?.taken ?? 0;
    const its = account.stays as Stay[];
    if (askedAt < (pack?.addedAgainAt ?? -Infinity)) {
      // Of one that was added again, it has taken nothing, but may give back, or take what its commit draws.
      const units = Math.max(...Object.values(fate.packs).map(takenIn));
      const { exact, uncertain } = account;
      accounts.set(name, { ...account, exact: exact - units, uncertain: uncertain + 2 * units });
      continue;
    }
    for (const { parts, unitsOf: _, isHeld: __, ...when } of stays)
      its.push({ ...when, units: takenIn(parts) });
    accounts.set(name, { ...account, exact: account.exact + takenIn(fate.packs.counted) });
  }
}
