import type { DegradePolicy, Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import { countersToTake, StoreError } from '@sundial/engine/ports';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalHolds } from '../fallback/local-holds.js';
import { Journal } from '../journal/journal.js';
import { ResilientRunner } from '../resilient-runner.js';

const LLM = { resource: 'llm', subject: { user: 'u' } };

function ruleOf(degrade: DegradePolicy): Rule {
  return {
    ...{ id: 'r', resource: 'llm', per: ['user'], timeZone: 'UTC', mode: 'enforce', degrade },
    limits: [
      { window: 'total', max: 10 },
      { window: 'total', meter: 'tokens', max: 1_000 },
    ],
  };
}

/** A store that is away, or takes no settlements, when the test says so. */
class Unsteady {
  readonly kind = 'redis';
  isAway = false;
  /** It does what it is asked, and its answers get lost. */
  isMute = false;
  settles = true;

  constructor(private readonly store: MemoryStore) {}

  get secret(): Store['secret'] {
    return this.store.secret;
  }

  take: Store['take'] = (request) => {
    const counters = countersToTake(request) as typeof request.counters;
    return this.#ask(() => this.store.take({ ...request, counters, deadlineAt: Number.MAX_SAFE_INTEGER }));
  };
  settle: Store['settle'] = (request) => this.#ask(() => this.store.settle(request), this.settles);
  read: Store['read'] = (request) => this.#ask(() => this.store.read(request));
  endHold: Store['endHold'] = (request) =>
    this.#ask(() => this.store.endHold({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER }));
  refund: Store['refund'] = (request) =>
    this.#ask(() => this.store.refund({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER }));
  now = () => this.store.now();
  probe = async () => this.#ask(() => undefined);
  close = async () => undefined;

  async #ask<T>(ask: () => T, answers = true): Promise<T> {
    if (this.isAway || !answers) throw new StoreError('Away', 'not-executed');
    const answer = ask();
    if (this.isMute) throw new StoreError('Mute', 'unknown');
    return answer;
  }
}

let memory: MemoryStore;
let store: Unsteady;
let directory: string;
const engines: QuotaEngine[] = [];
beforeEach(async () => {
  memory = await MemoryStore.open();
  store = new Unsteady(memory);
  directory = await mkdtemp(join(tmpdir(), 'without-store-'));
});
afterEach(async () => {
  store.isAway = true;
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await memory.close();
  await rm(directory, { recursive: true });
});

interface Setting {
  readonly degrade?: DegradePolicy;
  readonly journal?: Journal;
  /** How many nodes share what remains. */
  readonly live?: number;
}

function engineOn({ degrade = 'local', journal, live = 1 }: Setting = {}) {
  const nodes = () => ({ live, rank: 0 });
  const runner = new ResilientRunner({ store: store as unknown as Store, journal, nodes });
  const engine = new QuotaEngine({ runner, rules: new LiveRules(new RuleBook(1, [ruleOf(degrade)])) });
  engines.push(engine);
  return engine;
}

async function states(engine: QuotaEngine): Promise<number[][]> {
  return (await engine.usage(LLM)).limits.map(({ used, reserved }) => [used, reserved]);
}

async function settled(engine: QuotaEngine): Promise<void> {
  store.isAway = false;
  store.isMute = false;
  store.settles = true;
  while (engine.status().pending > 0 || engine.status().mode !== 'exact') await sleep(5);
}

