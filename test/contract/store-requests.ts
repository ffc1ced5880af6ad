import { expect } from '@jest/globals';
import type {
  CounterRef,
  Counts,
  LimitCeiling,
  Operation,
  SettleRequest,
  TakeRequest,
  TakeResult,
  WindowPick,
} from '@sundial/engine/ports';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The clock of most tests: far enough from every boundary that no test meets one by accident. */
export const NOON = Date.UTC(2026, 10, 22, 12, 20);
export const MAX_AMOUNT = Number.MAX_SAFE_INTEGER;

/** Shard groups that live on three different masters of a Cluster of three. */
export const GROUPS = ['ocr:user=u2', 'ocr:user=u1', 'ocr:user=u3'] as const;

interface LimitOptions {
  /** The instant whose window is offered first. */
  readonly at?: number;
  readonly enforced?: boolean;
}

export function hourly(max: number, options: LimitOptions = {}): LimitCeiling {
  return ceiling('h', HOUR_MS, max, options);
}

export function daily(max: number, options: LimitOptions = {}): LimitCeiling {
  return ceiling('d', DAY_MS, max, options);
}

function ceiling(
  field: string,
  lengthMs: number,
  max: number,
  { at = NOON, enforced = true }: LimitOptions,
): LimitCeiling {
  const startsAt = Math.floor(at / lengthMs) * lengthMs;
  return { field, max, enforced, bounds: [startsAt, startsAt + lengthMs, startsAt + 2 * lengthMs] };
}

/** A counter of the subject `u1`, or of another shard group. */
export function counter(
  ladder: readonly LimitCeiling[],
  { name = 'rule', group = 'ocr:user=u1' } = {},
): CounterRef {
  return { key: `sd1:{${group}}:${name}`, shardGroup: group, ladder };
}

let attempts = 0;

/** A new try of an operation. */
export function operation(id: string, content = '1'): Operation {
  return { id, content, attempt: `attempt-${attempts++}` };
}

export function taking(counters: readonly CounterRef[], options: Partial<TakeRequest> = {}): TakeRequest {
  return {
    counters,
    amount: 1,
    operation: operation(`operation-${attempts}`),
    deadlineAt: MAX_AMOUNT,
    ...options,
  };
}

/** A settlement of a take that was decided in the first of the offered windows. */
export function settling(
  intent: SettleRequest['intent'],
  { counters, operation: settled, amount }: TakeRequest,
  picks: readonly WindowPick[] = counters.flatMap(({ ladder }) => ladder.map(() => 0 as const)),
): SettleRequest {
  return { intent, counters, operation: settled, amount, picks, decidedAt: NOON };
}

/** The answer to an operation that was counted in the day and the hour of noon. */
export function replayed(counts: Counts): TakeResult {
  const inTheHour = {
    asymmetricMatch: (at: number) => Math.floor(at / HOUR_MS) === Math.floor(NOON / HOUR_MS),
  };
  return {
    outcome: 'replayed',
    counts,
    counted: { at: inTheHour as never, until: expect.any(Number) as never },
  };
}

/** The units used of each limit, all of them in the first of the offered windows. */
export function used(...units: readonly number[]): Counts {
  return units.map((count) => ({ limit: expect.anything() as never, pick: 0, used: count }));
}
