import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REMEMBER_MS } from '../../take.js';
import { bytesOf, type MemoryOperation } from './operation-record.js';
import { OperationTable } from './operation-table.js';

const NOW = 1_000_000;
const CHUNK_BYTES = 256 * 1024;
const counted = (changes: Partial<MemoryOperation> = {}): MemoryOperation => ({
  content: '1~abcdefghijkl',
  until: NOW + REMEMBER_MS,
  attempts: 'a.1',
  at: 1_790_000_000_000,
  voided: false,
  countedAt: NOW,
  ...changes,
});

describe('OperationTable', () => {
  it('gives back all that is remembered of an operation, whatever characters its id has', () => {
    const table = new OperationTable();
    const operations = new Map([
      ['plain', counted()],
      ['with-attempts', counted({ attempts: 'a.1,b.2,c.3', content: '2', until: 0.5 })],
      ['é✓ \u0000', counted({ attempts: 'é✓ \u0000' })],
      ['voided', counted({ voided: true, at: 0 })],
      ['x'.repeat(4_000), counted({ attempts: 'y'.repeat(1_000) })],
    ]);
    for (const [id, operation] of operations) table.set(id, operation, NOW);
    for (const [id, operation] of operations) expect(table.get(id, NOW)).toEqual(operation);
    expect(table.get('plai', NOW)).toBeUndefined();
    expect(table.size).toBe(5);
  });

  it('remembers from when an operation was counted, and not a moment longer', () => {
    const table = new OperationTable();
    table.set('o', counted(), NOW);
    table.set('o', counted({ attempts: 'a.1,b.1' }), NOW + REMEMBER_MS - 1);
    expect(table.get('o', NOW + REMEMBER_MS - 1)).toMatchObject({ attempts: 'a.1,b.1' });
    expect(table.get('o', NOW + REMEMBER_MS)).toBeUndefined();
  });

  it('agrees with a map about any history of changes, through growth and forgetting', () => {
    const anyChange = fc.record({
      id: fc.nat(400),
      content: fc.string({ maxLength: 30 }),
      laterMs: fc.nat(40_000),
    });
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 50, maxLength: 600 }), (changes) => {
        const table = new OperationTable();
        const expected = new Map<string, MemoryOperation>();
        let now = NOW;
        for (const { id, content, laterMs } of changes) {
          now += laterMs;
          // So large that chunks fill up and are dropped while their operations change.
          const name = `${id}`.padStart(3_000, 'x');
          const operation = counted({ content, countedAt: now });
          table.set(name, operation, now);
          expected.set(name, operation);
          table.forget(now);
        }
        for (const [name, operation] of expected) {
          const isOld = now - operation.countedAt >= REMEMBER_MS;
          expect(table.get(name, now)).toEqual(isOld ? undefined : operation);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('finds each of many, and none that it dropped', () => {
    const table = new OperationTable();
    const count = 60_000;
    for (let i = 0; i < count; i++)
      table.set(`o-${i}`, counted({ content: String(i), countedAt: NOW + i }), NOW + i);
    const later = NOW + REMEMBER_MS + count / 2;
    for (let i = 0; i < 40; i++) table.forget(later);
    expect(table.size).toBeLessThan(count / 2 + 6_000);
    for (let i = 0; i < count; i++) {
      const found = table.get(`o-${i}`, later)?.content;
      expect(found).toBe(i > count / 2 ? String(i) : undefined);
    }
  });

  it('never takes more memory than the bound, and forgets the oldest first', () => {
    const table = new OperationTable(4 * CHUNK_BYTES);
    for (let i = 0; i < 40_000; i++) table.set(`o-${i}`, counted(), NOW);
    expect(table.get('o-0', NOW)).toBeUndefined();
    expect(table.get('o-39999', NOW)).toBeDefined();
    expect(table.size).toBeLessThan((4 * CHUNK_BYTES) / 40);
    expect(table.size).toBeGreaterThan((3 * CHUNK_BYTES) / 50);
  });

  it('gives each record to the log once, and takes them over from there', () => {
    const table = new OperationTable();
    const other = new OperationTable();
    for (let i = 0; i < 20_000; i++) {
      table.set(`o-${i % 15_000}`, counted({ content: String(i), countedAt: NOW + i }), NOW + i);
      if (i % 7_000 === 0) hand(table, other, NOW);
    }
    while (hand(table, other, NOW) > 0);
    expect(other.size).toBe(15_000);
    for (let i = 0; i < 15_000; i++) expect(other.get(`o-${i}`, NOW)).toEqual(table.get(`o-${i}`, NOW));
    expect(other.takeUnlogged(100)).toEqual([]);
  });

  it('takes over nothing that is too old', () => {
    const table = new OperationTable();
    for (const [id, countedAt] of [
      ['a', 0],
      ['b', 5],
      ['c', 1],
      ['d', 7],
    ] as const)
      table.set(id, counted({ countedAt: NOW + countedAt }), NOW);
    const other = new OperationTable();
    hand(table, other, NOW + REMEMBER_MS + 2);
    expect(['a', 'b', 'c', 'd'].filter((id) => other.get(id, NOW) !== undefined)).toEqual(['b', 'd']);
  });

  function hand(from: OperationTable, to: OperationTable, now: number): number {
    const records = Buffer.concat(from.takeUnlogged(3));
    to.restore(bytesOf(records), 0, records.length, now);
    return records.length;
  }
});
