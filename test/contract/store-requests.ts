import { expect } from '@jest/globals';
import type {
  CounterRef,
  Counts,
  LimitSpec,
  Operation,
  SettledLimit,
  SettleRequest,
  TakeRequest,
  TakeResult,
  WindowIndex,
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

export function hourly(max: number, options: LimitOptions = {}): LimitSpec {
  return spec('h', HOUR_MS, max, options);
}

export function daily(max: number, options: LimitOptions = {}): LimitSpec {
  return spec('d', DAY_MS, max, options);
}

/** The same limit of another meter than `units`. */
export function ofMeter(meter: string, limit: LimitSpec): LimitSpec {
  return { ...limit, field: `(${limit.field === 'h' ? 'hour' : 'day'}|${meter})`, meter };
}

function spec(
  field: string,
  lengthMs: number,
  max: number,
  { at = NOON, enforced = true }: LimitOptions,
): LimitSpec {
  const startsAt = Math.floor(at / lengthMs) * lengthMs;
  return { field, max, enforced, bounds: [startsAt, startsAt + lengthMs, startsAt + 2 * lengthMs] };
}

/** A counter of the subject `u1`, or of another shard group. */
export function counter(
  limits: readonly LimitSpec[],
  { name = 'rule', group = 'ocr:user=u1' } = {},
): CounterRef {
  return { key: `sd1:{${group}}:${name}`, shardGroup: group, limits };
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

/** A settlement of a take that was decided in the current windows, but for the limits of these fields. */
export function settling(
  intent: SettleRequest['intent'],
  { counters, operation: settled, amount, amounts }: TakeRequest,
  decidedIn: Readonly<Record<string, WindowIndex>> = {},
): SettleRequest {
  const decided = counters.map((one) => ({
    ...one,
    limits: one.limits.map((limit) => settledIn(decidedIn[limit.field] ?? 'current', limit)),
  }));
  return { intent, counters: decided, operation: settled, amount, amounts, decidedAt: NOON };
}

export function settledIn(windowIndex: WindowIndex, limit: LimitSpec | undefined): SettledLimit {
  if (limit === undefined) throw new RangeError('The counter has no such limit.');
  return { ...limit, windowIndex };
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

/** A count hands back the counter and the limit of the request; nothing is held. */
export const ANY = { counter: expect.anything() as never, limit: expect.anything() as never, reserved: 0 };

/** The units used of each limit, all of them in the first of the offered windows. */
export function used(...units: readonly number[]): Counts {
  return units.map((count) => ({ ...ANY, windowIndex: 'current', used: count }));
}
