import { REMEMBER_MS, REMEMBER_SETTLED_MS, type SettleRequest, type StoreError } from '@sundial/engine/ports';
import type { Degraded } from '@sundial/contract';

/** What the books have to be told, and why the decision was made without them. */
export interface Debt {
  readonly settlement: SettleRequest;
  readonly degraded: Degraded;
  /** What may have become of the take: `none`, it certainly never ran. */
  readonly fate: StoreError['fate'];
  /** Store clock. */
  readonly decidedAt: number;
  readonly resource: string;
  /** Of each counter, whose it is. */
  readonly rules: readonly string[];
  /** How many decisions this is the sum of, where there was no room for each of them. */
  readonly operations?: number;
}

/** Operations are forgotten by the store's clock, decisions are dated by this node's idea of it. */
const HORIZON_MARGIN_MS = 60_000;

/** Debts of one key are one: the last is what is owed. */
export function keyOf({ settlement: { intent, operation } }: Debt): string {
  return intent === 'count' ? countKey(operation.id) : voidKey(operation.attempt);
}

/** An id is looked up with each check, so it is its own key: nothing has to be put together. */
export function countKey(operationId: string): string {
  return operationId;
}

/** A line feed is not printable, so no id is the same. */
export function voidKey(attempt: string): string {
  return `\n${attempt}`;
}

/**
 * Whether the store still remembers all it may have done about this operation, so that settling it is safe. Of a take
 * it remembers `REMEMBER_MS`, of a settlement `REMEMBER_SETTLED_MS`; later it would take a counted operation for
 * a new one.
 */
export function isVerifiable({ fate, decidedAt }: Debt, now: number): boolean {
  const remembered = fate === 'none' ? REMEMBER_SETTLED_MS : REMEMBER_MS;
  return now < decidedAt + remembered - HORIZON_MARGIN_MS;
}
