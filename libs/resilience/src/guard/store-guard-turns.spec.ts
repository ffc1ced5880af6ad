import type { Dispatch } from '@sundial/engine/ports';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONSECUTIVE_FAILURES } from './circuit-breaker.js';
import { MAX_IN_FLIGHT, MAX_WAIT_MS, StoreGuard } from './store-guard.js';
import { MAX_WAITING, MAX_WAITING_A_RESOURCE } from './waiting-calls.js';

const DEADLINE_MS = 20;
/** How far the clock of the store is ahead. */
const CLOCK_OFFSET_MS = 1_000_000;

describe('StoreGuard, asked for a call that the store sends when its turn comes', () => {
  /** Sends what waits only when the test lets it. */
  class QueueingStore {
    readonly #calls: { resolve(value: string): void; reject(error: unknown): void }[] = [];
    readonly waiting: Dispatch[] = [];
    readonly startBy: (number | undefined)[] = [];
    probe: () => Promise<void> = () => new Promise(() => undefined);

    readonly call = () =>
      new Promise<string>((resolve, reject) => {
        this.#calls.push({ resolve, reject });
      });

    answerAll(): void {
      for (const { resolve } of this.#calls.splice(0)) resolve('answer');
    }

    rejectAll(): void {
      for (const { reject } of this.#calls.splice(0)) reject(new Error('socket closed'));
    }

    readonly queue = (dispatch: Dispatch) => {
      this.waiting.push(dispatch);
      return this.call();
    };

    send(count: number): void {
      for (const dispatch of this.waiting.splice(0, count)) this.startBy.push(dispatch());
    }
  }

  const guards: StoreGuard[] = [];
  afterEach(() => guards.splice(0).forEach((guard) => guard.close()));

  function guarding(store: QueueingStore) {
    const guard = new StoreGuard(
      { probe: () => store.probe(), now: () => performance.now() + CLOCK_OFFSET_MS },
      { deadlineMs: DEADLINE_MS },
    );
    guards.push(guard);
    const askInTurn = (call: (dispatch: Dispatch) => Promise<string>, resource = 'ocr') =>
      guard.askInTurn(call, [], { resource });
    const askAll = (times: number) =>
      Promise.all(
        Array.from({ length: times }, () => guard.ask(store.call, performance.now() + DEADLINE_MS, [])),
      );
    return { guard, askInTurn, askAll };
  }

  it('waits for its turn as long as it takes, and counts as no failure', async () => {
    const store = new QueueingStore();
    const { guard, askInTurn } = guarding(store);
    const asked = Array.from({ length: 3 * CONSECUTIVE_FAILURES }, () => askInTurn(store.queue));
    await sleep(3 * DEADLINE_MS);
    expect(guard.status).toMatchObject({ mode: 'exact', inFlight: 0 });
    expect(guard.backlogMs).toBeGreaterThanOrEqual(3 * DEADLINE_MS - 1);
    store.send(Infinity);
    expect(guard.backlogMs).toBe(0);
    store.answerAll();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['answer']));
  });

  it('has its deadline from when it is sent, on the clock of the store', async () => {
    const store = new QueueingStore();
    const { askInTurn } = guarding(store);
    const asked = askInTurn(store.queue);
    await sleep(2 * DEADLINE_MS);
    const sentAt = performance.now();
    store.send(1);
    const due = sentAt + DEADLINE_MS + CLOCK_OFFSET_MS;
    expect(Math.abs(store.startBy[0]! - due)).toBeLessThan(10);
    expect(await asked).toEqual({ outcome: 'unavailable', cause: 'timeout', executionStatus: 'unknown' });
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(DEADLINE_MS - 1);
  });

  it('says the same to the next shard of the same call, and nothing once its caller has an answer', async () => {
    const store = new QueueingStore();
    const { askInTurn } = guarding(store);
    let dispatch: Dispatch = () => undefined;
    const asked = askInTurn((given) => ((dispatch = given), store.call()));
    const startBy = dispatch();
    expect(dispatch()).toBe(startBy);
    await asked;
    expect(dispatch()).toBeUndefined();
  });

  it('decides what waits at once when the breaker opens, the oldest first, and never sends it', async () => {
    const store = new QueueingStore();
    const { askAll, askInTurn } = guarding(store);
    const answered: number[] = [];
    const waiting = [1, 2, 3].map((n) => askInTurn(store.queue).then((answer) => (answered.push(n), answer)));
    await askAll(CONSECUTIVE_FAILURES);
    expect(await Promise.all(waiting)).toEqual(
      Array(3).fill({ outcome: 'unavailable', cause: 'breaker-open', executionStatus: 'not-executed' }),
    );
    expect(answered).toEqual([1, 2, 3]);
    store.send(Infinity);
    expect(store.startBy).toEqual([undefined, undefined, undefined]);
  });

  it('is shed, not degraded, when it has waited for longer than any caller does', async () => {
    const store = new QueueingStore();
    store.probe = () => Promise.resolve();
    const { guard, askInTurn } = guarding(store);
    const asked = askInTurn(store.queue);
    await sleep(MAX_WAIT_MS + 10);
    store.send(1);
    expect(await asked).toEqual({ outcome: 'shed' });
    expect(guard.status.mode).toBe('exact');
  });

  it('is shed above a bound for all and one for its resource, which leaves room for others', async () => {
    const store = new QueueingStore();
    const { askInTurn } = guarding(store);
    const fill = (resource: string) =>
      Array.from({ length: MAX_WAITING_A_RESOURCE }, () => void askInTurn(store.queue, resource));
    fill('flooded');
    expect(await askInTurn(store.queue, 'flooded')).toEqual({ outcome: 'shed' });
    fill('other');
    expect(store.waiting).toHaveLength(MAX_WAITING);
    expect(await askInTurn(store.queue, 'calm')).toEqual({ outcome: 'shed' });
  });

  it('is not sent on top of as many as may be in flight, which is the store’s fault', async () => {
    const store = new QueueingStore();
    const { askAll, askInTurn } = guarding(store);
    const flood = askAll(MAX_IN_FLIGHT);
    const asked = askInTurn(store.queue);
    store.send(1);
    expect(await asked).toEqual({
      outcome: 'unavailable',
      cause: 'overloaded',
      executionStatus: 'not-executed',
    });
    store.rejectAll();
    await flood;
  });

  it('takes an answer of a store that does not queue', async () => {
    const { askInTurn } = guarding(new QueueingStore());
    expect(await askInTurn(() => Promise.resolve('answer'))).toBe('answer');
  });
});
