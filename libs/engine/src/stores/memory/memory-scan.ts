import { TimeSlice } from '../../event-loop/time-slice.js';
import {
  isCounterKey,
  type LiveHold,
  MAX_SCANNED_A_PAGE,
  MAX_SHOWN_HOLDS,
  type ScannedKeys,
  type ScanRequest,
} from '../counter-scan.js';
import type { LiveHolds } from './holds/live-holds.js';
import type { CounterRecords } from './state/counter-records.js';

const CURSOR = /^\d{1,10}$/;

/** A page of the counters' keys; its cursor is the address from which the next one goes on. */
export async function scanRecords(
  records: CounterRecords,
  { prefix, infix, cursor, wanted }: ScanRequest,
): Promise<ScannedKeys | undefined> {
  if (cursor !== undefined && !CURSOR.test(cursor)) return undefined;
  const slice = new TimeSlice();
  const keys: string[] = [];
  let looked = 0;
  for (const record of records.all(Number(cursor ?? 0))) {
    if (record === undefined) continue;
    if (looked >= MAX_SCANNED_A_PAGE || keys.length >= wanted) return { keys, cursor: String(record) };
    looked++;
    const key = records.key(record);
    if (key.startsWith(prefix) && key.includes(infix, prefix.length) && isCounterKey(key)) keys.push(key);
    if (slice.isOver) await slice.next();
  }
  return { keys };
}

export function liveHoldsIn(live: LiveHolds, key: string): readonly LiveHold[] {
  if (live.countOf(key) === 0) return [];
  const holds: LiveHold[] = [];
  for (const { counters, expiresAt, onExpiry } of live.values()) {
    const held = counters.find((counter) => counter.key === key);
    if (held === undefined) continue;
    const units: Record<string, number> = {};
    for (const entry of held.entries) units[entry.field] = (units[entry.field] ?? 0) + entry.units;
    holds.push({ expiresAt, onExpiry, units });
  }
  return holds.sort((one, other) => one.expiresAt - other.expiresAt).slice(0, MAX_SHOWN_HOLDS);
}
