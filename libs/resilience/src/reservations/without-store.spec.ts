import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LLM, UnsteadySite } from '../../../../test/support/unsteady-site.js';
import { LocalHolds } from '../fallback/local-holds.js';
import { Journal } from '../journal/journal.js';

let site: UnsteadySite;
beforeEach(async () => {
  site = await UnsteadySite.open();
});
afterEach(() => site.close());

describe('An extension without the store', () => {
  it('is decided like a check, and the counters are exact afterwards', async () => {
    for (const isHeldByStore of [true, false]) {
      const engine = site.engineOn();
      const operationId = `job-${isHeldByStore}`;
      site.store.isAway = !isHeldByStore;
      const held = await engine.reserve({ ...LLM, operationId, amounts: { tokens: 100 } });
      const { id } = held.reservation!;
      site.store.isAway = true;
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
      expect(Date.parse(known.reservation.expiresAt) - site.memory.now()).toBeGreaterThan(500_000);
      await site.settled(engine);
      expect(await site.states(engine)).toEqual([
        [before, 1],
        [before * 300, 300],
      ]);
      expect(await engine.commit(id)).toMatchObject({
        reservation: { committed: { units: 1, tokens: 300 } },
      });
      expect(await site.states(engine)).toEqual([
        [before + 1, 0],
        [before * 300 + 300, 0],
      ]);
    }
  });

  it.each([
    ['allow', true],
    ['deny', false],
  ] as const)('goes by the policy: %s', async (degrade, allowed) => {
    const engine = site.engineOn({ degrade });
    const held = await engine.reserve({ ...LLM, amounts: { tokens: 100 } });
    const { id } = held.reservation!;
    site.store.isAway = true;
    expect(await engine.extend(id, { amounts: { tokens: 2_000 } })).toMatchObject({
      ...{ allowed, reason: 'degraded', degraded: { policy: degrade } },
      reservation: { amounts: { tokens: allowed ? 2_000 : 100 } },
    });
    // Longer alone takes nothing that others could want.
    expect(await engine.extend(id, { ttlMs: 600_000 })).toMatchObject({ allowed: true });
    expect(await engine.commit(id)).toMatchObject({
      reservation: { committed: { units: 1, tokens: allowed ? 2_000 : 100 } },
    });
    await site.settled(engine);
    expect(await site.states(engine)).toEqual([
      [1, 0],
      [allowed ? 2_000 : 100, 0],
    ]);
  });
});

describe('An ending without the store', () => {
  it('that is repeated with other amounts answers what the first one did', async () => {
    const engine = site.engineOn();
    const [first, second] = [await engine.reserve(LLM), await engine.reserve(LLM)].map(
      ({ reservation }) => reservation!.id,
    );
    const committed = { reservation: { state: 'committed', committed: { units: 3 }, overage: { units: 2 } } };
    expect(await engine.commit(first!, { amount: 3 })).toMatchObject(committed);
    site.store.isAway = true;
    expect(await engine.commit(second!, { amount: 3 })).toMatchObject(committed);
    for (const id of [first!, second!]) {
      expect(await engine.commit(id, { amount: 5 })).toMatchObject(committed);
      expect(await engine.reservation(id)).toMatchObject(committed);
      await expect(engine.release(id)).rejects.toMatchObject({ code: 'reservation-ended' });
    }
    await site.settled(engine);
    site.store.isAway = true;
    expect(await engine.commit(second!, { amount: 5 })).toMatchObject(committed);
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([6, 0]);
  });

  it('is known of a reservation that the store has by another attempt', async () => {
    const [engine, other] = [site.engineOn(), site.engineOn()];
    const reserve = { ...LLM, operationId: 'shared' };
    await other.reserve(reserve);
    site.store.isAway = true;
    await sleep(2);
    const { reservation, degraded } = await engine.reserve(reserve);
    expect(degraded).not.toBeNull();
    await site.settled(engine);
    const committed = { reservation: { state: 'committed', committed: { units: 3 } } };
    expect(await engine.commit(reservation!.id, { amount: 3 })).toMatchObject({
      ...committed,
      degraded: null,
    });
    site.store.isAway = true;
    await expect(engine.release(reservation!.id)).rejects.toMatchObject({ code: 'reservation-ended' });
    expect(await engine.commit(reservation!.id, { amount: 5 })).toMatchObject(committed);
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([3, 0]);
  });

  it('counts here after a restart, as far as the store has it not', async () => {
    const journal = await Journal.open({ directory: site.directory, sync: 'group' });
    const before = site.engineOn({ journal });
    site.store.isAway = true;
    const { reservation } = await before.reserve({ ...LLM, amount: 2 });
    await before.commit(reservation!.id, { amount: 6 });
    await before.close();
    const engine = site.engineOn({
      journal: await Journal.open({ directory: site.directory, sync: 'group' }),
    });
    expect((await site.states(engine))[0]).toEqual([6, 0]);
    expect(await engine.check({ ...LLM, amount: 5 })).toMatchObject({ allowed: false });
    expect(await engine.check({ ...LLM, amount: 4 })).toMatchObject({ allowed: true });
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([10, 0]);
  });
});

describe('A refund without the store', () => {
  it('names what it gives back, where this node has counted it', async () => {
    const engine = site.engineOn();
    const refund = (operationId: string) => engine.refund({ ...LLM, operationId });
    const check = (operationId: string) => engine.check({ ...LLM, operationId, amounts: { tokens: 7 } });
    const commit = async (operationId: string) => {
      const { reservation } = await engine.reserve({ ...LLM, operationId, amounts: { tokens: 50 } });
      await engine.commit(reservation!.id, { amounts: { tokens: 20 } });
    };
    await check('a');
    await commit('b');
    site.store.isAway = true;
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
    await site.settled(engine);
    expect(await site.states(engine)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('A reservation that is being settled', () => {
  it('is shown as reserved, and takes room', async () => {
    const engine = site.engineOn();
    site.store.isAway = true;
    await engine.reserve({ ...LLM, amount: 4 });
    expect((await site.states(engine))[0]).toEqual([0, 4]);
    site.store.isAway = false;
    site.store.settles = false;
    while (engine.status().mode !== 'exact') await sleep(5);
    await engine.check(LLM);
    expect((await site.states(engine))[0]).toEqual([1, 4]);
    expect(await engine.check({ ...LLM, amount: 6 })).toMatchObject({ allowed: false });
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([1, 4]);
  });

  it('is one of no more than a counter can hold', async () => {
    const engine = site.engineOn();
    site.store.isAway = true;
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
