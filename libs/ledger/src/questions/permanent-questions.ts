import type { Subject } from '@sundial/contract';
import { sql, type Kysely } from 'kysely';
import type { RecordedEvent } from '../contract/ledger-event.js';
import type {
  AuditFilter,
  LedgerPage,
  LedgerRows,
  LedgerSpan,
  Outage,
  TopFilter,
  TopSubject,
  UsageHistoryFilter,
  UsageWindow,
} from '../contract/ledger-questions.js';
import type { PermanentTables } from '../tables/permanent-tables.js';
import type { OutageRow } from '../recording/outages.js';
import { hashOf, subjectText } from '../blocks/hash.js';
import { LONG_SPAN } from '../recording/subject-days.js';
import { DAY_MS, type WindowUsage } from '../recording/usage.js';
import { cursorOf, positionOf, valuesOf } from './cursor.js';
import { recordedEvent, storedRow } from './event-query.js';
import { limitOf, pageOf } from './page.js';

/** Questions about what is kept for 400 days; the same statements in both databases. */
export class PermanentQuestions {
  constructor(private readonly db: Kysely<PermanentTables>) {}

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
    const { by, resource, meter = 'units' } = filter;
    let query = this.db
      .selectFrom('ledger_subject_days')
      .select(['resource', 'subject_hash'])
      .select((is) => [
        is.fn.min('subject').as('subject'),
        is.fn.sum<number>('used').as('used'),
        is.fn.sum<number>('allowed').as('allowed'),
        is.fn.sum<number>('denied').as('denied'),
      ])
      .where('meter', '=', meter)
      .where((is) =>
        is.or(
          spansOf(filter).map(({ span, first, end }) =>
            is.and([is('span', '=', span), is('day', '>=', first), is('day', '<', end)]),
          ),
        ),
      );
    if (resource !== undefined) query = query.where('resource', '=', resource);
    // One hash is one subject but for a chance in 2^53: grouped by numbers, a million sums are no sort of texts.
    const rows = await query
      .groupBy(['resource', 'subject_hash'])
      .having(by === 'used' ? sql<boolean>`sum(used) > 0` : sql<boolean>`sum(denied) > 0`)
      .orderBy(by, 'desc')
      .orderBy('subject')
      .limit(limitOf(page))
      .execute();
    return {
      rows: rows.map((row) => ({
        resource: row.resource,
        subject: JSON.parse(row.subject) as Subject,
        ...{ used: Number(row.used), allowed: Number(row.allowed), denied: Number(row.denied) },
      })),
    };
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
}

interface Spans {
  readonly span: number;
  /** Days since the epoch. */
  readonly first: number;
  readonly end: number;
}

const LAST_DAY = 2 ** 31 - 1 - LONG_SPAN;

/** The days that the time touches: long spans, and the days before and after those. */
function spansOf({ from, to }: LedgerSpan): readonly Spans[] {
  const first = from === undefined ? 0 : Math.floor(from / DAY_MS);
  const end = to === undefined ? LAST_DAY : Math.min(Math.ceil(to / DAY_MS), LAST_DAY);
  const firstLong = Math.ceil(first / LONG_SPAN) * LONG_SPAN;
  const endLong = to === undefined ? end : Math.floor(end / LONG_SPAN) * LONG_SPAN;
  if (firstLong >= endLong) return [{ span: 1, first, end }];
  return [
    { span: LONG_SPAN, first: firstLong, end: endLong },
    { span: 1, first, end: firstLong },
    { span: 1, first: endLong, end },
  ].filter((one) => one.first < one.end);
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
