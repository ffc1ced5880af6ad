import { openSqliteReader } from './open-sqlite-reader.js';
import { SqliteStore } from './sqlite-store.js';

/** Files of this node's own. */
export function sqliteDatabase(node: string, directory: string, maxBytes: number) {
  return {
    reader: () => openSqliteReader(directory),
    store: () => new SqliteStore(node, directory, maxBytes, Date.now),
  };
}
