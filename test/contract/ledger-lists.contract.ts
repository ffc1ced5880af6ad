import { expect, it } from '@jest/globals';
import type { Subject } from '@sundial/contract';
import type {
  DecisionFilter,
  Ledger,
  LedgerEvent,
  LedgerLimit,
  LedgerPage,
  SubjectWord,
} from '@sundial/ledger';
import fc from 'fast-check';
import { allPages, check, recordAll, T0 } from './ledger-events.js';
import type { OpenedSettings } from './ledger-under-test.js';

const DAY = 86_400_000;
/** Segments of SQLite are this over 8: several of them hold what the tests record at once. */
const SMALL = { maxBytes: 20_000 };

const limit = (used: number, more: Partial<LedgerLimit> = {}): LedgerLimit => ({
  ...{ rule: 'ocr-per-user', window: 'day', meter: 'units', used, max: 10 },
  ...{ startsAt: T0, resetsAt: T0 + DAY, per: ['user'], ...more },
});

/** Lists, sums, and the data of one subject. */
export function ledgerListsContract(open: (settings?: OpenedSettings) => Promise<Ledger>): void {
  it('lists what every filter asks for, page by page, in both directions', async () => {
    const ledger = await open(SMALL);
    const events = randomEvents();
    await recordInParts(ledger, events);
    const filters = fc.record(
      {
        resource: fc.constantFrom('ocr', 'sms', 'none'),
        outcome: fc.constantFrom('allowed', 'denied', 'degraded', 'replayed', 'limit-reached'),
        subject: fc.constantFrom(
          { user: 'u1' },
          { user: 'u2', grade: '3' },
          { grade: '4' },
          { user: 'nobody' },
        ),
        from: fc.integer({ min: T0, max: T0 + 400_000 }),
        to: fc.integer({ min: T0 + 200_000, max: T0 + 700_000 }),
      },
      { requiredKeys: [] },
    );
    const pages = fc.record({
      limit: fc.integer({ min: 20, max: 300 }),
      order: fc.constantFrom('newest' as const, 'oldest' as const),
    });
    await fc.assert(
      fc.asyncProperty(filters, pages, async (filter, page) => {
        const found = await allPages((next) => ledger.questions.decisions(filter, next), page);
        expect(found.map(({ operationId }) => operationId)).toEqual(expected(events, filter, page));
      }),
      { numRuns: 60 },
    );
  });

  it('shows no row twice and leaves none out while rows are added', async () => {
    const ledger = await open();
    const events = Array.from({ length: 30 }, (_, index) =>
      check({ operationId: `o${index}`, at: T0 + index }),
    );
    await recordAll(ledger, events);
    let added = 0;
    const seen = await allPages(
      async (page) => {
        const rows = await ledger.questions.decisions({}, page);
        await recordAll(ledger, [check({ operationId: `late${(added += 1)}`, at: T0 + added })]);
        return rows;
      },
      { limit: 7 },
    );
    expect(seen.map(({ operationId }) => operationId)).toEqual(
      events.map(({ operationId }) => operationId).reverse(),
    );
  });

  it('lets a reader go on from where it was, also from an empty page', async () => {
    const { questions, ...ledger } = await opened(open);
    await ledger.record([check({ operationId: 'one' })]);
    const first = await questions.events({}, { order: 'oldest' });
    const none = await questions.events({}, { order: 'oldest', cursor: first.next! });
    expect(none).toEqual({ rows: [], next: first.next });
    await ledger.record([check({ operationId: 'two' })]);
    const second = await questions.events({}, { order: 'oldest', cursor: none.next! });
    expect(second.rows.map(({ operationId }) => operationId)).toEqual(['two']);
  });

  it('tells who changed what', async () => {
    const { questions, ...ledger } = await opened(open);
    const change = (actor: string, outcome: string, target: string, at: number) =>
      check({ kind: 'admin', actor, outcome, at, data: { target, before: { max: 1 }, after: { max: 2 } } });
    await ledger.record([
      change('ann', 'rule-updated', 'r1', T0),
      change('bob', 'rule-updated', 'r1', T0 + 1),
      change('ann', 'rule-deleted', 'r2', T0 + 2),
      check(),
    ]);
    const targets = async (filter: Parameters<typeof questions.audit>[0], page?: LedgerPage) =>
      (await questions.audit(filter, page)).rows.map(({ actor, data }) => `${actor} ${data?.target}`);
    expect(await targets({})).toEqual(['ann r2', 'bob r1', 'ann r1']);
    expect(await targets({ actor: 'ann', to: T0 + 2 })).toEqual(['ann r1']);
    expect(await targets({ target: 'r1' }, { order: 'oldest' })).toEqual(['ann r1', 'bob r1']);
    expect(await targets({ action: 'rule-deleted' })).toEqual(['ann r2']);
    const pages = await allPages((page) => questions.audit({}, page), { limit: 1 });
    expect(pages.map(({ data }) => data)).toContainEqual({
      target: 'r1',
      before: { max: 1 },
      after: { max: 2 },
    });
  });

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
    await recordAll(ledger, [check({ at: T0 + 120_000, subject: { user: 'u2' }, operationId: 'after' })]);
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

async function opened(open: (settings?: OpenedSettings) => Promise<Ledger>) {
  const ledger = await open();
  return {
    questions: ledger.questions,
    record: (events: readonly LedgerEvent[]) => recordAll(ledger, events),
  };
}

/** The same 600 in every run: of few subjects and resources, rare outcomes among them. No subject is refused ten times a minute. */
/** Each part closes a segment. */
async function recordInParts(ledger: Ledger, events: readonly LedgerEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += 100)
    await recordAll(ledger, events.slice(start, start + 100));
}

