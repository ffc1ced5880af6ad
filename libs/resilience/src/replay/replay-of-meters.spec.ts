import type { Rule } from '@sundial/contract';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import type { DataLoss } from '@sundial/engine/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResilientRunner } from '../resilient-runner.js';

const rule: Rule = {
  ...{ id: 'r', resource: 'chat', per: ['user'], timeZone: 'UTC', mode: 'enforce', degrade: 'local' },
  limits: [
    { window: 'day', max: 10 },
    { window: 'day', meter: 'tokens', max: 1_000 },
  ],
};
const CHAT = { resource: 'chat', subject: { user: 'u' } };

/** A store that is emptied when the test says so. */
class Emptied {
  readonly kind = 'redis';
  #listener: (loss: DataLoss) => void = () => undefined;

  constructor(private store: MemoryStore) {}

  async empty(): Promise<void> {
    await this.store.close();
    this.store = await MemoryStore.open();
    this.#listener({ kind: 'emptied' });
  }

  get secret(): Store['secret'] {
    return this.store.secret;
  }

  onDataLoss(listener: (loss: DataLoss) => void): void {
    this.#listener = listener;
  }

  take: Store['take'] = (request) => this.store.take({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER });
  settle: Store['settle'] = (request) => this.store.settle(request);
  read: Store['read'] = (request) => this.store.read(request);
  now = () => this.store.now();
  probe = () => Promise.resolve();
  close = () => this.store.close();
}

let store: Emptied;
let engine: QuotaEngine;
beforeEach(async () => {
  store = new Emptied(await MemoryStore.open());
  engine = another();
});
afterEach(() => engine.close());

function another(): QuotaEngine {
  const runner = new ResilientRunner({ store: store as unknown as Store });
  return new QuotaEngine({ runner, rules: new LiveRules(new RuleBook(1, [rule])) });
}

async function used(): Promise<number[]> {
  return (await engine.usage(CHAT)).limits.map((limit) => limit.used);
}

it('a store that was emptied counts again of each meter what it had acknowledged', async () => {
  await engine.check({ ...CHAT, amount: 2, amounts: { tokens: 400 }, operationId: 'a' });
  await engine.check({ ...CHAT, amount: 0, amounts: { tokens: 50 } });
  await engine.check(CHAT);
  expect(await used()).toEqual([3, 450]);
  await store.empty();
  while (engine.journal().toReplay > 0) await sleep(2);
  expect(await used()).toEqual([3, 450]);
});

it('and what another node had counted, and this one repeated', async () => {
  const check = { ...CHAT, amount: 2, amounts: { tokens: 400 }, operationId: 'a' };
  await another().check(check);
  // The latest to open the store is the one that hears of its loss.
  engine = another();
  expect(await engine.check(check)).toMatchObject({ replayed: true });
  await store.empty();
  while (engine.journal().toReplay > 0) await sleep(2);
  expect(await used()).toEqual([2, 400]);
});
