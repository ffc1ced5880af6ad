import {
  amountsByMeter,
  committedOf,
  REMEMBER_MS,
  REMEMBER_SETTLED_MS,
  type DecidedLimit,
  type SettleRequest,
  type SettleResult,
  type StoreError,
} from '@sundial/engine/ports';
import type { Degraded } from '@sundial/contract';
import type { SettledOperation } from '@sundial/engine';

/** A decision that was made without the store, and that the store has yet to record. */
export interface PendingSettlement {
  readonly settlement: SettleRequest<DecidedLimit>;
  readonly degraded: Degraded;
  /** What may have become of the take: `none`, it certainly never ran. */
  readonly executionStatus: StoreError['executionStatus'];
  /** Store clock. */
  readonly decidedAt: number;
  readonly resource: string;
  /** How many decisions this is the sum of, where there was no room for each of them. */
  readonly operations?: number;
}

/** It is what a client has reported: no node decided it. */
export function isReported({ degraded }: PendingSettlement): boolean {
  return degraded.cause === 'unreachable';
}

/** What became of it, for observers. */
export function settledOperation(
  { settlement, degraded, resource, decidedAt, operations = 1 }: PendingSettlement,
  { outcome }: Pick<SettleResult, 'outcome'>,
): SettledOperation {
  const { operation, intent, committed } = settlement;
  const held = amountsByMeter(settlement);
  const amounts = committed === undefined ? held : committedOf(held, { amounts: committed });
  const { cause } = degraded;
  return { operation: operation.id, resource, intent, outcome, decidedAt, cause, amounts, operations };
}

/** The id of a report may be a reservation's: then another settlement follows. */
export function isFollowed(pending: PendingSettlement, { outcome }: SettleResult): boolean {
  const { intent } = pending.settlement;
  return outcome === 'conflict' && intent === 'count' && isReported(pending);
}

/** Operations are forgotten by the store's clock, decisions are dated by this node's idea of it. */
const HORIZON_MARGIN_MS = 60_000;
/** Of a settlement in the journal's file, beside its texts. */
const FIXED_BYTES = 50;
/** Of a meter's units. */
const UNITS_BYTES = 12;

/**
 * Under one key the last settlement is the one that is pending. All of one operation but that an attempt of it is void have one: an
 * ending makes the counters right also where its hold never arrives. What the last one does not say (`comesBefore`) has a key of its own.
 */
export function keyOf({ settlement: { intent, operation } }: PendingSettlement): string {
  return intent === 'void' ? voidKey(operation.attempt) : countKey(operation.id);
}

/** Each check looks its id up, so the id is its own key: nothing has to be put together. */
export function countKey(operationId: string): string {
  return operationId;
}

/** A line feed is not printable, so no id is the same. */
export function voidKey(attempt: string): string {
  return `\n${attempt}`;
}

/**
 * Whether the store has to record the earlier of two settlements of one operation before the later one. A refund says neither what was
 * committed nor what was counted, and what is decided under an id that a release has freed says nothing of what was released.
 */
export function comesBefore(
  { settlement: earlier }: PendingSettlement,
  { settlement: later }: PendingSettlement,
): boolean {
  if (later.intent === 'refund') return earlier.intent === 'count' || earlier.intent === 'commit';
  return earlier.intent === 'release' && (later.intent === 'count' || later.intent === 'hold');
}

/** The key of what comes before the settlement that is pending under its operation's id. A carriage return is not printable either. */
export function earlierKey({ settlement: { operation } }: PendingSettlement): string {
  return `\r${operation.id}\r${operation.attempt}`;
}

/**
 * Whether the store still remembers all it may have done about this operation, so that settling it is safe. The store
 * remembers a take for `REMEMBER_MS` and a settlement for `REMEMBER_SETTLED_MS`; later it would take a counted operation
 * for a new one.
 */
export function isVerifiable({ executionStatus, decidedAt }: PendingSettlement, now: number): boolean {
  const remembered = executionStatus === 'not-executed' ? REMEMBER_SETTLED_MS : REMEMBER_MS;
  return now < decidedAt + remembered - HORIZON_MARGIN_MS;
}

/** About what it takes in the journal's file. */
export function bytesOf({ settlement }: PendingSettlement): number {
  const { operation, counters, amounts } = settlement;
  let bytes = FIXED_BYTES + operation.id.length;
  if (operation.attempt !== operation.id) bytes += operation.attempt.length;
  for (const { key } of counters) bytes += key.length + 3;
  for (const meter in amounts) bytes += 2 * meter.length + UNITS_BYTES;
  return bytes;
}

/** The caller is to be answered yes, and would rather be refused than promised what is not kept. */
export function isPromise({ settlement, degraded }: PendingSettlement): boolean {
  const { intent } = settlement;
  return (intent === 'count' || intent === 'hold') && degraded.policy !== 'allow';
}

/** What is to be ended or reversed one day is kept by itself, and so is what a client may report again. */
export function mayBeAdded(pending: PendingSettlement): boolean {
  const { settlement, executionStatus } = pending;
  return settlement.intent === 'count' && executionStatus === 'not-executed' && !isReported(pending);
}
