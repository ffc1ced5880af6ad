import type { CheckRequest, ReserveRequest, Rule } from '@sundial/contract';
import type { PlannedWrite } from './admin/admin-write.js';
import type { Life } from './reservations/life.js';

/** No operation takes more units. */
export const MAX_AMOUNT = 3;
/** Nor more of the meter `tokens`. */
export const MAX_TOKENS = 400;

/** Calls after the first one that may repeat an operation which its caller goes on with: that waits for them. */
export const REPEATED_WHILE_AWAITED = 8;

/** An operation that a check asks for, or a reserve, whichever node is asked. */
export type Operation = Required<Omit<CheckRequest, 'amounts' | 'receipt'>> &
  Pick<CheckRequest, 'amounts'> & {
    /** What a reserve asks for besides; absent: it is a check. */
    readonly hold?: HoldRequest;
  };

export type HoldRequest = Required<Pick<ReserveRequest, 'ttlMs' | 'onExpiry'>>;

/** What the caller with a number asks, and which node first. */
export interface Call {
  readonly operation: Operation;
  /** From 0; it is taken modulo the number of nodes. */
  readonly node: number;
  /** How its caller goes on when it was allowed; absent where it does nothing more, or where an earlier call does. */
  readonly life?: Life | undefined;
  /** What an operator does besides. */
  readonly write?: PlannedWrite | undefined;
}

/** What callers ask during an experiment: the same calls however the answers turn out. */
export interface Workload {
  /** What counts them. */
  readonly rules: readonly Rule[];
  /** A user who is asked for most often when a fault begins. */
  readonly busyUser: string;
  call(index: number): Call;
}

/** The body of its request. */
export function requestOf({ hold, ...check }: Operation): CheckRequest | ReserveRequest {
  return hold === undefined ? check : { ...check, ...hold };
}
