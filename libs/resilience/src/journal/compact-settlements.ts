import { type CounterRef, type Ladder, shardGroupOf } from '@sundial/engine/ports';
import type { PendingSettlement } from '../outbox/pending-settlement.js';

/** What many settlements of one moment have in common. */
interface Shared {
  readonly intent: PendingSettlement['settlement']['intent'];
  readonly picks: PendingSettlement['settlement']['picks'];
  /** Of each counter. */
  readonly ladders: readonly Ladder[];
  readonly degraded: PendingSettlement['degraded'];
  readonly fate: PendingSettlement['fate'];
  readonly resource: string;
  readonly rules: readonly string[];
}

/** Which of the shared, id, attempt ('' where it is the id), content, amount, decided at, operations (0: not a sum), keys. */
type CompactSettlement = readonly [number, string, string, string, number, number, number, ...string[]];

/** Settlements without what they share: a fifth of what each costs alone, in time and in room. Field names are the file's. */
export interface CompactSettlements {
  readonly shared: readonly Shared[];
  readonly debts: readonly CompactSettlement[];
}

export function toCompact(all: readonly PendingSettlement[]): CompactSettlements {
  const shared: Shared[] = [];
  const firsts: PendingSettlement[] = [];
  let at = -1;
  const compact = all.map((pending): CompactSettlement => {
    const { settlement, decidedAt, operations = 0 } = pending;
    const { operation, amount, counters } = settlement;
    if (at < 0 || !isAlike(firsts[at]!, pending)) at = firsts.findIndex((first) => isAlike(first, pending));
    if (at < 0) {
      at = firsts.push(pending) - 1;
      shared.push(sharedOf(pending));
    }
    const { id, attempt, content } = operation;
    const keys = counters.map(({ key }) => key);
    return [at, id, attempt === id ? '' : attempt, content, amount, decidedAt, operations, ...keys];
  });
  return { shared, debts: compact };
}

export function fromCompact({ shared, debts }: CompactSettlements): PendingSettlement[] {
  return debts.map(([index, id, attempt, content, amount, decidedAt, operations, ...keys]) => {
    const { ladders, intent, picks, ...rest } = shared[index]!;
    const counters = keys.map((key, place): CounterRef => ({
      key,
      shardGroup: shardGroupOf(key),
      ladder: ladders[place]!,
    }));
    const operation = { id, content, attempt: attempt || id };
    const settlement = { counters, operation, amount, intent, picks, decidedAt };
    return { settlement, ...rest, decidedAt, ...(operations > 0 && { operations }) };
  });
}

function sharedOf({ settlement, degraded, fate, resource, rules }: PendingSettlement): Shared {
  const { intent, picks, counters } = settlement;
  return {
    intent,
    picks,
    ladders: counters.map(({ ladder }) => ladder.map(storedPart)),
    degraded,
    fate,
    resource,
    rules,
  };
}

function isAlike(one: PendingSettlement, other: PendingSettlement): boolean {
  if (one.rules !== other.rules || one.degraded !== other.degraded || one.fate !== other.fate) return false;
  const { settlement: mine } = one;
  const { settlement: its } = other;
  if (mine.intent !== its.intent || mine.picks !== its.picks || mine.counters.length !== its.counters.length)
    return false;
  for (let index = 0; index < mine.counters.length; index++) {
    if (mine.counters[index]!.ladder !== its.counters[index]!.ladder) return false;
  }
  return true;
}

/** Of a limit, what a store has to know. */
function storedPart({ field, max, enforced, bounds }: Ladder[number]): Ladder[number] {
  return { field, max, enforced, bounds };
}
