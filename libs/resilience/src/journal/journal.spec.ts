import type { StoreMark } from '@sundial/engine/ports';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  writeFile,
  readdir,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toCheckedLine } from './checked-line.js';
import { countKey, isVerifiable, keyOf, type Debt } from './debt.js';
import { DirectoryInUseError } from './journal-slots.js';
import { toLines, type JournalRecord } from './journal-record.js';
import { Journal, type JournalSync } from './journal.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;

/** Long enough for any disk. */
const soon = () => performance.now() + 10_000;

function debt(name: string, change: Partial<Debt> = {}): Debt {
  return {
    settlement: {
      counters: [
        {
          key: `sd1:{ocr:user=${name}}:ocr-per-user~k3Xa`,
          shardGroup: `ocr:user=${name}`,
          ladder: [{ field: 'd', max: 10, enforced: true, bounds: [NOW, NOW + DAY_MS, NOW + 2 * DAY_MS] }],
        },
      ],
      operation: { id: name, content: '7', attempt: `try-${name}` },
      amount: 1,
      intent: 'count',
      picks: [0],
      decidedAt: NOW,
    },
    degraded: { cause: 'breaker-open', policy: 'local' },
    fate: 'none',
    decidedAt: NOW,
    resource: 'ocr',
    rules: ['ocr-per-user'],
    ...change,
  };
}

function mark(at: number): StoreMark {
  return { key: 'sd1:{probe}:mark:a', since: 0, at, server: 'run replication', isLast: false };
}

function sumOf(name: string, amount: number): Debt {
  const one = debt(name);
  return { ...one, settlement: { ...one.settlement, amount }, operations: amount };
}