describe('An extension without the store', () => {
  it('is decided like a check, and the counters are exact afterwards', async () => {
    for (const isHeldByStore of [true, false]) {
      const engine = engineOn();
      const operationId = `job-${isHeldByStore}`;
      store.isAway = !isHeldByStore;
      const held = await engine.reserve({ ...LLM, operationId, amounts: { tokens: 100 } });
      const { id } = held.reservation!;
      store.isAway = true;
      const before = isHeldByStore ? 0 : 1;
      expect(await engine.extend(id, { amounts: { tokens: 5_000 } })).toMatchObject({
        allowed: false,
        degraded: { policy: 'local' },
        reservation: { amounts: { units: 1, tokens: 100 } },
      });
      expect(await engine.extend(id, { amounts: { tokens: 300 }, ttlMs: 600_000 })).toMatchObject({
        allowed: true,
        reason: 'ok',
        degraded: { policy: 'local' },
        reservation: { state: 'held', amounts: { units: 1, tokens: 300 } },
      });
      // It is known without the store what it holds by now, and until when.
      const known = await engine.reservation(id);
      expect(known.reservation.amounts).toEqual({ units: 1, tokens: 300 });
      expect(Date.parse(known.reservation.expiresAt) - memory.now()).toBeGreaterThan(500_000);
      await settled(engine);
      expect(await states(engine)).toEqual([
        [before, 1],
        [before * 300, 300],
      ]);
      expect(await engine.commit(id)).toMatchObject({
        reservation: { committed: { units: 1, tokens: 300 } },
      });
      expect(await states(engine)).toEqual([
        [before + 1, 0],
        [before * 300 + 300, 0],
      ]);
    }
  });

  it.each([
    ['allow', true],
    ['deny', false],
  ] as const)('goes by the policy: %s', async (degrade, allowed) => {
    const engine = engineOn({ degrade });
    const held = await engine.reserve({ ...LLM, amounts: { tokens: 100 } });
    const { id } = held.reservation!;
    store.isAway = true;
    expect(await engine.extend(id, { amounts: { tokens: 2_000 } })).toMatchObject({
      ...{ allowed, reason: 'degraded', degraded: { policy: degrade } },
      reservation: { amounts: { tokens: allowed ? 2_000 : 100 } },
    });
    // Longer alone takes nothing that others could want.
    expect(await engine.extend(id, { ttlMs: 600_000 })).toMatchObject({ allowed: true });
    expect(await engine.commit(id)).toMatchObject({
      reservation: { committed: { units: 1, tokens: allowed ? 2_000 : 100 } },
    });
    await settled(engine);
    expect(await states(engine)).toEqual([
      [1, 0],
      [allowed ? 2_000 : 100, 0],
    ]);
  });
});

describe('An ending without the store', () => {
  it('that is repeated with other amounts answers what the first one did', async () => {
    const engine = engineOn();
    const [first, second] = [await engine.reserve(LLM), await engine.reserve(LLM)].map(
      ({ reservation }) => reservation!.id,
    );
    const committed = { reservation: { state: 'committed', committed: { units: 3 }, overage: { units: 2 } } };
    expect(await engine.commit(first!, { amount: 3 })).toMatchObject(committed);
    store.isAway = true;
    expect(await engine.commit(second!, { amount: 3 })).toMatchObject(committed);
    for (const id of [first!, second!]) {
      expect(await engine.commit(id, { amount: 5 })).toMatchObject(committed);
      expect(await engine.reservation(id)).toMatchObject(committed);
      await expect(engine.release(id)).rejects.toMatchObject({ code: 'reservation-ended' });
    }
    await settled(engine);
    store.isAway = true;
    expect(await engine.commit(second!, { amount: 5 })).toMatchObject(committed);
    await settled(engine);
    expect((await states(engine))[0]).toEqual([6, 0]);
  });

  it('counts here after a restart, as far as the store has it not', async () => {
    const journal = await Journal.open({ directory, sync: 'group' });
    const before = engineOn({ journal });
    store.isAway = true;
    const { reservation } = await before.reserve({ ...LLM, amount: 2 });
    await before.commit(reservation!.id, { amount: 6 });
    await before.close();
    engines.splice(0);
    const engine = engineOn({ journal: await Journal.open({ directory, sync: 'group' }) });
    expect((await states(engine))[0]).toEqual([6, 0]);
    expect(await engine.check({ ...LLM, amount: 5 })).toMatchObject({ allowed: false });
    expect(await engine.check({ ...LLM, amount: 4 })).toMatchObject({ allowed: true });
    await settled(engine);
    expect((await states(engine))[0]).toEqual([10, 0]);
  });
});

