/** A window is as the latest event saw it; the same statement in both databases. */
export const WINDOW_CONFLICT = `ON CONFLICT (subject_hash, starts_at, rule, "window", meter) DO UPDATE SET
  used = CASE WHEN excluded.seen_at >= ledger_windows.seen_at THEN excluded.used ELSE ledger_windows.used END,
  reserved = CASE WHEN excluded.seen_at >= ledger_windows.seen_at THEN excluded.reserved ELSE ledger_windows.reserved END,
  max = CASE WHEN excluded.seen_at >= ledger_windows.seen_at THEN excluded.max ELSE ledger_windows.max END,
  seen_at = CASE WHEN excluded.seen_at >= ledger_windows.seen_at THEN excluded.seen_at ELSE ledger_windows.seen_at END,
  allowed = ledger_windows.allowed + excluded.allowed, denied = ledger_windows.denied + excluded.denied`;
export const DAY_CONFLICT = `ON CONFLICT (span, day, resource, meter, subject_hash) DO UPDATE SET used = ledger_subject_days.used + excluded.used,
  allowed = ledger_subject_days.allowed + excluded.allowed, denied = ledger_subject_days.denied + excluded.denied`;
export const OUTAGE_CONFLICT = `ON CONFLICT (started_at, node) DO UPDATE SET last_at = excluded.last_at, ended_at = excluded.ended_at,
  allowed = excluded.allowed, denied = excluded.denied, settled = excluded.settled`;
export const VOLUME_CONFLICT = `ON CONFLICT (slice, resource) DO UPDATE SET decisions = ledger_volumes.decisions + excluded.decisions`;
/** Written again once a day at most: a subject is asked for often. */
export const SUBJECT_CONFLICT = `ON CONFLICT (name, value, subject_hash) DO UPDATE SET seen_at = excluded.seen_at
  WHERE excluded.seen_at >= ledger_subjects.seen_at + 86400000`;
