import type { Subject } from '@sundial/contract';
import { sql, type Kysely } from 'kysely';
import type { RecordedEvent } from '../contract/ledger-event.js';
import type {
  AuditFilter,
  LedgerPage,
  LedgerRows,
  LedgerSpan,
  LedgerWriterState,
  Outage,
  TopFilter,
  TopSubject,
  UsageHistoryFilter,
  UsageWindow,
} from '../contract/ledger-questions.js';
import type { PermanentTables } from '../tables/permanent-tables.js';
import type { OutageRow } from '../recording/outages.js';
import { hashOf, subjectText } from '../blocks/hash.js';
import { LONG_SPAN, type SubjectDay } from '../recording/subject-days.js';
import { DAY_MS, type WindowUsage } from '../recording/usage.js';
import { cursorOf, positionOf, valuesOf } from './cursor.js';
import { recordedEvent, storedRow } from './event-query.js';
import { limitOf, pageOf } from './page.js';

/** Questions about what is kept for 400 days; the same statements in both databases. */
export class PermanentQuestions {
  constructor(readonly db: Kysely<PermanentTables>) {}

  async audit(filter: AuditFilter, page: LedgerPage): Promise<LedgerRows<RecordedEvent>> {
    const { actor, action, target, from, to } = filter;
    const limit = limitOf(page);
    const newest = page.order !== 'oldest';
    let query = this.db
      .selectFrom('ledger_permanent')
      .select(['seq', 'node', 'row'])
      .where('kind', 'in', ['admin', 'control']);
    if (actor !== undefined) query = query.where('actor', '=', actor);
    if (action !== undefined) query = query.where('outcome', '=', action);
    if (target !== undefined) query = query.where('target', '=', target);
    if (from !== undefined) query = query.where('at', '>=', from);
    if (to !== undefined) query = query.where('at', '<', to);
    if (page.cursor !== undefined) query = query.where('seq', newest ? '<' : '>', positionOf(page.cursor));
    const rows = await query
      .orderBy('seq', newest ? 'desc' : 'asc')
      .limit(limit + 1)
      .execute();
    return pageOf(rows.map(storedRow).map(recordedEvent), limit, ({ id }) => id);
  }

  /** Of the counters that count this subject: those of some of its attributes. The latest windows first. */
  async usageHistory(filter: UsageHistoryFilter, page: LedgerPage): Promise<LedgerRows<UsageWindow>> {
    const { subject, window, rule, meter, from, to } = filter;
    const limit = limitOf(page);
    let query = this.db
      .selectFrom('ledger_windows')
      .selectAll()
      .where('subject_hash', 'in', partsOf(subject).map(hashOf))
      .where('subject', 'in', partsOf(subject));
    if (window !== undefined) query = query.where('window', '=', window);
    if (rule !== undefined) query = query.where('rule', '=', rule);
    if (meter !== undefined) query = query.where('meter', '=', meter);
    if (from !== undefined)
      query = query.where((is) => is.or([is('resets_at', 'is', null), is('resets_at', '>', from)]));
    if (to !== undefined) query = query.where('starts_at', '<', to);
    const direction = page.order === 'oldest' ? 'asc' : 'desc';
    if (page.cursor !== undefined) {
      const [startsAt, key] = valuesOf(page.cursor, ['number', 'string']);
      const beyond = direction === 'asc' ? sql.raw('>') : sql.raw('<');
      query = query.where(
        sql<boolean>`(starts_at, ${KEY}) ${beyond} (${sql.val(startsAt)}, ${sql.val(key)})`,
      );
    }
    const rows = await query
      .orderBy('starts_at', direction)
      .orderBy(KEY, direction)
      .limit(limit + 1)
      .execute();
    const { next, rows: shown } = pageOf(rows, limit, (row) => cursorOf([row.starts_at, keyOf(row)]));
    return { rows: shown.map(usageWindow), ...(next !== undefined && { next }) };
  }

