import { expect, it } from '@jest/globals';
import type { Ledger, LedgerEvent } from '@sundial/ledger';
import { allPages, check, DAY, limit, opened, T0 } from './ledger-events.js';

/** What is summed up: past windows, outages. */
export function ledgerSumsContract(open: () => Promise<Ledger>): void {
  it('remembers windows as they were last seen, and who used and was refused most', async () => {
    const { questions, ...ledger } = await opened(open);
    const decided = (user: string, used: number, more: Partial<LedgerEvent> = {}) =>
      check({
        subject: { user, grade: '3' },
        at: T0 + used,
        data: { amounts: { units: 2 }, limits: [limit(used)] },
        ...more,
      });
    await ledger.record([
      ...[2, 4, 6].map((used) => decided('u1', used)),
      decided('u1', 6, { outcome: 'denied', at: T0 + 7 }),
      decided('u1', 6, { at: T0 + 8, data: { replayed: true, amounts: { units: 2 }, limits: [limit(6)] } }),
      decided('u2', 2),
    ]);
    await ledger.record([
      decided('u1', 4, { kind: 'refund', outcome: 'refunded', at: T0 + 9 }),
      decided('u1', 2, {
        at: T0 + DAY,
        data: { amounts: { units: 2 }, limits: [limit(2, { startsAt: T0 + DAY })] },
      }),
    ]);
    const subject = { user: 'u1', grade: '3' };
    const history = await allPages((page) => questions.usageHistory({ subject }, page), { limit: 1 });
    expect(history).toMatchObject([
      { rule: 'ocr-per-user', subject: { user: 'u1' }, startsAt: T0 + DAY, used: 2, max: 10, allowed: 1 },
      { startsAt: T0, resetsAt: T0 + DAY, used: 4, reserved: 0, allowed: 3, denied: 1, seenAt: T0 + 9 },
    ]);
    expect((await questions.usageHistory({ subject, window: 'hour' })).rows).toEqual([]);
    const today = { from: T0, to: T0 + 1 };
    expect((await questions.top({ by: 'used', resource: 'ocr', ...today })).rows).toEqual([
      { resource: 'ocr', subject, used: 4, allowed: 3, denied: 1 },
      { resource: 'ocr', subject: { user: 'u2', grade: '3' }, used: 2, allowed: 1, denied: 0 },
    ]);
    expect((await questions.top({ by: 'denied' })).rows).toMatchObject([{ subject, used: 6, denied: 1 }]);
  });

  it('tells what was decided in an outage, and what became of it', async () => {
    const { questions, ...ledger } = await opened(open);
    const blind = (operationId: string, at: number, outcome = 'allowed') =>
      check({ operationId, at, outcome, data: { degraded: { cause: 'timeout', policy: 'allow' } } });
    const settled = (operationId: string, decidedAt: number, outcome: string) =>
      check({ kind: 'settlement', operationId, at: T0 + 5_000, outcome, data: { decidedAt } });
    await ledger.record([
      { at: T0, kind: 'mode', outcome: 'degraded' },
      blind('one', T0 + 1),
      blind('two', T0 + 2),
      blind('three', T0 + 3, 'denied'),
      { at: T0 + 4_000, kind: 'mode', outcome: 'exact' },
      settled('one', T0 + 1, 'counted'),
      settled('two', T0 + 2, 'voided'),
      { at: T0 + 90_000, kind: 'mode', outcome: 'degraded' },
    ]);
    const outages = await allPages((page) => questions.outages({}, page), { limit: 1 });
    expect(outages).toEqual([
      { node: 'a', from: T0 + 90_000, to: null, allowed: 0, denied: 0, settled: {} },
      { node: 'a', from: T0, to: T0 + 4_000, allowed: 2, denied: 1, settled: { counted: 1, voided: 1 } },
    ]);
    const affected = await allPages((page) => questions.affected(outages[1]!, page), { limit: 2 });
    expect(
      affected.map(({ decision, afterwards }) => [
        decision.operationId,
        ...afterwards.map(({ outcome }) => outcome),
      ]),
    ).toEqual([['three'], ['two', 'voided'], ['one', 'counted']]);
  });

  // A breaker that opens again at once: the first outage had settlements pending for ever, the second more than it had allowed.
  it.each([
    ['was decided when the second began', 148],
    ['was decided before the first ended, and recorded later', 105],
  ])('distinguishes two outages that follow each other at once, where a check %s', async (_, second) => {
    const { questions, ...ledger } = await opened(open);
    const data = { degraded: { cause: 'timeout', policy: 'allow' } } as const;
    const settled = (decidedAt: number) =>
      check({ kind: 'settlement', at: T0 + 5_000, outcome: 'counted', data: { decidedAt } });
    await ledger.record([
      { at: T0, kind: 'mode', outcome: 'degraded' },
      check({ operationId: 'one', at: T0 + 100, data }),
      { at: T0 + 110, kind: 'mode', outcome: 'exact' },
      check({ operationId: 'two', at: T0 + 150, data }),
      { at: T0 + 200, kind: 'mode', outcome: 'exact' },
      // The first decision of an outage is recorded when it was made already.
      ...[T0 + 99, T0 + second].map(settled),
    ]);
    const { rows } = await questions.outages({}, { order: 'oldest' });
    expect(rows).toMatchObject([
      { from: T0, to: T0 + 110, allowed: 1, settled: { counted: 1 } },
      { from: T0 + 150, to: T0 + 200, allowed: 1, settled: { counted: 1 } },
    ]);
  });
}
