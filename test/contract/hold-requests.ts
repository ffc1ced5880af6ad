import {
  encodeContent,
  type CounterRef,
  type Counts,
  type EndHoldRequest,
  type EndHoldResult,
  type Ending,
  type HeldWindow,
  type MeterAmounts,
  type SettledHold,
  type SettleRequest,
  type Store,
  type StoredReservation,
  type TakeRequest,
} from '@sundial/engine/ports';
import type { OnExpiry } from '@sundial/contract';
import { ANY, MAX_AMOUNT, MINUTE_MS, NOON, operation, settling, taking } from './store-requests.js';

export interface ReserveOptions {
  readonly id?: string;
  readonly amount?: number;
  readonly amounts?: MeterAmounts;
  readonly ttlMs?: number;
  readonly onExpiry?: OnExpiry;
}

let reserves = 0;

/** A take that holds, for a minute unless it says otherwise. */
export function reserving(
  counters: readonly CounterRef[],
  { id, amount = 1, amounts, ttlMs = MINUTE_MS, onExpiry = 'release' }: ReserveOptions = {},
): TakeRequest {
  const content = encodeContent({ amount, amounts });
  const its = operation(id ?? `reserve-${reserves++}`, content);
  return taking(counters, { amount, amounts, operation: its, hold: { ttlMs, onExpiry } });
}

/** The ending of what this request took. */
export function ending(
  { operation: taken, counters }: Pick<TakeRequest, 'operation' | 'counters'>,
  how: Ending,
): EndHoldRequest {
  return { operation: taken, counters, ending: how, deadlineAt: MAX_AMOUNT };
}

/** Counts in the current windows: of each limit what is used, and what is held. */
export function held(...units: readonly (readonly [used: number, reserved: number])[]): Counts {
  return units.map(([used, reserved]) => ({ ...ANY, windowIndex: 'current', used, reserved }));
}

/** Reserves, and expects it to be held. */
export async function reserved(store: Store, request: TakeRequest): Promise<StoredReservation> {
  const result = await store.take(request);
  if (result.outcome !== 'taken' || result.reservation === undefined)
    throw new Error(`It was not held, but ${JSON.stringify(result)}`);
  return result.reservation;
}

/** What is used and held of each window of a reservation, by its field. */
export function windowsIn(result: EndHoldResult): Record<string, readonly [used: number, reserved: number]> {
  const windows: readonly HeldWindow[] = 'windows' in result ? result.windows : [];
  return Object.fromEntries(windows.map(({ field, used, reserved: its }) => [field, [used, its]]));
}

/** Of each limit of a counter, what is used and what is held. */
export async function unitsOf(store: Store, counter: CounterRef): Promise<unknown> {
  const result = await store.read({ counters: [counter] });
  return 'counts' in result ? result.counts.map(({ used, reserved: its }) => [used, its]) : result;
}

/** Settles one after the other. */
export async function settled(store: Store, ...requests: readonly SettleRequest[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const request of requests) outcomes.push((await store.settle(request)).outcome);
  return outcomes;
}

/** A settlement of a reservation that a node decided at noon, without the store. */
export function settlingHold(
  intent: SettleRequest['intent'],
  request: TakeRequest,
  options: SettledOptions = {},
): SettleRequest {
  const { takenAt = NOON, decidedAt = NOON, isDegraded = true, isLost, committed, extended } = options;
  const { ttlMs, onExpiry } = request.hold!;
  const { expiresAt = takenAt + ttlMs } = options;
  return {
    ...settling(intent, request),
    decidedAt,
    hold: { takenAt, expiresAt, onExpiry, isDegraded, ...(isLost && { isLost }) },
    ...(committed && { committed }),
    ...(extended && { extended }),
  };
}

type SettledOptions = Partial<Pick<SettleRequest, 'decidedAt' | 'committed' | 'extended'>> &
  Partial<Pick<SettledHold, 'takenAt' | 'isDegraded' | 'isLost' | 'expiresAt'>>;
