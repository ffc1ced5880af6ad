import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  LedgerCursorError,
  type Ledger,
  type LedgerEvent,
  type LedgerGap,
  type LedgerListeners,
} from '@sundial/ledger';
import { allPages, check, recordAll, T0 } from './ledger-events.js';
import { ledgerComparisonContract } from './ledger-comparison.contract.js';
import { ledgerListsContract } from './ledger-lists.contract.js';
import { ledgerSubjectsContract } from './ledger-subjects.contract.js';
import { ledgerSumsContract } from './ledger-sums.contract.js';
import { ledgerTopContract } from './ledger-top.contract.js';
import { ledgerVolumesContract } from './ledger-volumes.contract.js';
import type { LedgerUnderTest, OpenedSettings } from './ledger-under-test.js';

/** What a ledger does on every database. */
export function ledgerContract(name: string, makeSubject: () => LedgerUnderTest): void {
  describe(`a ledger on ${name}`, () => {
    const subject = makeSubject();
    const opened: Ledger[] = [];
    const open = async (settings?: OpenedSettings, listeners?: LedgerListeners) => {
      const ledger = await subject.open(settings, listeners);
      opened.push(ledger);
      return ledger;
    };
    beforeAll(() => subject.start());
    beforeEach(() => subject.clear());
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
    });
    afterAll(() => subject.stop());

    it('shows all events of an operation in the order they happened', async () => {
      const ledger = await open();
      const operationId = 'scan-1';
      await recordAll(ledger, [
        check({ kind: 'reserve', operationId, at: T0 }),
        check({ operationId: 'other' }),
        check({ kind: 'settlement', outcome: 'counted', operationId, at: T0 + 5 }),
        check({ kind: 'extend', operationId, at: T0 + 2 }),
        check({ kind: 'commit', outcome: 'committed', operationId, at: T0 + 9 }),
      ]);
      const events = await ledger.questions.operation(operationId);
      expect(events.map(({ kind, at, node, count }) => [kind, at - T0, node, count])).toEqual([
        ['reserve', 0, 'a', 1],
        ['extend', 2, 'a', 1],
        ['settlement', 5, 'a', 1],
        ['commit', 9, 'a', 1],
      ]);
      expect(await ledger.questions.operation('unknown')).toEqual([]);
    });

    it('answers an event as it was recorded', async () => {
      const ledger = await open();
      const event = check({
        operationId: `odd "'%_\\ \u2028 \u0000 \ud800 é`,
        subject: { user: `"u":"x" $1 ? \u0000`, grade: '3' },
        actor: 'web',
        data: { reason: 'ok', amounts: { tokens: 9_007_199_254_740_991 }, nested: [null, { deep: true }] },
      });
      await recordAll(ledger, [event]);
      const [recorded] = await ledger.questions.operation(event.operationId!);
      expect(recorded).toMatchObject({ ...event, node: 'a', count: 1 });
      expect((await ledger.questions.decisions({ subject: event.subject! })).rows).toHaveLength(1);
    });

    it('keeps ten refusals of a subject a minute, and the others as one row with their count', async () => {
      const ledger = await open();
      const denied = (at: number, user: string) => check({ outcome: 'denied', at, subject: { user } });
      const many = Array.from({ length: 250 }, (_, index) => denied(T0 + index, 'u1'));
      await recordAll(ledger, [...many, denied(T0 + 1, 'u2'), denied(T0 + 60_000, 'u1')]);
      const ofU1 = { subject: { user: 'u1' }, outcome: 'denied' };
      const rows = await allPages((page) => ledger.questions.decisions(ofU1, page));
      expect(rows.map(({ count }) => count).sort((one, other) => one - other)).toEqual([
        ...Array<number>(11).fill(1),
        240,
      ]);
      expect(rows.find(({ count }) => count > 1)!.data).toMatchObject({ from: T0 + 10, to: T0 + 249 });
    });

    it('counts what finds no room into a gap that is right to the event', async () => {
      const heard: LedgerGap[] = [];
      const ledger = await open({ maxQueued: 100 }, { onGap: (gap) => heard.push(gap) });
      const events = Array.from({ length: 1_000 }, (_, index) => check({ at: T0 + index }));
      await recordAll(ledger, events);
      await recordAll(ledger, [check({ at: T0 + 2_000 })]);
      const gaps = await ledger.questions.events({ kinds: ['gap'] });
      const [gap] = gaps.rows;
      expect(gaps.rows).toHaveLength(1);
      expect(gap).toMatchObject({
        outcome: 'queue-full',
        count: 900,
        data: { from: T0 + 100, to: T0 + 999 },
      });
      expect(heard).toEqual([{ cause: 'queue-full', from: T0 + 100, to: T0 + 999, count: 900 }]);
      expect(ledger.status()).toMatchObject({ queued: 0, lost: 900, written: 102 });
      expect(ledger.status().findings).toEqual([expect.stringMatching(/lost 900 events/)]);
      const written = await allPages((page) => ledger.questions.decisions({}, page));
      expect(written.length + gap!.count).toBe(events.length + 1);
    });

    it('records what no JSON can say, and what is too large, without its data', async () => {
      const ledger = await open();
      await recordAll(ledger, [
        check({ operationId: 'large', data: { text: 'x'.repeat(100_000) } }),
        check({ operationId: 'odd', data: { amount: 5n } }),
      ]);
      expect((await ledger.questions.operation('large'))[0]?.data).toEqual({ tooLarge: expect.any(Number) });
      expect((await ledger.questions.operation('odd'))[0]?.data).toEqual({ unreadable: expect.any(String) });
    });

    it('keeps what it has when it is opened again, and misses nothing after it was closed', async () => {
      const first = await open();
      await recordAll(first, [check({ operationId: 'one' })]);
      first.record(check({ operationId: 'two' }));
      await first.close();
      const second = await open();
      await recordAll(second, [check({ operationId: 'three' })]);
      const { rows } = await second.questions.events({});
      expect(rows.map(({ operationId }) => operationId)).toEqual(['three', 'two', 'one']);
    });

    it('keeps tables of other parts, in transactions that are whole or nothing', async () => {
      const ledger = await open();
      const migrations: Parameters<Ledger['database']['open']>[1] = {
        '001': {
          up: (db) =>
            db.schema
              .createTable('webhooks')
              .addColumn('id', 'text', (column) => column.primaryKey())
              .execute(),
        },
      };
      type Tables = { webhooks: { id: string } };
      await ledger.database.open<Tables>('webhooks', migrations);
      const db = await ledger.database.open<Tables>('webhooks', migrations);
      await db.insertInto('webhooks').values({ id: 'one' }).execute();
      const failing = db.transaction().execute(async (transaction) => {
        await transaction.insertInto('webhooks').values({ id: 'two' }).execute();
        throw new Error('changed its mind');
      });
      await expect(failing).rejects.toThrow('changed its mind');
      await expect(db.insertInto('webhooks').values({ id: 'one' }).execute()).rejects.toThrow();
      expect(await db.selectFrom('webhooks').selectAll().execute()).toEqual([{ id: 'one' }]);
    });

    it('refuses cursors that are none, limits out of bounds, and to delete every subject', async () => {
      const { questions } = await open();
      await expect(questions.decisions({}, { cursor: 'nonsense' })).rejects.toBeInstanceOf(LedgerCursorError);
      await expect(questions.outages({}, { cursor: 'nonsense' })).rejects.toBeInstanceOf(LedgerCursorError);
      await expect(questions.decisions({}, { limit: 1_001 })).rejects.toBeInstanceOf(RangeError);
      await expect(questions.deleteSubject({})).rejects.toBeInstanceOf(TypeError);
      await expect(questions.exportSubject({})).rejects.toBeInstanceOf(TypeError);
    });

    it('lets two nodes that open it at once, and two that write at once, both do it', async () => {
      const names =
        subject.kind === 'postgres' ? Array.from({ length: 10 }, (_, index) => `n${index}`) : ['a'];
      const ledgers = await Promise.all(names.map((node) => open({ node })));
      const events = (node: string): LedgerEvent[] =>
        Array.from({ length: 20 }, (_, index) => check({ operationId: `${node}-${index}`, at: T0 + index }));
      await Promise.all(ledgers.map((ledger, index) => recordAll(ledger, events(names[index]!))));
      const reading = ledgers[0]!.questions;
      expect(await reading.nodes()).toEqual(names);
      const rows = await allPages((page) => reading.events({}, page), { order: 'oldest', limit: 7 });
      expect(rows.map(({ operationId }) => operationId).sort()).toEqual(
        names.flatMap((node) => events(node).map(({ operationId }) => operationId)).sort(),
      );
      expect(await reading.decisions({ node: names[0]! })).toMatchObject({
        rows: Array(20).fill({ node: names[0] }),
      });
    });

    ledgerListsContract(open);
    ledgerSumsContract(open);
    ledgerSubjectsContract(open);
    ledgerTopContract(open);
    ledgerVolumesContract(open);
    ledgerComparisonContract(open);
  });
}