  async top(filter: TopFilter, page: Pick<LedgerPage, 'limit'>): Promise<LedgerRows<TopSubject>> {
    const spans = spansOf(filter, await this.#kept());
    const ranked = spans.length === 0 ? [] : await this.#ranked(filter, spans, limitOf(page));
    if (ranked.length === 0) return { rows: [] };
    const sums = await this.#sumsOf(ranked, filter, spans);
    sums.sort((one, other) => other[filter.by] - one[filter.by] || (one.subject < other.subject ? -1 : 1));
    return { rows: sums.map((row) => ({ ...row, subject: JSON.parse(row.subject) as Subject })) };
  }

  /**
   * Which subjects have the most, by nothing but numbers: what has to be sorted for a sum of many days is what the question takes. One hash is one
   * subject but for a chance in 2^53.
   */
  #ranked(filter: TopFilter, spans: readonly Spans[], limit: number): Promise<readonly Ranked[]> {
    const { by, resource, meter = 'units' } = filter;
    // As a double, which is exact below 2^53: PostgreSQL adds bigints up as numerics, at a sixth more for the question.
    const sum = sql<number>`sum(cast(${sql.ref(by)} AS double precision))`;
    let query = this.db
      .selectFrom('ledger_subject_days')
      .select(['subject_hash', 'resource'])
      .where('meter', '=', meter)
      .where(by, '<>', 0)
      .where((is) =>
        is.or(
          spans.map(({ span, first, end }) =>
            is.and([is('span', '=', span), is('day', '>=', first), is('day', '<', end)]),
          ),
        ),
      );
    if (resource !== undefined) query = query.where('resource', '=', resource);
    return query
      .groupBy(['subject_hash', 'resource'])
      .having(sum, '>', 0)
      .orderBy(sum, 'desc')
      .orderBy('subject_hash')
      .limit(limit)
      .execute();
  }

  /** Found by the whole key: of each day, each resource and each subject. */
  async #sumsOf(ranked: readonly Ranked[], { meter = 'units' }: TopFilter, spans: readonly Spans[]) {
    const wanted = new Set(ranked.map(rankedKey));
    const rows = await this.db
      .selectFrom('ledger_subject_days')
      .select((is) => [
        ...(['resource', 'subject_hash'] as const),
        is.fn.min('subject').as('subject'),
        is.fn.sum<number>('used').as('used'),
        is.fn.sum<number>('allowed').as('allowed'),
        is.fn.sum<number>('denied').as('denied'),
      ])
      .where((is) =>
        is.or(spans.map((one) => is.and([is('span', '=', one.span), is('day', 'in', daysOf(one))]))),
      )
      .where('resource', 'in', [...new Set(ranked.map((one) => one.resource))])
      .where('meter', '=', meter)
      .where('subject_hash', 'in', [...new Set(ranked.map((one) => one.subject_hash))])
      .groupBy(['subject_hash', 'resource'])
      .execute();
    return rows
      .filter((row) => wanted.has(rankedKey(row)))
      .map(({ resource, subject, used, allowed, denied }) => ({
        ...{ resource, subject },
        ...{ used: Number(used), allowed: Number(allowed), denied: Number(denied) },
      }));
  }

  /** The days of which there are sums, in whole long spans. */
  async #kept(): Promise<Days> {
    const days = this.db.selectFrom('ledger_subject_days').where('span', '=', LONG_SPAN);
    const first = await days.select((is) => is.fn.min('day').as('day')).executeTakeFirst();
    const last = await days.select((is) => is.fn.max('day').as('day')).executeTakeFirst();
    if (typeof first?.day !== 'number' || typeof last?.day !== 'number') return { first: 0, end: 0 };
    return { first: first.day, end: last.day + LONG_SPAN };
  }

  async outages({ from, to }: LedgerSpan, page: LedgerPage): Promise<LedgerRows<Outage>> {
    const limit = limitOf(page);
    const direction = page.order === 'oldest' ? 'asc' : 'desc';
    let query = this.db.selectFrom('ledger_outages').selectAll();
    if (from !== undefined)
      query = query.where((is) => is.or([is('ended_at', 'is', null), is('last_at', '>=', from)]));
    if (to !== undefined) query = query.where('started_at', '<', to);
    if (page.cursor !== undefined) {
      const [startedAt, node] = valuesOf(page.cursor, ['number', 'string']);
      const beyond = direction === 'asc' ? sql.raw('>') : sql.raw('<');
      query = query.where(
        sql<boolean>`(started_at, node) ${beyond} (${sql.val(startedAt)}, ${sql.val(node)})`,
      );
    }
    const rows = await query
      .orderBy('started_at', direction)
      .orderBy('node', direction)
      .limit(limit + 1)
      .execute();
    const { next, rows: shown } = pageOf(rows, limit, ({ started_at, node }) => cursorOf([started_at, node]));
    return { rows: shown.map(outage), ...(next !== undefined && { next }) };
  }

  async nodes(): Promise<readonly string[]> {
    const rows = await this.db.selectFrom('ledger_nodes').select('node').orderBy('node').execute();
    return rows.map(({ node }) => node);
  }

  async writers(): Promise<readonly LedgerWriterState[]> {
    const rows = await this.db.selectFrom('ledger_nodes').select(['node', 'flushed_at', 'ended']).execute();
    return rows.map(({ node, flushed_at, ended }) => ({
      ...{ node, flushedAt: flushed_at, hasEnded: ended === 1 },
    }));
  }
}

