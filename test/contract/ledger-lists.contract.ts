import { expect, it } from '@jest/globals';
import type { DecisionFilter, Ledger, LedgerEvent, LedgerPage } from '@sundial/ledger';
import fc from 'fast-check';
import {
  allPages,
  check,
  opened,
  randomEvents,
  recordAll,
  recordInParts,
  SMALL,
  T0,
} from './ledger-events.js';
import type { OpenedSettings } from './ledger-under-test.js';

/** Lists, by filters and in pages. */
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
