import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LLM, UnsteadySite } from '../../../../test/support/unsteady-site.js';
import { Journal } from '../journal/journal.js';

let site: UnsteadySite;
beforeEach(async () => {
  site = await UnsteadySite.open();
});
afterEach(() => site.close());

describe('An operation that this node has refused', () => {
  // The store repeated it, and both were allowed: 11 of 10.
  it.each(['check', 'reserve'] as const)(
    'is not repeated as allowed by a store that has counted it, when its room is another one’s by now: %s',
    async (verb) => {
      const engine = site.engineOn({ live: 2 });
      const ask = () => engine[verb]({ ...LLM, operationId: 'a', amount: 6 });
      site.store.isMute = true;
      expect(await ask()).toMatchObject({ allowed: false, degraded: { policy: 'local' } });
      site.store.isAway = true;
      expect(await engine.check({ ...LLM, amount: 5 })).toMatchObject({ allowed: true });
      [site.store.isAway, site.store.isMute, site.store.settles] = [false, false, false];
      while (engine.status().mode !== 'exact') await sleep(5);
      expect(await ask()).toMatchObject({ allowed: false, degraded: { policy: 'local' } });
      await site.settled(engine);
      expect((await site.states(engine))[0]).toEqual([5, 0]);
      expect(await ask()).toMatchObject({ allowed: false, degraded: null });
    },
  );

  it('is repeated as allowed by the store under policy deny, which gives its room to no other', async () => {
    const engine = site.engineOn({ degrade: 'deny' });
    const ask = () => engine.check({ ...LLM, operationId: 'a' });
    site.store.isMute = true;
    expect(await ask()).toMatchObject({ allowed: false, degraded: { policy: 'deny' } });
    [site.store.isMute, site.store.settles] = [false, false];
    while (engine.status().mode !== 'exact') await sleep(5);
    expect(await ask()).toMatchObject({ allowed: true, replayed: true });
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([1, 0]);
  });
});

describe('Settlements of one operation', () => {
  // The refund had taken the commit's place: the store released what was held, and named other amounts than this node.
  it('are recorded in the order in which they were decided: a commit, then its refund', async () => {
    const engine = site.engineOn();
    const { reservation } = await engine.reserve({ ...LLM, operationId: 'a', amounts: { tokens: 388 } });
    site.store.isAway = true;
    await engine.check({ ...LLM, operationId: 'b', amounts: { tokens: 20 } });
    await engine.commit(reservation!.id, { amount: 3, amounts: { tokens: 395 } });
    for (const isSettled of [false, true]) {
      if (isSettled) await site.settled(engine);
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
    expect(await site.states(engine)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('are recorded in that order after a restart, too', async () => {
    const journal = await Journal.open({ directory: site.directory, sync: 'group' });
    const before = site.engineOn({ journal });
    const { reservation } = await before.reserve({ ...LLM, operationId: 'a' });
    site.store.isAway = true;
    await before.commit(reservation!.id, { amount: 3 });
    await before.check({ ...LLM, operationId: 'b', amount: 2 });
    for (const operationId of ['a', 'b']) await before.refund({ ...LLM, operationId });
    await before.close();
    const engine = site.engineOn({
      journal: await Journal.open({ directory: site.directory, sync: 'group' }),
    });
    expect((await site.states(engine))[0]).toEqual([0, 0]);
    const committed = { reservation: { committed: { units: 3 } } };
    expect(await engine.commit(reservation!.id)).toMatchObject(committed);
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([0, 0]);
    expect(await engine.commit(reservation!.id)).toMatchObject(committed);
    for (const [operationId, units] of [
      ['a', 3],
      ['b', 2],
    ] as const)
      expect(await engine.refund({ ...LLM, operationId })).toMatchObject({ amounts: { units } });
  });

  // The new operation had taken the place of the release: the store kept the released one, and refused the other's content.
  it('are recorded in that order where a release has freed the id for another operation', async () => {
    const engine = site.engineOn();
    const reserve = (amount: number) => engine.reserve({ ...LLM, operationId: 'a', amount });
    const { id } = (await reserve(1)).reservation!;
    site.store.isAway = true;
    await engine.release(id);
    const { reservation } = await reserve(2);
    expect(reservation).toMatchObject({ state: 'held', amounts: { units: 2 } });
    await expect(engine.commit(id)).rejects.toMatchObject({ code: 'reservation-ended' });
    await engine.commit(reservation!.id);
    await site.settled(engine);
    expect((await site.states(engine))[0]).toEqual([2, 0]);
    expect(engine.status().lost).toBe(0);
  });

  // The store, which did not know of the release yet, repeated the reservation that was about to be released.
  it('are recorded before the store is asked for an operation under an id that a release has freed', async () => {
    const engine = site.engineOn();
    const reserve = () => engine.reserve({ ...LLM, operationId: 'a' });
    const { id } = (await reserve()).reservation!;
    site.store.isAway = true;
    // All in the same millisecond: what is taken with a release, or before it, another node had decided.
    const now = jest.spyOn(site.memory, 'now').mockReturnValue(Math.floor(site.memory.now()) + 1);
    await engine.release(id);
    site.store.isAway = false;
    site.store.settles = false;
    const { reservation, replayed } = await reserve();
    now.mockRestore();
    expect(replayed).toBe(false);
    await site.settled(engine);
    expect(await engine.commit(reservation!.id)).toMatchObject({ reservation: { state: 'committed' } });
    expect((await site.states(engine))[0]).toEqual([1, 0]);
  });
});

describe('A refund at a node that holds the reservation by its own word', () => {
  // It was refused as held until the node's own settlement was recorded.
  it('is done where another node has committed it, refused while it is held, and by its own word without the store', async () => {
    const [first, second] = [site.engineOn(), site.engineOn()];
    const operation = { ...LLM, operationId: 'a' };
    const { reservation } = await first.reserve(operation);
    site.store.isAway = true;
    expect(await second.reserve(operation)).toMatchObject({
      allowed: true,
      degraded: { cause: 'store-error' },
    });
    await expect(second.refund(operation)).rejects.toMatchObject({ code: 'reservation-held' });
    [site.store.isAway, site.store.settles] = [false, false];
    while (second.status().mode !== 'exact') await sleep(5);
    await expect(second.refund(operation)).rejects.toMatchObject({ code: 'reservation-held' });
    await first.commit(reservation!.id);
    expect(await second.refund(operation)).toMatchObject({ refunded: true, amounts: { units: 1 } });
    site.store.settles = true;
    await site.settled(second);
    expect((await site.states(first))[0]).toEqual([0, 0]);
  });
});