describe('The journal', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sundial-journal-'));
    path = join(directory, 'journal.log');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const open = (sync: JournalSync = 'strict', onTrouble?: (error: Error | null) => void) =>
    Journal.open({ directory, sync, ...(onTrouble && { onTrouble }) });

  /** What a process would find that starts with this file. */
  async function foundIn(content: Buffer) {
    const other = join(directory, 'other');
    await mkdir(other, { recursive: true });
    await writeFile(join(other, 'journal.log'), content);
    const journal = await Journal.open({ directory: other, sync: 'group' });
    const { damages, marks } = journal;
    const found = { debts: [...journal.debts()], tornBytes: damages[0]?.bytes ?? 0, marks };
    await journal.close();
    return found;
  }

  /** Number 1 always runs, and never has this process' start. */
  async function heldByAnother(lock: string): Promise<void> {
    const start = (await readFile('/proc/1/stat', 'utf8')).split(') ')[1]!.split(' ')[19];
    await writeFile(join(directory, lock), `1 ${start}`);
  }

  it('gives back after a restart all that is owed, with everything a settlement needs', async () => {
    const journal = await open();
    await journal.owe(debt('a'), soon());
    await journal.owe(debt('b', { fate: 'unknown' }), soon());
    await journal.close();
    const again = await open();
    expect([...again.debts()]).toEqual([debt('a'), debt('b', { fate: 'unknown' })]);
    await again.close();
  });

  it('forgets what was paid', async () => {
    const journal = await open();
    await Promise.all(['a', 'b', 'c'].map((name) => journal.owe(debt(name), soon())));
    journal.paid(debt('b'), 'counted');
    await journal.close();
    expect((await foundIn(await readFile(path))).debts).toEqual([debt('a'), debt('c')]);
  });

  it('is an empty file when nothing is owed', async () => {
    const journal = await open();
    await journal.owe(debt('a'), soon());
    journal.paid(debt('a'), 'counted');
    await journal.close();
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('keeps the last marks, also when it is rewritten and when another process takes them over', async () => {
    await heldByAnother('journal.lock');
    const second = await open();
    second.keepMarks([mark(1)]);
    second.keepMarks([mark(2)]);
    await second.owe(debt('a'), soon());
    second.paid(debt('a'), 'counted');
    await second.close();
    await rm(join(directory, 'journal.lock'));
    const first = await open();
    expect(first.marks).toEqual([mark(2)]);
    first.keepMarks([mark(2), mark(3)]);
    await first.close();
    expect((await foundIn(await readFile(path))).marks).toEqual([mark(2), mark(3)]);
  });

  it('knows how large a sum has grown', async () => {
    const journal = await open();
    for (const amount of [1, 2, 3]) await journal.owe(sumOf('sum', amount), soon());
    expect([...(await foundIn(await readFile(path))).debts]).toEqual([sumOf('sum', 3)]);
    await journal.close();
  });

  it('in strict mode has the line on the disk when the answer may go out', async () => {
    const journal = await open('strict');
    expect(await journal.owe(debt('a'), soon())).toBe(true);
    expect((await foundIn(await readFile(path))).debts).toEqual([debt('a')]);
    await journal.close();
  });

  it('in strict mode says at the deadline that the disk does not have it yet', async () => {
    const journal = await open('strict');
    expect(await journal.owe(debt('a'), performance.now())).toBe(false);
    await journal.close();
  });

  it('in group mode lets the answer go out at once', async () => {
    const journal = await open('group');
    expect(journal.owe(debt('a'), soon())).toBeUndefined();
    await journal.close();
  });

  it('restores what stands in the whole lines of a file, wherever a crash has cut it off', async () => {
    const record: fc.Arbitrary<JournalRecord> = fc.oneof(
      { weight: 3, arbitrary: fc.nat(8).map((n) => ({ kind: 'owed' as const, debt: debt(`${n}`) })) },
      fc.nat(8).map((n) => ({ kind: 'paid' as const, key: countKey(`${n}`), outcome: 'counted' })),
      fc.nat(8).map((n) => ({ kind: 'marks' as const, marks: [mark(n)] })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (records, cut) => {
          const lines = records.map((record) => toLines([record]));
          const text = lines.join('');
          const length = Math.floor(text.length * cut);
          const owed = new Map<string, Debt>();
          let marks: readonly StoreMark[] = [];
          let end = 0;
          for (const [index, line] of lines.entries()) {
            if (end + line.length > length) break;
            end += line.length;
            const kept = records[index]!;
            if (kept.kind === 'owed') owed.set(keyOf(kept.debt), kept.debt);
            else if (kept.kind === 'paid') owed.delete(kept.key);
            else if (kept.kind === 'marks') marks = kept.marks;
          }
          const found = await foundIn(Buffer.from(text.slice(0, length)));
          expect(found).toEqual({ debts: [...owed.values()], tornBytes: length - end, marks });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has on the disk at any moment all that was acknowledged and is not paid, and nothing invented', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('owe'), n: fc.nat(5) }) },
      fc.record({ kind: fc.constant('pay'), n: fc.nat(5) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(12), async (steps, crashAt) => {
        const journal = await open('strict');
        const acknowledged = new Set<string>();
        const owed = new Set<string>();
        for (const { kind, n } of steps.slice(0, crashAt)) {
          const one = debt(`${n}`);
          if (kind === 'owe') {
            // A disk that is too slow is waited for no longer, and that is said.
            if (await journal.owe(one, soon())) acknowledged.add(`${n}`);
            owed.add(`${n}`);
          } else {
            journal.paid(one, 'counted');
            acknowledged.delete(`${n}`);
          }
        }
        const { debts } = await foundIn(await readFile(path));
        const found = new Set(debts.map(({ settlement }) => settlement.operation.id));
        await journal.close();
        await rm(path, { force: true });
        expect([...acknowledged].filter((name) => !found.has(name))).toEqual([]);
        expect([...found].filter((name) => !owed.has(name))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('tells of damage once, and between which decisions it is', async () => {
    const lines = ['a', 'b', 'c'].map((id, n) =>
      toLines([{ kind: 'owed', debt: debt(id, { decidedAt: NOW + n }) }]),
    );
    await writeFile(path, lines.join('').replace('"b"', '"x"'));
    const journal = await open();
    expect([...journal.debts()].map(({ settlement }) => settlement.operation.id)).toEqual(['a', 'c']);
    const { mtimeMs } = await stat(`${path}.damaged`);
    const [damage, ...others] = journal.damages;
    expect(damage).toMatchObject({ bytes: lines[1]!.length, keptAs: `${path}.damaged`, from: NOW });
    expect(Math.abs(damage!.to - mtimeMs)).toBeLessThan(5_000);
    expect(others).toEqual([]);
    await journal.close();
    const again = await open();
    expect(again.damages).toEqual([]);
    await again.close();
  });

  // Lines went into a file that had no name any more, and a crash forgot them: also in strict mode.
  it('is written anew when its file is removed, and says so', async () => {
    const told: (Error | null)[] = [];
    const journal = await open('strict', (error) => told.push(error));
    await journal.owe(debt('a'), soon());
    await rm(path);
    while (told.at(-1) !== null) await sleep(20);
    expect(told).toEqual([new Error('journal.log was removed'), null]);
    expect(await journal.owe(debt('b'), soon())).toBe(true);
    const { debts } = await foundIn(await readFile(path));
    expect(debts.map(({ settlement }) => settlement.operation.id)).toEqual(['a', 'b']);
    await journal.close();
  });

  it('stands beside those of other processes, and settles what one of them left when it died', async () => {
    await heldByAnother('journal.lock');
    const second = await open();
    void second.owe(debt('a'), soon());
    await second.close();
    await rm(join(directory, 'journal.lock'));

    const first = await open();
    expect([...first.debts()].map(({ settlement }) => settlement.operation.id)).toEqual(['a']);
    await first.close();
    expect((await readdir(directory)).filter((name) => name.startsWith('journal'))).toEqual(['journal.log']);
  });

  it('is refused where too many processes share a directory', async () => {
    for (let number = 1; number <= 16; number++) {
      await heldByAnother(number === 1 ? 'journal.lock' : `journal-${number}.lock`);
    }
    await expect(open()).rejects.toThrow(DirectoryInUseError);
  });

  it('is taken over from a process that was killed, also when its number is used again', async () => {
    await writeFile(join(directory, 'journal.lock'), '1 12345678901');
    await (await open()).close();
    await writeFile(join(directory, 'journal.lock'), '4194305 1');
    await (await open()).close();
  });

  it('refuses a file of another version, and leaves it as it is', async () => {
    const line = toLines([{ kind: 'owed', debt: debt('a') }]);
    await writeFile(path, line);
    const foreign = toCheckedLine({ format: 99, kind: 'owed' });
    await appendFile(path, foreign);
    await expect(open()).rejects.toThrow('format 99');
    expect(await readFile(path, 'utf8')).toBe(line + foreign);
  });

  it('is rewritten when it is mostly paid', async () => {
    const journal = await open('group');
    const count = 50_000;
    for (let n = 0; n < count; n++) void journal.owe(debt(`${n}`), soon());
    for (let n = 0; n < count - 10; n++) journal.paid(debt(`${n}`), 'counted');
    while (journal.bytes < 1_000_000) await sleep(5);
    while (journal.bytes > 10_000) await sleep(20);
    await copyFile(path, join(directory, 'copy'));
    const { debts } = await foundIn(await readFile(join(directory, 'copy')));
    expect(debts.map(({ settlement }) => settlement.operation.id)).toEqual(
      Array.from({ length: 10 }, (_, index) => `${count - 10 + index}`),
    );
    await journal.close();
  });
});

describe('A debt', () => {
  it('is safe to settle as long as the store remembers what it may have done', () => {
    const minute = 60_000;
    const taken = debt('a', { fate: 'unknown' });
    expect(isVerifiable(taken, NOW + 13 * minute)).toBe(true);
    expect(isVerifiable(taken, NOW + 15 * minute)).toBe(false);
    const neverTaken = debt('a', { fate: 'none' });
    expect(isVerifiable(neverTaken, NOW + 23 * 60 * minute)).toBe(true);
    expect(isVerifiable(neverTaken, NOW + DAY_MS)).toBe(false);
  });
});
