import { type CounterRef, type Ladder, shardGroupOf } from '@sundial/engine/ports';
import type { Debt } from './debt.js';

/** What many debts of one moment have in common. */
interface Shared {
  readonly intent: Debt['settlement']['intent'];
  readonly picks: Debt['settlement']['picks'];
  /** Of each counter. */
  readonly ladders: readonly Ladder[];
  readonly degraded: Debt['degraded'];
  readonly fate: Debt['fate'];
  readonly resource: string;
  readonly rules: readonly string[];
}

/** Which of the shared, id, attempt ('' where it is the id), content, amount, decided at, operations (0: not a sum), keys. */
type CompactDebt = readonly [number, string, string, string, number, number, number, ...string[]];

/** Debts without what they share: a fifth of what each costs alone, in time and in room. */
export interface CompactDebts {
  readonly shared: readonly Shared[];
  readonly debts: readonly CompactDebt[];
}

export function toCompact(debts: readonly Debt[]): CompactDebts {
  const shared: Shared[] = [];
  const firsts: Debt[] = [];
  let at = -1;
  const compact = debts.map((debt): CompactDebt => {
    const { settlement, decidedAt, operations = 0 } = debt;
    const { operation, amount, counters } = settlement;
    if (at < 0 || !isAlike(firsts[at]!, debt)) at = firsts.findIndex((first) => isAlike(first, debt));
    if (at < 0) {
      at = firsts.push(debt) - 1;
      shared.push(sharedOf(debt));
    }
    const { id, attempt, content } = operation;
    const keys = counters.map(({ key }) => key);
    return [at, id, attempt === id ? '' : attempt, content, amount, decidedAt, operations, ...keys];
  });
  return { shared, debts: compact };
}

export function fromCompact({ shared, debts }: CompactDebts): Debt[] {
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

/** About what it takes in the file. */
export function bytesOf({ settlement: { operation, counters } }: Debt): number {
  let bytes = FIXED_BYTES + operation.id.length;
  if (operation.attempt !== operation.id) bytes += operation.attempt.length;
  for (const { key } of counters) bytes += key.length + 3;
  return bytes;
}

const FIXED_BYTES = 50;

function sharedOf({ settlement, degraded, fate, resource, rules }: Debt): Shared {
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

function isAlike(one: Debt, other: Debt): boolean {
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
