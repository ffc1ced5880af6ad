import type { LedgerGap } from '../contract/ledger.js';
import { oldestSlice, PERMANENT_DAYS } from '../tables/permanent-tables.js';
import { DAY_MS } from '../recording/usage.js';
import type { PostgresConnection } from './postgres-connection.js';

interface Part {
  readonly part: number;
  readonly is_old: boolean;
  readonly is_current: boolean;
  readonly rows: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly bytes: number;
}

/** Today's part is closed when it reaches this share of all bytes, so that a part of today can go. */
const SHARE = 8;
/** One node at a time; the others have nothing to do then. */
const LOCK = 0x5d_1e_d9;

/** Drops the parts that are too old, then the oldest ones while all of them are too large. */
export async function retainParts(
  connection: PostgresConnection,
  { days, maxBytes }: { readonly days: number; readonly maxBytes: number },
): Promise<readonly LedgerGap[]> {
  await connection.query('BEGIN');
  try {
    const { rows: locked } = await connection.query('SELECT pg_try_advisory_xact_lock($1) AS ours', [LOCK]);
    const parts = locked[0]?.['ours'] ? await partsOf(connection, days) : [];
    const gaps = await dropParts(connection, parts, maxBytes);
    await connection.query('COMMIT');
    // A writer holds the position before it writes rows: what holds locks on rows' tables does not ask for it.
    const current = parts.find(({ is_current }) => is_current);
    if (current && current.bytes > maxBytes / SHARE) {
      await connection.query('UPDATE ledger_position SET is_full = true WHERE part = $1', [current.part]);
    }
    return gaps;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function dropParts(
  connection: PostgresConnection,
  parts: readonly Part[],
  maxBytes: number,
): Promise<readonly LedgerGap[]> {
  await connection.query("SET LOCAL lock_timeout = '2s'");
  let total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const gaps: LedgerGap[] = [];
  for (const { part, is_old, is_current, rows, first_at, last_at, bytes } of parts) {
    if (is_current || (!is_old && total <= maxBytes)) continue;
    await connection.query(`DROP TABLE ledger_events_${part}, ledger_attributes_${part}`);
    await connection.query('DELETE FROM ledger_parts WHERE part = $1', [part]);
    await connection.query('DELETE FROM ledger_marks WHERE part = $1', [part]);
    total -= bytes;
    if (!is_old && rows > 0) gaps.push({ cause: 'retention', from: first_at, to: last_at, count: rows });
  }
  return gaps;
}

async function partsOf(connection: PostgresConnection, days: number): Promise<readonly Part[]> {
  const { rows } = await connection.query(
    `SELECT p.part, p.rows, p.first_at, p.last_at, p.part = (SELECT part FROM ledger_position) AS is_current,
       p.day < (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::integer AS is_old,
       coalesce(pg_total_relation_size(to_regclass('ledger_events_' || p.part)), 0)
         + coalesce(pg_total_relation_size(to_regclass('ledger_attributes_' || p.part)), 0) AS bytes
     FROM ledger_parts p ORDER BY p.part`,
    [days],
  );
  return rows as unknown as readonly Part[];
}

/** Forgets facets that no part has any more, and what is older than 400 days; once a day, since it reads all of it. */
export async function forgetBefore(connection: PostgresConnection, days: number, now: number): Promise<void> {
  const at = now - PERMANENT_DAYS * DAY_MS;
  await connection.query(
    "DELETE FROM ledger_facets WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::integer - 1",
    [days],
  );
  await connection.query('DELETE FROM ledger_permanent WHERE at < $1', [at]);
  await connection.query('DELETE FROM ledger_outages WHERE started_at < $1', [at]);
  await connection.query('DELETE FROM ledger_subject_days WHERE day + span <= $1', [Math.floor(at / DAY_MS)]);
  await connection.query('DELETE FROM ledger_windows WHERE seen_at < $1', [at]);
  await connection.query('DELETE FROM ledger_subjects WHERE seen_at < $1', [at]);
  await connection.query('DELETE FROM ledger_volumes WHERE slice < $1', [oldestSlice(at)]);
}
