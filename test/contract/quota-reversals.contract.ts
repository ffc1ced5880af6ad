import { describe, expect, it } from '@jest/globals';
import type { LimitState } from '@sundial/contract';
import type { BeginScene } from './quota.contract.js';
import { aRule } from './rules.js';

const chat = aRule({
  id: 'chat-per-user',
  resource: 'chat',
  limits: [
    { window: 'day', max: 3 },
    { window: 'day', meter: 'tokens', max: 1_000 },
    { window: 'concurrent', max: 2 },
  ],
});
/** Used and reserved of each limit. */
const standOf = (limits: readonly LimitState[]) => limits.map(({ used, reserved }) => [used, reserved]);

/** What callers may expect of refunds and returns, from every implementation. */
export function reversalsContract(scene: BeginScene): void {
  const begin = async () => {
    const { quota, user } = await scene(chat);
    const subject = { user };
    const held = async (operationId: string) =>
      (await quota.reserve({ resource: 'chat', subject, amounts: { tokens: 400 }, operationId }))
        .reservation!;
    const stand = async () => standOf((await quota.usage({ resource: 'chat', subject })).limits);
    return { quota, subject, held, stand };
  };

  describe('a refund', () => {
    it('reverses an operation once, and its id counts no more', async () => {
      const { quota, subject, stand } = await begin();
      const operation = { resource: 'chat', subject, operationId: 'job-6' };
      await quota.check({ ...operation, amounts: { tokens: 50 } });
      expect(await quota.refund(operation)).toEqual({ refunded: true, amounts: { units: 1, tokens: 50 } });
      expect(await quota.refund(operation)).toEqual({ refunded: true, amounts: { units: 1, tokens: 50 } });
      expect(await stand()).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ]);
      await expect(quota.check({ ...operation, amounts: { tokens: 50 } })).rejects.toMatchObject({
        code: 'operation-refunded',
      });
      await expect(quota.refund({ ...operation, operationId: 'job-7' })).rejects.toMatchObject({
        code: 'operation-not-found',
      });
    });

    it('reverses what a reservation has committed, and none that is held', async () => {
      const { quota, subject, held, stand } = await begin();
      const { id } = await held('job-8');
      const operation = { resource: 'chat', subject, operationId: 'job-8' };
      await expect(quota.refund(operation)).rejects.toMatchObject({ code: 'reservation-held' });
      await quota.commit(id, { amounts: { tokens: 700 } });
      expect(await quota.refund(operation)).toEqual({ refunded: true, amounts: { units: 1, tokens: 700 } });
      expect(await stand()).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ]);
    });
  });

  describe('a return', () => {
    const seats = aRule({
      id: 'seats',
      resource: 'seat',
      limits: [
        { window: 'total', max: 5 },
        { window: 'day', max: 9 },
      ],
    });

    it('lowers totals alone, once an id, and not below what is used', async () => {
      const { quota, user } = await scene(seats);
      const seat = { resource: 'seat', subject: { user } };
      await quota.check({ ...seat, amount: 3 });
      const returned = await quota.returnUnits({ ...seat, amount: 2, operationId: 'left-1' });
      expect(returned).toMatchObject({
        returned: true,
        limits: [{ window: 'total', used: 1, remaining: 4 }],
      });
      await quota.returnUnits({ ...seat, amount: 2, operationId: 'left-1' });
      expect(standOf((await quota.usage(seat)).limits)).toEqual([
        [1, 0],
        [3, 0],
      ]);
      await expect(quota.returnUnits({ ...seat, amount: 2, operationId: 'left-2' })).rejects.toMatchObject({
        code: 'nothing-to-return',
      });
      await expect(quota.returnUnits({ ...seat, operationId: 'left-1' })).rejects.toMatchObject({
        code: 'operation-conflict',
      });
    });

    it('is nothing where no rule counts a total', async () => {
      const { quota, subject } = await begin();
      const returned = quota.returnUnits({ resource: 'chat', subject, operationId: 'left-3' });
      await expect(returned).rejects.toMatchObject({ code: 'nothing-to-return' });
    });
  });
}
