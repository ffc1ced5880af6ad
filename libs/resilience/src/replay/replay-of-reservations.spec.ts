import type { Rule } from '@sundial/contract';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import type { DataLoss } from '@sundial/engine/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResilientRunner } from '../resilient-runner.js';

const rule: Rule = {
  ...{ id: 'r', resource: 'llm', per: ['user'], timeZone: 'UTC', mode: 'enforce', degrade: 'local' },
  limits: [
    { window: 'day', max: 100 },
    { window: 'day', meter: 'tokens', max: 1_000 },
    { window: 'concurrent', max: 90 },
  ],
};
const LLM = { resource: 'llm', subject: { user: 'u' } };
const ANY_TIME = { deadlineAt: Number.MAX_SAFE_INTEGER };

/** A store that loses its data when the test says so, or says that it may have. */
class Forgetful {
  readonly kind = 'redis';
  #listener: (loss: DataLoss) => void = () => undefined;

  constructor(private store: MemoryStore) {}

  async empty(): Promise<void> {
    await this.store.close();
    this.store = await MemoryStore.open();
    this.#listener({ kind: 'emptied' });
  }

  replace(): void {
    this.#listener({ kind: 'replaced' });
  }

  get secret(): Store['secret'] {
    return this.store.secret;
  }

  onDataLoss(listener: (loss: DataLoss) => void): void {
    this.#listener = listener;
  }

  take: Store['take'] = (request) => this.store.take({ ...request, ...ANY_TIME });
  settle: Store['settle'] = (request) => this.store.settle(request);
  read: Store['read'] = (request) => this.store.read(request);
  endHold: Store['endHold'] = (request) => this.store.endHold({ ...request, ...ANY_TIME });
  refund: Store['refund'] = (request) => this.store.refund({ ...request, ...ANY_TIME });
  now = () => this.store.now();
  probe = () => Promise.resolve();
  close = () => this.store.close();
}

let store: Forgetful;
let engine: QuotaEngine;
beforeEach(async () => {
  store = new Forgetful(await MemoryStore.open());
  engine = another();
});
afterEach(() => engine.close());

function another(): QuotaEngine {
  const runner = new ResilientRunner({ store: store as unknown as Store });
  return new QuotaEngine({ runner, rules: new LiveRules(new RuleBook(1, [rule])) });
}

async function states(): Promise<number[][]> {
  return (await engine.usage(LLM)).limits.map(({ used, reserved }) => [used, reserved]);
}

async function reserve(amount: number, operationId?: string): Promise<string> {
  const request = { ...LLM, amount, amounts: { tokens: 10 * amount }, ttlMs: 600_000 };
  const { reservation } = await engine.reserve({ ...request, ...(operationId && { operationId }) });
  return reservation!.id;
}

async function replayed(): Promise<void> {
  while (engine.journal().toReplay > 0) await sleep(2);
}

it.each(['emptied', 'replaced'] as const)(
  'a store that was %s has what it had acknowledged of reservations',
  async (loss) => {
    const [committed, released, extended, refunded] = [
      await reserve(1),
      await reserve(2),
      await reserve(4),
      await reserve(8, 'job'),
    ];
    await reserve(16);
    await engine.commit(committed, { amount: 3 });
    await engine.release(released);
    await engine.extend(extended, { amount: 5, ttlMs: 900_000 });
    await engine.commit(refunded);
    await engine.refund({ ...LLM, operationId: 'job' });
    const before = [
      [3, 21],
      [10, 200],
      [0, 21],
    ];
    expect(await states()).toEqual(before);
    if (loss === 'emptied') await store.empty();
    else store.replace();
    await replayed();
    expect(await states()).toEqual(before);
    expect(await engine.reservation(committed)).toMatchObject({
      reservation: { state: 'committed', committed: { units: 3, tokens: 10 } },
    });
    expect(await engine.reservation(released)).toMatchObject({ reservation: { state: 'released' } });
    const { reservation } = await engine.reservation(extended);
    expect(reservation).toMatchObject({ state: 'held', amounts: { units: 5, tokens: 40 } });
    expect(Date.parse(reservation.expiresAt) - store.now()).toBeGreaterThan(800_000);
    await expect(reserve(8, 'job')).rejects.toMatchObject({ code: 'operation-refunded' });
    await engine.commit(extended);
    expect((await states())[0]).toEqual([8, 16]);
  },
);

it('a store that was emptied knows the later reservation of an operation, and not the one that was released', async () => {
  await engine.release(await reserve(1, 'job'));
  await sleep(2);
  const second = await reserve(1, 'job');
  await store.empty();
  await replayed();
  expect((await states())[0]).toEqual([0, 1]);
  expect(await engine.commit(second)).toMatchObject({ reservation: { state: 'committed' } });
});

it('and what another node had reserved, and this one repeated', async () => {
  const other = another();
  await other.reserve({ ...LLM, operationId: 'job', amount: 2 });
  // The latest to open the store is the one that hears of its loss.
  engine = another();
  expect(await engine.reserve({ ...LLM, operationId: 'job', amount: 2 })).toMatchObject({ replayed: true });
  await store.empty();
  await replayed();
  expect((await states())[0]).toEqual([0, 2]);
});
