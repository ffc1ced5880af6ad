import {
  isCounterKey,
  type LiveHold,
  MAX_SCANNED_A_PAGE,
  MAX_SHOWN_HOLDS,
  SCANNED_AT_ONCE,
  type ScannedKeys,
  type ScanRequest,
} from '@sundial/engine/ports';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from '../connection/redis-connection.js';
import { toStoreError } from '../connection/redis-script.js';

const MAX_CALLS = MAX_SCANNED_A_PAGE / SCANNED_AT_ONCE;
/** `<SCAN's cursor> <master>`; a master of a Cluster is named by host and port, one server not at all. */
const CURSOR = /^(\d{1,20}) (\S{0,300})$/;

interface Master {
  readonly name: string;
  readonly client: Redis;
}

/**
 * A page of the counters' keys by SCAN, one master after the other in the order of their names: a page goes on where the one before
 * ended, also where that master is gone by then.
 */
export async function scanCounters(
  client: RedisClient,
  { prefix, infix, cursor, wanted }: ScanRequest,
): Promise<ScannedKeys | undefined> {
  const from = cursor === undefined ? ['', '0', ''] : CURSOR.exec(cursor);
  if (from === null) return undefined;
  const [, begun = '0', at = ''] = from;
  const keys: string[] = [];
  let calls = 0;
  for (const { name, client: server } of mastersOf(client)) {
    if (name < at) continue;
    let position = name === at ? begun : '0';
    do {
      if (calls === MAX_CALLS || keys.length >= wanted) return { keys, cursor: `${position} ${name}` };
      calls++;
      const [next, found] = await scan(server, position, `${prefix}*${infix}*`);
      keys.push(...found.filter(isCounterKey));
      position = next;
    } while (position !== '0');
  }
  return { keys };
}

function mastersOf(client: RedisClient): readonly Master[] {
  if (!(client instanceof Cluster)) return [{ name: '', client }];
  const masters = client.nodes('master').map((node) => {
    const { host = '', port = 0 } = node.options;
    return { name: `${host}:${port}`, client: node };
  });
  return masters.sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function scan(server: Redis, position: string, pattern: string): Promise<[string, string[]]> {
  try {
    return await server.scan(position, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE);
  } catch (error) {
    throw toStoreError(error);
  }
}

/** As `lua/shared/holds.lua` writes them beside a counter. */
const MEMBER = /^\S+ ([rc]) (\S+)$/;
const ENTRY = /^([a-zA-Z]|\([^ ,;()]+\))-?[0-9a-z]+=(\d+)$/;

export async function liveHoldsOf(
  client: RedisClient,
  key: string,
  now: number,
): Promise<readonly LiveHold[]> {
  const range = [
    `${key}!holds`,
    `(${Math.floor(now)}`,
    '+inf',
    'WITHSCORES',
    'LIMIT',
    0,
    MAX_SHOWN_HOLDS,
  ] as const;
  const reply = await client.zrangebyscore(...range).catch((error: unknown) => {
    throw toStoreError(error);
  });
  const holds: LiveHold[] = [];
  for (let at = 0; at < reply.length; at += 2) {
    const [, onExpiry, entries = ''] = MEMBER.exec(reply[at]!) ?? [];
    const units: Record<string, number> = {};
    for (const entry of entries.split(',')) {
      const [, field, held] = ENTRY.exec(entry) ?? [];
      if (field !== undefined) units[field] = (units[field] ?? 0) + Number(held);
    }
    holds.push({
      expiresAt: Number(reply[at + 1]),
      onExpiry: onExpiry === 'c' ? 'commit' : 'release',
      units,
    });
  }
  return holds;
}