describe('A refund without the store', () => {
  it('names what it gives back, where this node has counted it', async () => {
    const engine = engineOn();
    const refund = (operationId: string) => engine.refund({ ...LLM, operationId });
    const check = (operationId: string) => engine.check({ ...LLM, operationId, amounts: { tokens: 7 } });
    const commit = async (operationId: string) => {
      const { reservation } = await engine.reserve({ ...LLM, operationId, amounts: { tokens: 50 } });
      await engine.commit(reservation!.id, { amounts: { tokens: 20 } });
    };
    await check('a');
    await commit('b');
    store.isAway = true;
    await check('c');
    await commit('d');
    for (let times = 0; times < 2; times++)
      for (const [id, tokens] of [
        ['a', 7],
        ['b', 20],
        ['c', 7],
        ['d', 20],
      ] as const)
        expect(await refund(id)).toEqual({ refunded: true, amounts: { units: 1, tokens } });
    // Of another node's it can't know.
    expect(await refund('e')).toEqual({ refunded: true, amounts: {} });
    await settled(engine);
    expect(await states(engine)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('An operation that this node has refused', () => {
  // The store repeated it, and both were allowed: 11 of 10.
  it.each(['check', 'reserve'] as const)(
    'is not repeated as allowed by a store that has counted it, when its room is another one’s by now: %s',
    async (verb) => {
      const engine = engineOn({ live: 2 });
      const ask = () => engine[verb]({ ...LLM, operationId: 'a', amount: 6 });
      store.isMute = true;
      expect(await ask()).toMatchObject({ allowed: false, degraded: { policy: 'local' } });
      store.isAway = true;
      expect(await engine.check({ ...LLM, amount: 5 })).toMatchObject({ allowed: true });
      [store.isAway, store.isMute, store.settles] = [false, false, false];
      while (engine.status().mode !== 'exact') await sleep(5);
      expect(await ask()).toMatchObject({ allowed: false, degraded: { policy: 'local' } });
      await settled(engine);
      expect((await states(engine))[0]).toEqual([5, 0]);
      expect(await ask()).toMatchObject({ allowed: false, degraded: null });
    },
  );

  it('is repeated as allowed by the store under policy deny, which gives its room to no other', async () => {
    const engine = engineOn({ degrade: 'deny' });
    const ask = () => engine.check({ ...LLM, operationId: 'a' });
    store.isMute = true;
    expect(await ask()).toMatchObject({ allowed: false, degraded: { policy: 'deny' } });
    [store.isMute, store.settles] = [false, false];
    while (engine.status().mode !== 'exact') await sleep(5);
    expect(await ask()).toMatchObject({ allowed: true, replayed: true });
    await settled(engine);
    expect((await states(engine))[0]).toEqual([1, 0]);
  });
});

describe('Settlements of one operation', () => {
  // The refund had taken the commit's place: the store released what was held, and named other amounts than this node.
  it('are recorded in the order in which they were decided: a commit, then its refund', async () => {
    const engine = engineOn();
    const { reservation } = await engine.reserve({ ...LLM, operationId: 'a', amounts: { tokens: 388 } });
    store.isAway = true;
    await engine.check({ ...LLM, operationId: 'b', amounts: { tokens: 20 } });
    await engine.commit(reservation!.id, { amount: 3, amounts: { tokens: 395 } });
    for (const isSettled of [false, true]) {
      if (isSettled) await settled(engine);
      expect(await engine.refund({ ...LLM, operationId: 'a' })).toEqual({
        ...{ refunded: true, amounts: { units: 3, tokens: 395 } },
      });
      expect(await engine.refund({ ...LLM, operationId: 'b' })).toEqual({
        ...{ refunded: true, amounts: { units: 1, tokens: 20 } },
      });
      expect(await engine.commit(reservation!.id)).toMatchObject({
        reservation: { state: 'committed', committed: { units: 3, tokens: 395 } },
      });
      await expect(engine.release(reservation!.id)).rejects.toMatchObject({ code: 'reservation-ended' });
    }
    expect(await states(engine)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('are recorded in that order after a restart, too', async () => {
    const journal = await Journal.open({ directory, sync: 'group' });
    const before = engineOn({ journal });
    const { reservation } = await before.reserve({ ...LLM, operationId: 'a' });
    store.isAway = true;
    await before.commit(reservation!.id, { amount: 3 });
    await before.check({ ...LLM, operationId: 'b', amount: 2 });
    for (const operationId of ['a', 'b']) await before.refund({ ...LLM, operationId });
    await before.close();
    engines.splice(0);
    const engine = engineOn({ journal: await Journal.open({ directory, sync: 'group' }) });
    expect((await states(engine))[0]).toEqual([0, 0]);
    const committed = { reservation: { committed: { units: 3 } } };
    expect(await engine.commit(reservation!.id)).toMatchObject(committed);
    await settled(engine);
    expect((await states(engine))[0]).toEqual([0, 0]);
    expect(await engine.commit(reservation!.id)).toMatchObject(committed);
    for (const [operationId, units] of [
      ['a', 3],
      ['b', 2],
    ] as const)
      expect(await engine.refund({ ...LLM, operationId })).toMatchObject({ amounts: { units } });
  });

  // The new operation had taken the place of the release: the store kept the released one, and refused the other's content.
  it('are recorded in that order where a release has freed the id for another operation', async () => {
    const engine = engineOn();
    const reserve = (amount: number) => engine.reserve({ ...LLM, operationId: 'a', amount });
    const { id } = (await reserve(1)).reservation!;
    store.isAway = true;
    await engine.release(id);
    const { reservation } = await reserve(2);
    expect(reservation).toMatchObject({ state: 'held', amounts: { units: 2 } });
    await expect(engine.commit(id)).rejects.toMatchObject({ code: 'reservation-ended' });
    await engine.commit(reservation!.id);
    await settled(engine);
    expect((await states(engine))[0]).toEqual([2, 0]);
    expect(engine.status().lost).toBe(0);
  });

  // The store, which did not know of the release yet, repeated the reservation that was about to be released.
  it('are recorded before the store is asked for an operation under an id that a release has freed', async () => {
    const engine = engineOn();
    const reserve = () => engine.reserve({ ...LLM, operationId: 'a' });
    const { id } = (await reserve()).reservation!;
    store.isAway = true;
    // All in the same millisecond: what is taken with a release, or before it, another node had decided.
    const now = jest.spyOn(memory, 'now').mockReturnValue(Math.floor(memory.now()) + 1);
    await engine.release(id);
    store.isAway = false;
    store.settles = false;
    const { reservation, replayed } = await reserve();
    now.mockRestore();
    expect(replayed).toBe(false);
    await settled(engine);
    expect(await engine.commit(reservation!.id)).toMatchObject({ reservation: { state: 'committed' } });
    expect((await states(engine))[0]).toEqual([1, 0]);
  });
});

describe('A reservation that is being settled', () => {
  it('is shown as reserved, and takes room', async () => {
    const engine = engineOn();
    store.isAway = true;
    await engine.reserve({ ...LLM, amount: 4 });
    expect((await states(engine))[0]).toEqual([0, 4]);
    store.isAway = false;
    store.settles = false;
    while (engine.status().mode !== 'exact') await sleep(5);
    await engine.check(LLM);
    expect((await states(engine))[0]).toEqual([1, 4]);
    expect(await engine.check({ ...LLM, amount: 6 })).toMatchObject({ allowed: false });
    await settled(engine);
    expect((await states(engine))[0]).toEqual([1, 4]);
  });

  it('is one of no more than a counter can hold', async () => {
    const engine = engineOn();
    store.isAway = true;
    const isFull = jest.spyOn(LocalHolds.prototype, 'isFull').mockReturnValue(true);
    expect(await engine.reserve(LLM)).toMatchObject({
      ...{
        allowed: false,
        reason: 'too-many-holds',
        reservation: null,
        limits: [{ used: 0, reserved: 0 }, {}],
      },
    });
    expect(await engine.check(LLM)).toMatchObject({ allowed: true });
    isFull.mockRestore();
    expect(await engine.reserve(LLM)).toMatchObject({ allowed: true });
  });
});
