import type { CheckRequest, Rule } from '@sundial/contract';

/** No operation takes more units. */
export const MAX_AMOUNT = 3;
/** Nor more of the meter `tokens`. */
export const MAX_TOKENS = 400;

/** An operation that a check asks for, whichever node is asked. */
export type Operation = Required<Omit<CheckRequest, 'amounts' | 'receipt'>> & Pick<CheckRequest, 'amounts'>;

/** What the caller with a number asks, and which node first. */
export interface Call {
  readonly operation: Operation;
  /** From 0; it is taken modulo the number of nodes. */
  readonly node: number;
}

/** What callers ask during an experiment: the same calls however the answers turn out. */
export interface Workload {
  /** What counts them. */
  readonly rules: readonly Rule[];
  /** A user who is asked for most often when a fault begins. */
  readonly busyUser: string;
  call(index: number): Call;
}
