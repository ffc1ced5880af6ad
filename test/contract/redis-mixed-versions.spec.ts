import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { CounterRef, SettleRequest, TakeRequest, TakeResult } from '@sundial/engine/ports';
import fc from 'fast-check';
import { operationPlace } from '../../libs/redis/src/counters/operation-place.js';
import {
  CHECK_SETTLEMENTS,
  decodeSettlements,
  encodeSettlements,
} from '../../libs/redis/src/counters/redis-settle-batch.js';
import { TAKES } from '../../libs/redis/src/counters/redis-take-batch.js';
import type { RedisProcess } from '../support/redis-process.js';
import { ending, held, reserved, reserving, windowsIn } from './hold-requests.js';
import {
  counter,
  daily,
  HOUR_MS,
  hourly,
  MINUTE_MS,
  NOON,
  operation,
  settling,
  taking,
  used,
} from './store-requests.js';
import { redisStoreUnderTest, type StoreUnderTest } from './store-under-test.js';

const scriptBefore = (name: string) =>
  readFileSync(new URL(`before-holds/${name}.lua`, import.meta.url), 'utf8');
const TAKE = scriptBefore('take');
const SETTLE = scriptBefore('settle');
const DAY_MS = 24 * HOUR_MS;

describe('a node of the version before reservations, on one Redis with one of this version', () => {
  let underTest: StoreUnderTest & { readonly redis: RedisProcess };
  let store: Store;
  let offsetMs = 0;
  beforeAll(async () => {
    underTest = await redisStoreUnderTest();
  });
  beforeEach(async () => {
    await underTest.empty();
    store = await at(NOON);
  });
  afterAll(() => underTest.close());

  const both = counter([daily(10), hourly(5)]);
  const at = (instant: number) => {
    offsetMs = instant - Date.now();
    return underTest.at(instant);
  };
  const evalBefore = (lua: string, { keys, args }: ReturnType<typeof TAKES.encode>) =>
    underTest.redis.cli('EVAL', lua, keys.length, ...keys, ...args);
  /** Takes as the node before does: what it sends is the same. */
  const takeBefore = async (request: TakeRequest): Promise<TakeResult> => {
    const item = { request, place: operationPlace(request.operation.id), startBy: Number.MAX_SAFE_INTEGER };
    return TAKES.decode([item], await evalBefore(TAKE, TAKES.encode([item], offsetMs))).results[0]!;
  };
  const settleBefore = async (request: SettleRequest) => {
    const rememberUntil = request.decidedAt + DAY_MS;
    const item = { request, place: operationPlace(request.operation.id), rememberUntil };
    const call = encodeSettlements([item], offsetMs, (each) => CHECK_SETTLEMENTS.identity(each));
    return decodeSettlements([item], await evalBefore(SETTLE, call))[0]!.result;
  };
  const hourlyAt = (instant: number): CounterRef =>
    counter([daily(10, { at: instant }), hourly(5, { at: instant })]);

  it('counts held units as used: it is never over a limit', async () => {
    await reserved(store, reserving([both], { amount: 3 }));
    expect(await takeBefore(taking([both], { amount: 3 }))).toEqual({
      outcome: 'refused',
      counts: used(3, 3),
    });
    expect(await takeBefore(taking([both], { amount: 2 }))).toEqual({ outcome: 'taken', counts: used(5, 5) });
    expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([2, 3], [2, 3]) });
  });

  it('has the room again that an ending gives back', async () => {
    const request = reserving([both], { amount: 3 });
    await reserved(store, request);
    await takeBefore(taking([both], { amount: 2 }));
    const result = await store.endHold(ending(request, { kind: 'commit', amount: 1 }));
    expect(windowsIn(result)).toEqual({ d: [3, 0], h: [3, 0] });
    expect(await takeBefore(taking([both], { amount: 2 }))).toEqual({ outcome: 'taken', counts: used(5, 5) });
    expect(await underTest.redis.cli('GET', both.key)).toMatch(/^d\w+=5 h\w+=5$/);
  });

  it('keeps what is held where it settles, counts or takes back', async () => {
    const request = reserving([both], { amount: 3 });
    await reserved(store, request);
    const counted = taking([both], { amount: 2 });
    expect(await settleBefore(settling('count', counted))).toEqual({ outcome: 'counted' });
    expect(await settleBefore(settling('void', counted))).toEqual({ outcome: 'reversed' });
    expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([0, 3], [0, 3]) });
    await store.endHold(ending(request, { kind: 'release' }));
    expect(await takeBefore(taking([both], { amount: 5 }))).toMatchObject({ outcome: 'taken' });
  });

  it('opens a window, and a hold of the one before gives back to what is left of it', async () => {
    const request = reserving([both], { amount: 3, ttlMs: 2 * HOUR_MS });
    await reserved(store, request);
    const nextHour = NOON + HOUR_MS;
    const later = await at(nextHour);
    expect(await takeBefore(taking([hourlyAt(nextHour)]))).toEqual({ outcome: 'taken', counts: used(4, 1) });
    expect(await later.read({ counters: [hourlyAt(nextHour)] })).toMatchObject({
      counts: held([1, 3], [1, 0]),
    });
    await later.endHold(ending(request, { kind: 'release' }));
    expect(await later.read({ counters: [hourlyAt(nextHour)] })).toMatchObject({ counts: used(1, 1) });
  });

  it('is strict about a hold that has expired, until a node of this version looks', async () => {
    // Opening a store looks at the other one.
    const quiet = counter([daily(10), hourly(5)], { name: 'quiet' });
    await reserved(store, reserving([quiet], { amount: 5 }));
    const later = await at(NOON + 2 * MINUTE_MS);
    expect(await takeBefore(taking([quiet]))).toMatchObject({ outcome: 'refused' });
    expect(await later.read({ counters: [quiet] })).toMatchObject({ counts: used(0, 0) });
    expect(await takeBefore(taking([quiet]))).toEqual({ outcome: 'taken', counts: used(1, 1) });
  });

  it('meets a reservation’s record as a wrong-type key, for that operation alone, and keeps it', async () => {
    const request = reserving([both], { id: 'o1' });
    await reserved(store, request);
    expect(await takeBefore(taking([both], { operation: operation('o1') }))).toEqual({
      outcome: 'wrong-type',
    });
    expect(await takeBefore(taking([both], { operation: operation('o2') }))).toMatchObject({
      outcome: 'taken',
    });
    expect(await store.endHold(ending(request, { kind: 'commit' }))).toMatchObject({ outcome: 'ended' });
    await store.refund({ operation: { id: 'o1' }, counters: [both], deadlineAt: Number.MAX_SAFE_INTEGER });
    await takeBefore(taking([both], { operation: operation('o3') }));
    expect(await takeBefore(taking([both], { operation: operation('o1') }))).toEqual({
      outcome: 'wrong-type',
    });
    expect(await store.take(taking([both], { operation: operation('o1') }))).toEqual({ outcome: 'refunded' });
  });

  it('and one of this version lose nothing together, whatever they do', async () => {
    const step = fc.record({
      by: fc.constantFrom('before', 'now'),
      does: fc.constantFrom('take', 'reserve', 'commit', 'release', 'void'),
      amount: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        await underTest.empty();
        const [holds, taken] = [[] as TakeRequest[], [] as TakeRequest[]];
        let [counted, reservedUnits] = [0, 0];
        for (const { by, does, amount } of steps) {
          if (does === 'take') {
            const request = taking([both], { amount });
            const result = await (by === 'before' ? takeBefore(request) : store.take(request));
            expect(result.outcome).toBe(counted + reservedUnits + amount <= 5 ? 'taken' : 'refused');
            if (result.outcome === 'taken') {
              taken.push(request);
              counted += amount;
            }
          } else if (does === 'reserve') {
            const request = reserving([both], { amount });
            const { outcome } = await store.take(request);
            expect(outcome).toBe(counted + reservedUnits + amount <= 5 ? 'taken' : 'refused');
            if (outcome === 'taken') {
              holds.push(request);
              reservedUnits += amount;
            }
          } else if (does === 'void') {
            const request = taken.pop();
            if (request === undefined) continue;
            await (by === 'before'
              ? settleBefore(settling('void', request))
              : store.settle(settling('void', request)));
            counted -= request.amount;
          } else {
            const request = holds.shift();
            if (request === undefined) continue;
            await store.endHold(ending(request, { kind: does }));
            reservedUnits -= request.amount;
            if (does === 'commit') counted += request.amount;
          }
        }
        expect(await store.read({ counters: [both] })).toMatchObject({
          counts: held([counted, reservedUnits], [counted, reservedUnits]),
        });
      }),
      { numRuns: 40 },
    );
  });
});
