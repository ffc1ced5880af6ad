import type { Subject } from '@sundial/contract';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { DeletedSubjectData } from '../contract/ledger-questions.js';
import { matches } from '../questions/event-query.js';
import { attributeHashes, attributeText } from '../blocks/hash.js';
import type { PostgresConnection } from './postgres-connection.js';

/** Rows that are deleted by one statement. */
const AT_ONCE = 2_000;

/** Deletes the rows of a subject, the sums and the permanent rows about it, some at a time: a deletion that was cut short is repeated. */
export async function deleteSubject(
  connection: PostgresConnection,
  subject: Subject,
): Promise<DeletedSubjectData> {
  const is = (row: string) => matches({ subject, order: 'oldest', limit: 0 }, JSON.parse(row) as LedgerEvent);
  const [hash] = attributeHashes(subject);
  let events = 0;
  for (let last = 0; ;) {
    const { rows } = await connection.query(
      `SELECT e.part, e.seq, e."row" FROM ledger_attributes a JOIN ledger_events e ON e.part = a.part AND e.seq = a.seq
       WHERE a.hash = $1 AND a.seq > $2 ORDER BY a.seq LIMIT $3`,
      [hash, last, AT_ONCE],
    );
    const found = (rows as { part: number; seq: number; row: string }[]).filter(({ row }) => is(row));
    if (found.length > 0) {
      const keys = [found.map(({ part }) => part), found.map(({ seq }) => seq)];
      const these = '(part, seq) IN (SELECT * FROM unnest($1::integer[], $2::bigint[]))';
      await connection.query(
        `WITH gone AS (DELETE FROM ledger_attributes WHERE ${these}) DELETE FROM ledger_events WHERE ${these}`,
        keys,
      );
      events += found.length;
    }
    if (rows.length < AT_ONCE) break;
    last = (rows.at(-1) as { seq: number }).seq;
  }
  const texts = Object.entries(subject).map(([name, value]) => attributeText(name, value));
  const where = texts.map((_, index) => `strpos(subject, $${index + 1}) > 0`).join(' AND ');
  await connection.query(`DELETE FROM ledger_subject_days WHERE ${where}`, texts);
  await connection.query(`DELETE FROM ledger_subjects WHERE ${where}`, texts);
  for (const { table, column } of [
    { table: 'ledger_counted', column: 'event' },
    { table: 'ledger_permanent', column: '"row"' },
  ]) {
    const { rows } = await connection.query(`SELECT ctid::text AS place, ${column} AS event FROM ${table}`);
    const found = (rows as { place: string; event: string }[]).filter(({ event }) => is(event));
    const places = found.map(({ place }) => place);
    if (places.length > 0)
      await connection.query(`DELETE FROM ${table} WHERE ctid = ANY($1::tid[])`, [places]);
  }
  const { rowCount } = await connection.query(`DELETE FROM ledger_windows WHERE ${where}`, texts);
  return { events, windows: rowCount ?? 0 };
}