function randomEvents(): readonly LedgerEvent[] {
  const subjects = fc.constantFrom(
    ...[
      { user: 'u1' },
      { user: 'u2', grade: '3' },
      { user: 'u3', grade: '4' },
      { grade: '3', user: 'u1' },
      {},
    ],
  );
  const event = fc.record({
    subject: subjects,
    resource: fc.constantFrom('ocr', 'sms'),
    kind: fc.constantFrom('check' as const, 'reserve' as const, 'commit' as const),
    rare: fc.integer({ min: 0, max: 99 }),
  });
  const [events = []] = fc.sample(fc.array(event, { minLength: 600, maxLength: 600 }), {
    numRuns: 1,
    seed: 1,
  });
  return events.map(({ rare, ...one }, index) => ({
    ...one,
    ...{ at: T0 + index * 1_000, operationId: `o${index}`, outcome: rare < 5 ? 'denied' : 'allowed' },
    data: {
      ...{ reason: rare < 5 ? 'limit-reached' : 'ok', filler: 'x'.repeat(50) },
      ...(rare === 50 && { degraded: { cause: 'timeout', policy: 'allow' } }),
      ...(rare > 97 && { replayed: true }),
    },
  }));
}

function expected(events: readonly LedgerEvent[], filter: DecisionFilter, { order }: LedgerPage): unknown[] {
  const { resource, outcome, subject = {}, from = 0, to = Infinity } = filter;
  const found = events.filter((event) => {
    if (event.kind === 'commit' || event.at < from || event.at >= to) return false;
    if (resource !== undefined && event.resource !== resource) return false;
    const { reason, degraded, replayed } = event.data ?? {};
    const outcomes = [event.outcome, reason, degraded && 'degraded', replayed && 'replayed'];
    if (outcome !== undefined && !outcomes.includes(outcome)) return false;
    return Object.entries(subject).every(([name, value]) => event.subject?.[name] === value);
  });
  const ids = found.map(({ operationId }) => operationId);
  return order === 'oldest' ? ids : ids.reverse();
}
