import {
  type CounterRef,
  type DecidedLimit,
  type LimitSet,
  type MeterAmounts,
  type SettledHold,
  shardGroupOf,
} from '@sundial/engine/ports';
import type { PendingSettlement } from '../outbox/pending-settlement.js';

/** What many settlements of one moment have in common. */
interface Shared {
  readonly intent: PendingSettlement['settlement']['intent'];
  /** Of each counter. */
  readonly limitSets: readonly LimitSet<DecidedLimit>[];
  readonly degraded: PendingSettlement['degraded'];
  readonly executionStatus: PendingSettlement['executionStatus'];
  readonly resource: string;
}

/** Which of the shared, id, attempt ('' where it is the id), content, amount, decided at, operations (0: not a sum), keys. */
type CompactSettlement = readonly [number, string, string, string, number, number, number, ...string[]];

/** Settlements without what they share: a fifth of what each costs alone, in time and in room. */
export interface CompactSettlements {
  readonly shared: readonly Shared[];
  readonly settlements: readonly CompactSettlement[];
  /** Of those that take of other meters than `units`, which one it is, and what. */
  readonly amounts?: readonly (readonly [number, MeterAmounts])[];
  /** Of those of reservations, which one it is, and what more is known of it. */
  readonly holds?: readonly (readonly [number, Held])[];
}

/** Of a reservation; what it has committed, or was extended to, where that is the settlement. */
interface Held extends SettledHold {
  readonly committed?: MeterAmounts;
  readonly extended?: MeterAmounts;
}

/** Whether a program that knew no reservations would misread it. */
export function hasReservations({ shared, holds }: CompactSettlements): boolean {
  return holds !== undefined || shared.some(({ intent }) => intent !== 'count' && intent !== 'void');
}

export function toCompact(all: readonly PendingSettlement[]): CompactSettlements {
  const shared: Shared[] = [];
  const firsts: PendingSettlement[] = [];
  let at = -1;
  const settlements = all.map((pending): CompactSettlement => {
    const { settlement, decidedAt, operations = 0 } = pending;
    const { operation, amount, counters } = settlement;
    if (!isAlike(firsts[at], pending)) at = firsts.findIndex((first) => isAlike(first, pending));
    if (at < 0) {
      at = firsts.push(pending) - 1;
      shared.push(sharedOf(pending));
    }
    const { id, attempt, content } = operation;
    const keys = counters.map(({ key }) => key);
    return [at, id, attempt === id ? '' : attempt, content, amount, decidedAt, operations, ...keys];
  });
  const amounts = all.flatMap(({ settlement }, index) =>
    settlement.amounts === undefined ? [] : [[index, settlement.amounts] as const],
  );
  const holds = all.flatMap(({ settlement: { hold, committed, extended } }, index) => {
    const named = { ...(committed && { committed }), ...(extended && { extended }) };
    return hold === undefined ? [] : [[index, { ...hold, ...named }] as const];
  });
  return {
    ...{ shared, settlements },
    ...(amounts.length > 0 && { amounts }),
    ...(holds.length > 0 && { holds }),
  };
}

export function fromCompact(compact: CompactSettlements): PendingSettlement[] {
  const { shared, settlements } = compact;
  const [amountsOf, holdOf] = [new Map(compact.amounts), new Map(compact.holds)];
  return settlements.map(([index, id, attempt, content, amount, decidedAt, operations, ...keys], which) => {
    const { limitSets, intent, ...rest } = shared[index]!;
    const counters = keys.map((key, place): CounterRef<DecidedLimit> => ({
      key,
      shardGroup: shardGroupOf(key),
      limits: limitSets[place]!,
    }));
    const operation = { id, content, attempt: attempt || id };
    const amounts = amountsOf.get(which);
    const { committed, extended, ...hold } = holdOf.get(which) ?? {};
    const settlement = {
      ...{ counters, operation, amount, ...(amounts && { amounts }), intent, decidedAt },
      ...(holdOf.has(which) && { hold: hold as SettledHold }),
      ...(committed && { committed }),
      ...(extended && { extended }),
    };
    return { settlement, ...rest, decidedAt, ...(operations > 0 && { operations }) };
  });
}

/** Whether a program that knew only `units` would misread it. */
export function namesMeters({ shared, amounts }: CompactSettlements): boolean {
  return amounts !== undefined || shared.some(hasMeters);
}

function hasMeters({ limitSets }: Shared): boolean {
  return limitSets.some((limits) => limits.some(({ field }) => field.length > 1));
}

function sharedOf({ settlement, degraded, executionStatus, resource }: PendingSettlement): Shared {
  const { intent, counters } = settlement;
  const limitSets = counters.map(({ limits }) => limits.map(storedPart));
  return { intent, limitSets, degraded, executionStatus, resource };
}

function isAlike(one: PendingSettlement | undefined, other: PendingSettlement): boolean {
  if (
    one?.degraded !== other.degraded ||
    one.executionStatus !== other.executionStatus ||
    one.resource !== other.resource
  )
    return false;
  const { settlement: mine } = one;
  const { settlement: its } = other;
  if (mine.intent !== its.intent || mine.counters.length !== its.counters.length) return false;
  return mine.counters.every(({ limits }, index) => limits === its.counters[index]?.limits);
}

/** Of a limit, what has to be known after a restart. */
function storedPart(limit: DecidedLimit): DecidedLimit {
  const { field, meter, max, enforced, bounds, windowIndex, own, reportFrom, rule } = limit;
  const meterPart = meter === undefined ? {} : { meter };
  const ownPart = own === undefined ? {} : { own };
  const reportPart = reportFrom === undefined ? {} : { reportFrom };
  return {
    ...{ field, ...meterPart, max, enforced, bounds, windowIndex, ...ownPart, ...reportPart },
    rule: { id: rule.id },
  };
}
