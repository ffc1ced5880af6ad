import { openPostgresReader } from './open-postgres-reader.js';
import { PostgresStore } from './postgres-store.js';

/** The one database of all nodes. */
export function postgresDatabase(node: string, url: string) {
  return { reader: () => openPostgresReader(url), store: () => new PostgresStore(node, url) };
}
