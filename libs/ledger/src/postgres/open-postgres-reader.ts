import { Kysely } from 'kysely';
import { answersOf } from '../questions/answers.js';
import { PermanentQuestions } from '../questions/permanent-questions.js';
import { SubjectSearch } from '../questions/subject-search.js';
import type { PermanentTables } from '../tables/permanent-tables.js';
import type { LedgerReader } from '../calls/ledger-reader.js';
import { remoteDialect } from '../calls/remote-dialect.js';
import { Turns } from '../calls/turns.js';
import { PostgresConnection } from './postgres-connection.js';
import { findRows } from './postgres-reader.js';

/** Pages are read along an index, in its order: a part of today has no statistics yet, and sorting all its rows would seem cheap. */
const IN_ORDER = 'SET enable_bitmapscan = off';
/** Sums of each subject, for the subjects with the most, are added up in memory: 60,000 of them want 11 MB. */
const IN_MEMORY = "SET work_mem = '32MB'";

/** Reads what all nodes wrote. */
export function openPostgresReader(url: string): Promise<LedgerReader> {
  const connection = new PostgresConnection(url, 'sundial-ledger-reader', `${IN_ORDER}; ${IN_MEMORY}`);
  const run: LedgerReader['run'] = async (sql, parameters) => {
    const { rows, rowCount } = await connection.query(sql, parameters);
    return { rows, affected: rowCount ?? undefined };
  };
  const kysely = new Kysely<PermanentTables>({ dialect: remoteDialect('postgres', run, new Turns()) });
  return Promise.resolve({
    answers: answersOf(
      (query) => findRows(connection, query),
      new PermanentQuestions(kysely),
      new SubjectSearch(kysely),
    ),
    run,
    close: () => connection.close(),
  });
}
