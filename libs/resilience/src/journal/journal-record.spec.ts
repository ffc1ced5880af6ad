import { describe, expect, it } from '@jest/globals';
import { toCheckedLine, fromCheckedLine } from './checked-line.js';
import { countKey, type PendingSettlement } from '../outbox/pending-settlement.js';
import { fromValue, toLines, type JournalRecord } from './journal-record.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;
const LIMITS = [
  {
    field: 'd',
    max: 10,
    enforced: true,
    bounds: [NOW, NOW + DAY_MS, NOW + 2 * DAY_MS],
    windowIndex: 'next',
    rule: { id: 'ocr-per-user' },
  },
] as const;

const MARK = { key: 'sd1:{probe}:watermark:a', since: 0, at: NOW, server: 'run replication', isLast: false };

function pending(name: string, change: Partial<PendingSettlement> = {}): PendingSettlement {
  const shardGroup = `ocr:user=${name}`;
  return {
    settlement: {
      counters: [{ key: `sd1:{${shardGroup}}:ocr-per-user~k3Xa`, shardGroup, limits: LIMITS }],
      operation: { id: name, content: '7', attempt: `try-${name}` },
      amount: 1,
      intent: 'count',
      decidedAt: NOW,
    },
    degraded: { cause: 'breaker-open', policy: 'local' },
    executionStatus: 'not-executed',
    decidedAt: NOW,
    resource: 'ocr',
    ...change,
  };
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

function recordsOf(text: string): JournalRecord[] {
  return linesOf(text).flatMap((line) => fromValue(fromCheckedLine(line)));
}

describe('Records of the journal', () => {
  it('are many in a line, whatever they do not share, and come back as they were and in their order', () => {
    const records = Array.from({ length: 300 }, (_, n): JournalRecord => {
      if (n % 50 === 49) return { kind: 'acknowledged', key: countKey(`${n - 1}`), outcome: 'counted' };
      if (n % 70 === 69) return { kind: 'grown', key: 'sum\tx', amount: n, operations: n };
      const one = pending(`${n}`, {
        executionStatus: n % 2 === 0 ? 'not-executed' : 'unknown',
        decidedAt: NOW + n,
      });
      const operation = { id: `${n}`, content: n.toString(36), attempt: n % 4 === 0 ? `${n}` : `try ${n}` };
      const intent = n % 3 === 0 ? 'void' : 'count';
      const settlement = { ...one.settlement, operation, amount: n, intent, decidedAt: NOW + n } as const;
      return { kind: 'pending', pending: { ...one, settlement, ...(n % 7 === 0 && { operations: n + 1 }) } };
    });
    const text = toLines(records);
    expect(recordsOf(text)).toEqual(records);
    expect(linesOf(text).length).toBeLessThan(30);
  });

  it('are of reservations and refunds too, in lines that a program that knows only checks refuses', () => {
    const hold = { takenAt: NOW - 5, isDegraded: true, expiresAt: NOW + 60_000, onExpiry: 'commit' } as const;
    const one = pending('a');
    const records = (
      [
        { intent: 'hold', hold },
        { intent: 'void', hold },
        { intent: 'release', hold: { ...hold, isDegraded: false } },
        { intent: 'commit', hold, committed: { units: 0, tokens: 7 } },
        { intent: 'refund' },
      ] as const
    ).map((change): JournalRecord => {
      const settlement = { ...one.settlement, ...change, decidedAt: NOW };
      return { kind: 'pending', pending: { ...one, settlement } };
    });
    expect(recordsOf(toLines(records))).toEqual(records);
    for (const record of records)
      expect(fromCheckedLine(linesOf(toLines([record]))[0]!)).toHaveProperty('format', 6);
    const check: JournalRecord = { kind: 'pending', pending: one };
    expect(fromCheckedLine(linesOf(toLines([check]))[0]!)).toHaveProperty('format', 4);
  });

  it('have amounts of other meters where there are any, in lines that a program that knows only units refuses', () => {
    const plain: JournalRecord = { kind: 'pending', pending: pending('a') };
    const one = pending('b');
    const amounts = { tokens: 1_200, constructor: 5 };
    const named: JournalRecord = {
      ...{ kind: 'pending' },
      pending: { ...one, settlement: { ...one.settlement, amounts } },
    };
    const ofTokens = { ...LIMITS[0], field: '(day|tokens)', meter: 'tokens' };
    const counters = one.settlement.counters.map((counter) => ({ ...counter, limits: [ofTokens] }));
    const metered: JournalRecord = {
      ...{ kind: 'pending' },
      pending: { ...one, settlement: { ...one.settlement, counters } },
    };
    const grown: JournalRecord = { kind: 'grown', key: 'sum\tx', amount: 1, amounts, operations: 2 };
    const formatsOf = (...records: JournalRecord[]) =>
      linesOf(toLines(records)).map((line) => (fromCheckedLine(line) as { format: number }).format);
    expect(formatsOf(plain)).toEqual([4]);
    for (const record of [named, metered, grown]) {
      expect(formatsOf(record)).toEqual([5]);
      expect(recordsOf(toLines([record]))).toEqual([record]);
    }
    const all = [plain, named, plain, metered, named];
    expect(recordsOf(toLines(all))).toEqual(all);
  });

  it('of the format before meters are read as they were', () => {
    const line =
      `{"format":4,"kind":"pending","shared":[{"intent":"count","limitSets":[[{"field":"d","max":10,` +
      `"enforced":true,"bounds":[${NOW},${NOW + DAY_MS},${NOW + 2 * DAY_MS}],"windowIndex":"next",` +
      `"rule":{"id":"ocr-per-user"}}]],"degraded":{"cause":"breaker-open","policy":"local"},` +
      `"executionStatus":"not-executed","resource":"ocr"}],"settlements":[[0,"a","try-a","7",1,${NOW},0,` +
      `"sd1:{ocr:user=a}:ocr-per-user~k3Xa"]]}`;
    expect(fromValue(JSON.parse(line))).toEqual([{ kind: 'pending', pending: pending('a') }]);
  });

  it('take a third of the room that a line for each would', () => {
    const records = Array.from({ length: 64 }, (_, n): JournalRecord => ({
      kind: 'pending',
      pending: alike(`u${n}`),
    }));
    const alone = records.reduce((sum, record) => sum + JSON.stringify(record).length, 0);
    expect(toLines(records).length).toBeLessThan(alone / 3);
  });

  it('are never more in a line than a damaged byte may cost', () => {
    const records = Array.from({ length: 65 }, (_, n): JournalRecord => ({
      kind: 'acknowledged',
      key: countKey(`${n}`),
      outcome: 'counted',
    }));
    expect(linesOf(toLines(records))).toHaveLength(2);
  });

  it.each([1, 2, 3])('of format %d are read where they are watermarks', (format) => {
    const lines = [
      { kind: 'paid', key: 'count c d', outcome: 'counted' },
      { kind: 'paid', outcome: 'counted', keys: ['c'] },
      { kind: 'marks', marks: [MARK] },
    ];
    const text = lines.map((line) => toCheckedLine({ format, ...line })).join('');
    expect(recordsOf(text)).toEqual([{ kind: 'watermarks', marks: [MARK] }]);
  });

  it.each([1, 2, 3, 7])(
    'of another format that are pending are refused, and it is said what to do',
    (format) => {
      const text = toCheckedLine({ format, kind: 'owed', debt: pending('a') });
      expect(() => recordsOf(text)).toThrow(
        `(format ${format}, this one reads 4, 5, 6). Start that version until GET /admin/journal shows that nothing is pending`,
      );
    },
  );
});

const DEGRADED = { cause: 'breaker-open', policy: 'local' } as const;

/** As decisions of one moment are: what they have in common is one object. */
function alike(name: string): PendingSettlement {
  return pending(name, { degraded: DEGRADED });
}
