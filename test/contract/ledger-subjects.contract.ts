import { expect, it } from '@jest/globals';
import type { Subject } from '@sundial/contract';
import type { Ledger, LedgerEvent, SubjectWord } from '@sundial/ledger';
import {
  allPages,
  check,
  DAY,
  limit,
  randomEvents,
  recordAll,
  recordInParts,
  SMALL,
  T0,
} from './ledger-events.js';
import type { OpenedSettings } from './ledger-under-test.js';

/** Which subjects there are, and the data of one. */
export function ledgerSubjectsContract(open: (settings?: OpenedSettings) => Promise<Ledger>): void {
  it('finds counted subjects by how values of their attributes begin', async () => {
    const ledger = await open();
    const { questions } = ledger;
    const counted = (subject: Subject, at = T0) =>
      check({ subject, at, data: { reason: 'ok', limits: [limit(1, { per: Object.keys(subject) })] } });
    const odd = { user: 'q"\u0000\\%_\u{1f600}' };
    await recordAll(ledger, [
      ...[counted({ user: 'u1' }), counted({ user: 'u10' }), counted({ user: 'U1' }), counted(odd)],
      ...[counted({ grade: 'u3', user: 'u2' }), counted({ user: 'u1' }, T0 + 3 * DAY)],
      check({ subject: { user: 'u1x' }, data: { reason: 'no-rule' } }),
    ]);
    const found = async (...words: SubjectWord[]) =>
      (await questions.subjects(words)).rows.map(({ subject }) => subject);
    const both = { grade: 'u3', user: 'u2' };
    expect(await found({ value: 'u1' })).toEqual([{ user: 'u1' }, { user: 'u10' }]);
    expect(await found({ value: 'u' })).toEqual([both, { user: 'u1' }, { user: 'u10' }]);
    expect(await found({ name: 'grade', value: '' })).toEqual([both]);
    expect(await found({ name: 'user', value: 'u' }, { name: 'grade', value: 'u' })).toEqual([both]);
    expect(await found({ name: 'user', value: 'u' }, { value: 'u10' })).toEqual([{ user: 'u10' }]);
    expect(await found({ name: 'user', value: odd.user.slice(0, 6) })).toEqual([odd]);
    expect(await found({ name: 'grade', value: 'x' })).toEqual([]);
    expect((await questions.subjects([], { limit: 2 })).rows).toHaveLength(2);
    expect((await questions.subjects([{ value: 'u1' }])).rows[0]?.seenAt).toBe(T0 + 3 * DAY);
    await questions.deleteSubject({ user: 'u2' });
    expect(await found({ value: 'u3' })).toEqual([]);
  });

  it('exports and deletes what is about one subject, and nothing else', async () => {
    const ledger = await open(SMALL);
    const events = randomEvents();
    const counted = Array.from({ length: 20 }, () => check({ outcome: 'denied', resource: 'mail', at: T0 }));
    const override = check({
      kind: 'admin',
      outcome: 'override-set',
      data: { target: 'r', limits: [limit(3)] },
    });
    await recordInParts(ledger, [...events, ...counted, override]);
    const { questions } = ledger;
    const isU1 = ({ subject }: LedgerEvent) => subject?.['user'] === 'u1';
    const exported = await allPages((page) => questions.exportSubject({ user: 'u1' }, page), { limit: 50 });
    expect(exported).toHaveLength(events.filter(isU1).length + 11);
    const before = await allPages((page) => questions.events({}, page), { limit: 1_000 });
    expect(await questions.deleteSubject({ user: 'u1' })).toEqual({ events: exported.length, windows: 1 });
    // It ends the minute of the refusals that are counted: what is counted of the subject is gone, too.
    const refused = { outcome: 'denied', subject: { user: 'u2' }, operationId: 'after' };
    await recordAll(ledger, [check({ at: T0 + 1_200_000, ...refused })]);
    const after = await allPages((page) => questions.events({}, page), { limit: 1_000 });
    expect(after.map(({ id }) => id).slice(1)).toEqual(
      before.filter((event) => !isU1(event)).map(({ id }) => id),
    );
    expect((await questions.audit()).rows).toEqual([]);
    expect((await questions.usageHistory({ subject: { user: 'u1' } })).rows).toEqual([]);
    expect((await questions.top({ by: 'denied' })).rows.filter(isU1Row)).toEqual([]);
    expect(await questions.deleteSubject({ user: 'u1' })).toEqual({ events: 0, windows: 0 });
  });
}

function isU1Row({ subject }: { readonly subject: Readonly<Record<string, string>> }): boolean {
  return subject['user'] === 'u1';
}
