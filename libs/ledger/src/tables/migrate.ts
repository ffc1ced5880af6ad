import { Migrator, type Kysely, type Migration } from 'kysely';

const PART = /^[a-z][a-z0-9_]{0,31}$/;

/** Brings a part's tables up to date, under the database's lock: many nodes may do it at once. */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  part: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  if (!PART.test(part)) throw new TypeError(`"${part}" is no name of a part: it is ${PART.source}.`);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: `${part}_migrations`,
    migrationLockTableName: `${part}_migrations_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
