import { mkdirSync } from 'node:fs';
import type Database from 'libsql';
import { answersOf } from '../questions/answers.js';
import { PermanentQuestions } from '../questions/permanent-questions.js';
import { SubjectSearch } from '../questions/subject-search.js';
import type { LedgerReader } from '../calls/ledger-reader.js';
import { PermanentFile } from './permanent-file.js';
import { SqliteReader } from './sqlite-reader.js';

/** Reads the files that the writer's thread writes. */
export async function openSqliteReader(directory: string): Promise<LedgerReader> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const permanent = await PermanentFile.open(directory, { migrates: false });
  const days = new SqliteReader(directory);
  return {
    answers: answersOf(
      (query) => Promise.resolve(days.find(query)),
      new PermanentQuestions(permanent.kysely),
      new SubjectSearch(permanent.kysely),
    ),
    run: (sql, parameters) => Promise.resolve(run(permanent.database, sql, parameters)),
    close: () => {
      days.close();
      permanent.close();
      return Promise.resolve();
    },
  };
}

function run(database: Database.Database, sql: string, parameters: readonly unknown[]) {
  const statement = database.prepare(sql);
  if (statement.reader) return { rows: statement.all(parameters), affected: undefined };
  return { rows: [], affected: statement.run(parameters).changes };
}
