import type Database from 'libsql';
import type { OutageRow } from '../recording/outages.js';
import type { SubjectAttribute } from '../recording/subject-attributes.js';
import type { SubjectDay } from '../recording/subject-days.js';
import type { WindowUsage } from '../recording/usage.js';
import type { ResourceVolume } from '../recording/volumes.js';
import {
  DAY_CONFLICT,
  OUTAGE_CONFLICT,
  SUBJECT_CONFLICT,
  VOLUME_CONFLICT,
  WINDOW_CONFLICT,
} from '../tables/conflicts.js';

/** Where rows are added to those that are there. */
interface UpsertedTable<Row> {
  readonly name: string;
  readonly columns: readonly (string & keyof Row)[];
  /** In that order. Written out: a property that is read by a name that changes is slow, and these are a hundred thousand rows. */
  readonly valuesOf: (row: Row) => readonly unknown[];
  readonly conflict: string;
}

export const WINDOWS: UpsertedTable<WindowUsage> = {
  name: 'ledger_windows',
  columns: [
    ...([
      'subject_hash',
      'rule',
      'window',
      'meter',
      'starts_at',
      'resets_at',
      'resource',
      'subject',
    ] as const),
    ...(['used', 'reserved', 'max', 'seen_at', 'allowed', 'denied'] as const),
  ],
  valuesOf: (row) => [
    row.subject_hash,
    row.rule,
    row.window,
    row.meter,
    row.starts_at,
    row.resets_at,
    row.resource,
    row.subject,
    row.used,
    row.reserved,
    row.max,
    row.seen_at,
    row.allowed,
    row.denied,
  ],
  conflict: WINDOW_CONFLICT,
};

export const DAYS: UpsertedTable<SubjectDay> = {
  name: 'ledger_subject_days',
  columns: [
    ...(['resource', 'meter', 'span', 'day', 'subject_hash', 'subject'] as const),
    ...(['used', 'allowed', 'denied'] as const),
  ],
  valuesOf: (row) => [
    row.resource,
    row.meter,
    row.span,
    row.day,
    row.subject_hash,
    row.subject,
    row.used,
    row.allowed,
    row.denied,
  ],
  conflict: DAY_CONFLICT,
};

export const SUBJECTS: UpsertedTable<SubjectAttribute> = {
  name: 'ledger_subjects',
  columns: ['name', 'value', 'subject_hash', 'subject', 'seen_at'],
  valuesOf: (row) => [row.name, row.value, row.subject_hash, row.subject, row.seen_at],
  conflict: SUBJECT_CONFLICT,
};

export const OUTAGES: UpsertedTable<OutageRow> = {
  name: 'ledger_outages',
  columns: ['node', 'started_at', 'last_at', 'ended_at', 'allowed', 'denied', 'settled'],
  valuesOf: (row) => [
    row.node,
    row.started_at,
    row.last_at,
    row.ended_at,
    row.allowed,
    row.denied,
    row.settled,
  ],
  conflict: OUTAGE_CONFLICT,
};

export const VOLUMES: UpsertedTable<ResourceVolume> = {
  name: 'ledger_volumes',
  columns: ['resource', 'slice', 'decisions'],
  valuesOf: (row) => [row.resource, row.slice, row.decisions],
  conflict: VOLUME_CONFLICT,
};

/** All of them in one statement. */
export function upsert<Row>(
  database: Database.Database,
  { name, columns, valuesOf, conflict }: UpsertedTable<Row>,
  rows: readonly Row[],
): void {
  if (rows.length === 0) return;
  const names = columns.map((column) => `"${column}"`).join(', ');
  const values = columns.map((_, index) => `value ->> ${index}`).join(', ');
  database
    .prepare(`INSERT INTO ${name} (${names}) SELECT ${values} FROM json_each(?) WHERE true ${conflict}`)
    .run(JSON.stringify(rows.map(valuesOf)));
}