type Ranked = Pick<SubjectDay, 'subject_hash' | 'resource'>;

function rankedKey({ subject_hash, resource }: Ranked): string {
  return `${subject_hash} ${resource}`;
}

/** Since the epoch; the end is not one of them. */
interface Days {
  readonly first: number;
  readonly end: number;
}

interface Spans extends Days {
  readonly span: number;
}

/** The days that the time touches, of those that are kept: long spans, and the days before and after those. */
function spansOf({ from, to }: LedgerSpan, kept: Days): readonly Spans[] {
  const first = Math.max(kept.first, from === undefined ? 0 : Math.floor(from / DAY_MS));
  const end = Math.min(kept.end, to === undefined ? kept.end : Math.ceil(to / DAY_MS));
  const firstLong = Math.ceil(first / LONG_SPAN) * LONG_SPAN;
  const endLong = Math.floor(end / LONG_SPAN) * LONG_SPAN;
  const spans =
    firstLong >= endLong
      ? [{ span: 1, first, end }]
      : [
          { span: LONG_SPAN, first: firstLong, end: endLong },
          { span: 1, first, end: firstLong },
          { span: 1, first: endLong, end },
        ];
  return spans.filter((one) => one.first < one.end);
}

function daysOf({ span, first, end }: Spans): readonly number[] {
  return Array.from({ length: Math.ceil((end - first) / span) }, (_, index) => first + index * span);
}

/** Tells windows of one start apart. */
const KEY = sql<string>`rule || ' ' || "window" || ' ' || meter || ' ' || subject`;

function keyOf({ rule, window, meter, subject }: WindowUsage): string {
  return `${rule} ${window} ${meter} ${subject}`;
}

/** The texts of all subjects made of some of these attributes: at most 256. */
function partsOf(subject: Subject): readonly string[] {
  const parts = Object.entries(subject).reduce<readonly Subject[]>(
    (some, [name, value]) => [...some, ...some.map((part) => ({ ...part, [name]: value }))],
    [{}],
  );
  return parts.map(subjectText);
}

function usageWindow(row: WindowUsage): UsageWindow {
  const { rule, resource, window, meter, used, reserved, max, allowed, denied } = row;
  return {
    ...{ rule, resource, subject: JSON.parse(row.subject) as Subject, window, meter },
    ...{ startsAt: row.starts_at < 0 ? null : row.starts_at, resetsAt: row.resets_at },
    ...{ used, reserved, max, allowed, denied, seenAt: row.seen_at },
  };
}

function outage({ node, started_at, ended_at, allowed, denied, settled }: OutageRow): Outage {
  return {
    node,
    from: started_at,
    to: ended_at,
    allowed,
    denied,
    settled: JSON.parse(settled) as Outage['settled'],
  };
}
