import type { LedgerGap } from '../contract/ledger.js';
import { PERMANENT_DAYS } from '../tables/permanent-tables.js';
import { DAY_MS } from '../recording/usage.js';
import { DayFile, type Segment } from './day-file.js';
import { bytesOf, daysIn, pathOf, removeFile } from './day-files.js';
import type { PermanentFile } from './permanent-file.js';

export interface RetainedDays {
  readonly directory: string;
  readonly maxBytes: number;
  /** Days before it go. */
  readonly oldestDay: string;
  readonly now: number;
}

/** Removes the files of days that are too old, then the oldest ones while all of them are too large; of today's file, its oldest segments. */
export function retainDays(
  bounds: RetainedDays,
  today: DayFile | undefined,
  permanent: PermanentFile,
): readonly LedgerGap[] {
  const { directory, maxBytes, oldestDay, now } = bounds;
  const gaps: LedgerGap[] = [];
  const sizes = daysIn(directory)
    .filter((day) => day !== today?.day)
    .map((day) => ({ day, bytes: bytesOf(pathOf(directory, day)) }));
  let total = sizes.reduce((sum, { bytes }) => sum + bytes, today?.usedBytes() ?? 0);
  for (const { day, bytes } of sizes) {
    if (day >= oldestDay && total <= maxBytes) continue;
    const lost = rowsOf(directory, day);
    removeFile(pathOf(directory, day));
    total -= bytes;
    if (day >= oldestDay && lost) gaps.push(lost);
  }
  if (today && total > maxBytes) gaps.push(...shrink(today, total - maxBytes));
  permanent.forgetBefore(now - PERMANENT_DAYS * DAY_MS);
  return gaps;
}

function shrink(today: DayFile, bytes: number): readonly LedgerGap[] {
  const dropped: Segment[] = [];
  const before = today.usedBytes();
  while (before - today.usedBytes() < bytes) {
    const segment = today.dropOldest();
    if (!segment) break;
    dropped.push(segment);
  }
  return dropped.length === 0 ? [] : [gapOf(dropped)];
}

function rowsOf(directory: string, day: string): LedgerGap | undefined {
  const file = new DayFile(day, pathOf(directory, day), '');
  try {
    const segments = file.segments();
    return segments.length === 0 ? undefined : gapOf(segments);
  } finally {
    file.close();
  }
}

function gapOf(segments: readonly Segment[]): LedgerGap {
  return {
    cause: 'retention',
    from: Math.min(...segments.map(({ first_at }) => first_at)),
    to: Math.max(...segments.map(({ last_at }) => last_at)),
    count: segments.reduce((sum, { rows }) => sum + rows, 0),
  };
}
