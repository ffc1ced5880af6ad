import type { Kysely, Migration } from 'kysely';

/**
 * The permanent tables, for parts of the service that keep their own beside the ledger: webhooks, deliveries, threshold events. Never dropped
 * by retention. On SQLite it is `permanent.sqlite`, on PostgreSQL the ledger's database.
 */
export interface LedgerDatabase {
  readonly kind: 'sqlite' | 'postgres';
  /**
   * The query builder on a part's own tables, after its migrations; ten nodes may call it at once. `part` (`[a-z][a-z0-9_]{0,31}`) names the table that
   * remembers the migrations (`<part>_migrations`), which run in the order of their names. Rejects with `LedgerUnavailableError` while the
   * database is away; call it again later.
   *
   * One connection serves all parts and all questions, so keep transactions short. `forUpdate().skipLocked()` is for `kind` `postgres` alone: with
   * SQLite there is one node, and a transaction is alone.
   */
  open<Tables>(part: string, migrations: Readonly<Record<string, Migration>>): Promise<Kysely<Tables>>;
}
