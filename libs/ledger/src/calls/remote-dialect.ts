import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { StatementResult } from './ledger-reader.js';
import type { Turns } from './turns.js';

/** Runs a statement in the reader's thread. */
export type RunStatement = (sql: string, parameters: readonly unknown[]) => Promise<StatementResult>;

/** A query builder on the main thread whose one connection is the reader's: its holder has it until it lets go. */
export function remoteDialect(kind: 'sqlite' | 'postgres', run: RunStatement, turns: Turns): Dialect {
  const connection = new RemoteConnection(run);
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => turns.take().then(() => connection),
    beginTransaction: () => run(kind === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN', []).then(() => undefined),
    commitTransaction: () => run('COMMIT', []).then(() => undefined),
    rollbackTransaction: () => run('ROLLBACK', []).then(() => undefined),
    releaseConnection: () => Promise.resolve(turns.give()),
    destroy: () => Promise.resolve(),
  };
  const isSqlite = kind === 'sqlite';
  return {
    createDriver: () => driver,
    createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
    createQueryCompiler: () => (isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    createIntrospector: (db) => (isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db)),
  };
}

class RemoteConnection implements DatabaseConnection {
  constructor(private readonly run: RunStatement) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.run(sql, parameters);
    return { rows: rows as R[], ...(affected !== undefined && { numAffectedRows: BigInt(affected) }) };
  }

  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('The tables of the ledger are read in pages, not as a stream.');
  }
}
