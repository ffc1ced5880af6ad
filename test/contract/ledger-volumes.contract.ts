import { expect, it } from '@jest/globals';
import type { Ledger, LedgerData, LedgerEvent } from '@sundial/ledger';
import { check, DAY, limit, recordAll, T0 } from './ledger-events.js';
import type { OpenedSettings } from './ledger-under-test.js';

const MINUTE = 60_000;
const OK = { reason: 'ok', amounts: { units: 1 }, limits: [limit(1)] };

const decided = (at: number, data: LedgerData = {}, more: Partial<LedgerEvent> = {}) =>
  check({ at, data: { ...OK, ...data }, ...more });
const often = (times: number, at: number, data: LedgerData = {}, more: Partial<LedgerEvent> = {}) =>
  Array.from({ length: times }, () => decided(at, data, more));
/** Before yesterday's hour: the ledger knows all of that hour. */
const KNOWN = decided(T0 - DAY - 70 * MINUTE);

/** How much was decided about each resource, in the last hour and in the same hour of yesterday. */
export function ledgerVolumesContract(open: (settings?: OpenedSettings) => Promise<Ledger>): void {
  it('counts what rules decided in an hour, and in the same hour of yesterday, in steps of five minutes', async () => {
    const ledger = await open();
    const denied = { outcome: 'denied', subject: { user: 'u2' } };
    await recordAll(ledger, [
      KNOWN,
      ...often(3, T0 - DAY - 54 * MINUTE),
      ...often(5, T0 - DAY - 56 * MINUTE),
      ...often(2, T0 - DAY + MINUTE),
      ...often(4, T0 - DAY + 6 * MINUTE),
      ...often(7, T0 - 30 * MINUTE),
      ...often(6, T0 - 90 * MINUTE),
      // Beyond ten they are one row with a count.
      ...often(25, T0, { reason: 'limit-reached' }, denied),
      ...often(2, T0, { reason: 'degraded', limits: [], degraded: { cause: 'timeout', policy: 'allow' } }),
      decided(T0, { reason: 'gate-open' }),
      decided(T0, {}, { kind: 'reserve' }),
      decided(T0, {}, { resource: 'sms' }),
      // Nothing decided, or nothing asked.
      decided(T0, { replayed: true }),
      decided(T0, { degraded: { cause: 'timeout', policy: 'allow' }, replayed: true }),
      decided(T0, { reason: 'no-rule', limits: [] }),
      decided(T0, { reason: 'gate-closed', limits: [] }, { outcome: 'denied' }),
      decided(T0, { reason: 'braked', limits: [] }, { outcome: 'denied' }),
      decided(T0, { reason: 'gate-open', limits: [] }),
      decided(T0, {}, { kind: 'commit', outcome: 'committed' }),
    ]);
    const now = T0 + 4 * MINUTE;
    const ofOcr = { resource: 'ocr', decisions: 7 + 10 + 2 + 1 + 1, yesterday: 3 + 2 };
    const ofSms = { resource: 'sms', decisions: 1, yesterday: 0 };
    expect(sorted(await ledger.questions.volumes(now))).toEqual([ofOcr, ofSms]);
    // The minute of the refusals ends with the process.
    await ledger.close();
    const { questions } = await open();
    expect(sorted(await questions.volumes(now))).toEqual([
      { ...ofOcr, decisions: ofOcr.decisions + 15 },
      ofSms,
    ]);
  });

  it('knows nothing of an hour before it was there, nor of one with a gap', async () => {
    const ledger = await open();
    await recordAll(ledger, [decided(T0 - DAY - 40 * MINUTE), ...often(9, T0)]);
    expect(await ledger.questions.volumes(T0)).toEqual([]);
    await recordAll(ledger, [KNOWN]);
    const known = [{ resource: 'ocr', decisions: 9, yesterday: 1 }];
    expect(await ledger.questions.volumes(T0)).toEqual(known);
    const gap = (from: number, to: number, outcome = 'killed') =>
      check({ kind: 'gap', outcome, at: to, count: 0, data: { from, to } });
    await recordAll(ledger, [
      gap(T0 - 30 * MINUTE, T0),
      gap(T0 - DAY - 20 * MINUTE, T0 - DAY - 16 * MINUTE),
      gap(T0 - DAY - 20 * MINUTE, T0, 'retention'),
    ]);
    expect(await ledger.questions.volumes(T0)).toEqual(known);
    await recordAll(ledger, [gap(T0 - DAY - 10 * MINUTE, T0 - DAY + 90 * MINUTE)]);
    expect(await ledger.questions.volumes(T0)).toEqual([]);
  });

  it('counts what all nodes of a database decided, each row once', async () => {
    // Files are of one node after the other.
    for (const node of ['a', 'b']) {
      const ledger = await open({ node });
      await recordAll(ledger, [KNOWN, ...often(4, T0)]);
      await ledger.questions.volumes(T0);
      await recordAll(ledger, often(2, T0));
      await ledger.close();
    }
    const { questions } = await open();
    expect(await questions.volumes(T0)).toEqual([{ resource: 'ocr', decisions: 12, yesterday: 0 }]);
  });
}

function sorted<T extends { readonly resource: string }>(volumes: readonly T[]): readonly T[] {
  return volumes.toSorted((one, other) => (one.resource < other.resource ? -1 : 1));
}
