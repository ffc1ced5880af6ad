import type { Rule } from '@sundial/contract';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import {
  countersToTake,
  startByOf,
  StoreError,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';
import { setImmediate as turn } from 'node:timers/promises';
import { ResilientRunner } from './resilient-runner.js';

const MAX = 5;
const rule: Rule = {
  ...{ id: 'r', resource: 'ocr', per: ['user'], timeZone: 'UTC', limits: [{ window: 'day', max: MAX }] },
  ...{ mode: 'enforce', degrade: 'local' },
};

/** A store that sends a check when the test says so, in any order, as takes of different fairness keys are. */
class Overtaking {
  readonly kind = 'redis';
  readonly #waiting: { readonly leave: () => void; readonly refuse: () => void }[] = [];

  constructor(readonly store: MemoryStore) {}

  get secret(): Store['secret'] {
    return this.store.secret;
  }

  take(request: TakeRequest): Promise<TakeResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        leave: () =>
          resolve(
            this.store.take({
              ...request,
              counters: countersToTake(request),
              deadlineAt: startByOf(request) ?? 0,
            }),
          ),
        refuse: () => {
          startByOf(request);
          reject(new StoreError('refused', 'not-executed'));
        },
      });
    });
  }

  /** Of those that wait, the one at this place leaves, and is answered or refused. */
  async send(place: number, what: 'leave' | 'refuse' = 'leave'): Promise<void> {
    const [call] = this.#waiting.splice(place, 1);
    call?.[what]();
    await turn();
  }

  now = () => this.store.now();
  settle: Store['settle'] = () => new Promise(() => undefined);
  read: Store['read'] = () => ({ outcome: 'wrong-type' });
  probe = () => Promise.resolve();
  close = () => this.store.close();
}

let store: Overtaking;
let engine: QuotaEngine;
beforeEach(async () => {
  store = new Overtaking(await MemoryStore.open());
  const rules = new LiveRules(new RuleBook(1, [rule]));
  engine = new QuotaEngine({ runner: new ResilientRunner({ store: store as unknown as Store }), rules });
});
afterEach(() => engine.close());

it('keeps to the limit when a check that was allowed without the store is passed by others on their way to it', async () => {
  const ask = (amount = 1) => engine.check({ resource: 'ocr', subject: { user: 'u' }, amount });
  const filled = ask(3);
  await turn();
  await store.send(0);
  const [waits, undelivered] = [ask(), ask()];
  await turn();
  await store.send(1, 'refuse');
  const overtaking = ask();
  await turn();
  await store.send(1);
  await store.send(0);
  const decisions = await Promise.all([filled, waits, undelivered, overtaking]);
  expect(decisions.map(({ allowed, degraded }) => [allowed, degraded?.policy])).toEqual([
    [true, undefined],
    [false, undefined],
    [true, 'local'],
    [true, undefined],
  ]);
});
