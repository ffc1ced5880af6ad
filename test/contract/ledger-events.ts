import type { Ledger, LedgerEvent, LedgerPage, LedgerRows } from '@sundial/ledger';

/** 2026-11-27 10:00 UTC. */
export const T0 = Date.UTC(2026, 10, 27, 10);

export function check(event: Partial<LedgerEvent> = {}): LedgerEvent {
  return { at: T0, kind: 'check', outcome: 'allowed', resource: 'ocr', subject: { user: 'u1' }, ...event };
}

export async function recordAll(ledger: Ledger, events: readonly LedgerEvent[]): Promise<void> {
  for (const event of events) ledger.record(event);
  await ledger.flush();
}

/** All pages of a question. */
export async function allPages<T>(
  ask: (page: LedgerPage) => Promise<LedgerRows<T>>,
  page: LedgerPage = {},
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const { rows, next } = await ask({ ...page, ...(cursor !== undefined && { cursor }) });
    all.push(...rows);
    cursor = rows.length > 0 ? next : undefined;
  } while (cursor !== undefined);
  return all;
}
