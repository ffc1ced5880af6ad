import type { Ledger, LedgerEvent, LedgerLimit, LedgerPage, LedgerRows } from '@sundial/ledger';
import fc from 'fast-check';

/** 2026-11-27 10:00 UTC. */
export const T0 = Date.UTC(2026, 10, 27, 10);
export const DAY = 86_400_000;
/** Segments of SQLite are this over 8: several of them hold what the tests record at once. */
export const SMALL = { maxBytes: 20_000 };

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

export const limit = (used: number, more: Partial<LedgerLimit> = {}): LedgerLimit => ({
  ...{ rule: 'ocr-per-user', window: 'day', meter: 'units', used, max: 10 },
  ...{ startsAt: T0, resetsAt: T0 + DAY, per: ['user'], ...more },
});

export async function opened(open: () => Promise<Ledger>) {
  const ledger = await open();
  return {
    questions: ledger.questions,
    record: (events: readonly LedgerEvent[]) => recordAll(ledger, events),
  };
}

/** Each part closes a segment. */
export async function recordInParts(ledger: Ledger, events: readonly LedgerEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += 100)
    await recordAll(ledger, events.slice(start, start + 100));
}

/** The same 600 in every run: of few subjects and resources, rare outcomes among them. No subject is refused ten times a minute. */
export function randomEvents(): readonly LedgerEvent[] {
  const subjects = fc.constantFrom(
    ...[
      { user: 'u1' },
      { user: 'u2', grade: '3' },
      { user: 'u3', grade: '4' },
      { grade: '3', user: 'u1' },
      {},
    ],
  );
  const event = fc.record({
    subject: subjects,
    resource: fc.constantFrom('ocr', 'sms'),
    kind: fc.constantFrom('check' as const, 'reserve' as const, 'commit' as const),
    rare: fc.integer({ min: 0, max: 99 }),
  });
  const [events = []] = fc.sample(fc.array(event, { minLength: 600, maxLength: 600 }), {
    numRuns: 1,
    seed: 1,
  });
  return events.map(({ rare, ...one }, index) => ({
    ...one,
    ...{ at: T0 + index * 1_000, operationId: `o${index}`, outcome: rare < 5 ? 'denied' : 'allowed' },
    data: {
      ...{ reason: rare < 5 ? 'limit-reached' : 'ok', filler: 'x'.repeat(50) },
      ...(rare === 50 && { degraded: { cause: 'timeout', policy: 'allow' } }),
      ...(rare > 97 && { replayed: true }),
    },
  }));
}
