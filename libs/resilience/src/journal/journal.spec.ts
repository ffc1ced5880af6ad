import type { Watermark } from '@sundial/engine/ports';
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
import { Outbox } from '../outbox/outbox.js';
import { countKey, keyOf, type PendingSettlement } from '../outbox/pending-settlement.js';
import { DirectoryInUseError } from './journal-slots.js';
import { toLines, type JournalRecord } from './journal-record.js';
import { Journal, type JournalSync } from './journal.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;

const LIMIT = {
  field: 'd',
  max: 10,
  enforced: true,
  bounds: [NOW, NOW + DAY_MS, NOW + 2 * DAY_MS],
  windowIndex: 'current',
  rule: { id: 'ocr-per-user' },
} as const;

/** Long enough for any disk. */
const soon = () => performance.now() + 10_000;

function pendingOf(name: string, change: Partial<PendingSettlement> = {}): PendingSettlement {
  return {
    settlement: {
      counters: [
        {
          key: `sd1:{ocr:user=${name}}:ocr-per-user~k3Xa`,
          shardGroup: `ocr:user=${name}`,
          limits: [LIMIT],
        },
      ],
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

function mark(at: number): Watermark {
  return { key: 'sd1:{probe}:watermark:a', since: 0, at, server: 'run replication', isLast: false };
}

function sumOf(name: string, amount: number): PendingSettlement {
  const { settlement, ...one } = pendingOf(name);
  return { ...one, settlement: { ...settlement, amount, amounts: { tokens: amount } }, operations: amount };
}

/** The store has said that it recorded it. */
function acknowledge(outbox: Outbox, { settlement }: PendingSettlement): void {
  outbox.heard(settlement.operation, { outcome: 'taken', counts: [] });
}

function outboxOf(journal: Journal): Outbox {
  const nothing = () => undefined;
  return new Outbox({ journal, now: () => NOW, canSend: () => false, wake: nothing, resolved: nothing });
}

describe('The journal', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sundial-journal-'));
    path = join(directory, 'journal.log');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function open(sync: JournalSync = 'strict', onTrouble?: (error: Error | null) => void) {
    const journal = await Journal.open({ directory, sync, ...(onTrouble && { onTrouble }) });
    return { journal, outbox: outboxOf(journal) };
  }

  /** What a process would find that starts with this file. */
  async function foundIn(content: Buffer) {
    const other = join(directory, 'other');
    await mkdir(other, { recursive: true });
    await writeFile(join(other, 'journal.log'), content);
    const journal = await Journal.open({ directory: other, sync: 'group' });
    const { damages, watermarks: marks } = journal;
    const pending = [...outboxOf(journal).values()];
    const found = { pending, tornBytes: damages[0]?.bytes ?? 0, marks };
    await journal.close();
    return found;
  }

  /** Number 1 always runs, and never has this process' start. */
  async function heldByAnother(lock: string): Promise<void> {
    const start = (await readFile('/proc/1/stat', 'utf8')).split(') ')[1]!.split(' ')[19];
    await writeFile(join(directory, lock), `1 ${start}`);
  }

  it('gives back after a restart all that is pending, with everything a settlement needs', async () => {
    const { journal, outbox } = await open();
    await outbox.enqueue(pendingOf('a'), soon());
    await outbox.enqueue(pendingOf('b', { executionStatus: 'unknown' }), soon());
    await journal.close();
    const again = await open();
    expect([...again.outbox.values()]).toEqual([
      pendingOf('a'),
      pendingOf('b', { executionStatus: 'unknown' }),
    ]);
    await again.journal.close();
  });

  it('forgets what was acknowledged', async () => {
    const { journal, outbox } = await open();
    await Promise.all(['a', 'b', 'c'].map((name) => outbox.enqueue(pendingOf(name), soon())));
    acknowledge(outbox, pendingOf('b'));
    await journal.close();
    expect((await foundIn(await readFile(path))).pending).toEqual([pendingOf('a'), pendingOf('c')]);
  });

  it('is an empty file when nothing is pending', async () => {
    const { journal, outbox } = await open();
    await outbox.enqueue(pendingOf('a'), soon());
    acknowledge(outbox, pendingOf('a'));
    await journal.close();
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('keeps the last watermarks, also when it is rewritten and when another process takes them over', async () => {
    await heldByAnother('journal.lock');
    const second = await open();
    second.journal.keepWatermarks([mark(1)]);
    second.journal.keepWatermarks([mark(2)]);
    await second.outbox.enqueue(pendingOf('a'), soon());
    acknowledge(second.outbox, pendingOf('a'));
    await second.journal.close();
    await rm(join(directory, 'journal.lock'));
    const first = await open();
    expect(first.journal.watermarks).toEqual([mark(2)]);
    first.journal.keepWatermarks([mark(2), mark(3)]);
    await first.journal.close();
    expect((await foundIn(await readFile(path))).marks).toEqual([mark(2), mark(3)]);
  });

  it('knows how large a sum has grown', async () => {
    const { journal, outbox } = await open();
    for (const amount of [1, 2, 3]) await outbox.enqueue(sumOf('sum', amount), soon());
    expect([...(await foundIn(await readFile(path))).pending]).toEqual([sumOf('sum', 3)]);
    await journal.close();
  });

  it('in strict mode has the line on the disk when the answer may go out', async () => {
    const { journal, outbox } = await open('strict');
    expect(await outbox.enqueue(pendingOf('a'), soon())).toBe(true);
    expect((await foundIn(await readFile(path))).pending).toEqual([pendingOf('a')]);
    await journal.close();
  });

  it('in strict mode says at the deadline that the disk does not have it yet', async () => {
    const { journal, outbox } = await open('strict');
    expect(await outbox.enqueue(pendingOf('a'), performance.now())).toBe(false);
    await journal.close();
  });

  it('in group mode lets the answer go out at once', async () => {
    const { journal, outbox } = await open('group');
    expect(outbox.enqueue(pendingOf('a'), soon())).toBeUndefined();
    await journal.close();
  });

  it('restores what stands in the whole lines of a file, wherever a crash has cut it off', async () => {
    const record: fc.Arbitrary<JournalRecord> = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.nat(8).map((n) => ({ kind: 'pending' as const, pending: pendingOf(`${n}`) })),
      },
      fc.nat(8).map((n) => ({ kind: 'acknowledged' as const, key: countKey(`${n}`), outcome: 'counted' })),
      fc.nat(8).map((n) => ({ kind: 'watermarks' as const, marks: [mark(n)] })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (records, cut) => {
          const lines = records.map((record) => toLines([record]));
          const text = lines.join('');
          const length = Math.floor(text.length * cut);
          const pending = new Map<string, PendingSettlement>();
          let marks: readonly Watermark[] = [];
          let end = 0;
          for (const [index, line] of lines.entries()) {
            if (end + line.length > length) break;
            end += line.length;
            const kept = records[index]!;
            if (kept.kind === 'pending') pending.set(keyOf(kept.pending), kept.pending);
            else if (kept.kind === 'acknowledged') pending.delete(kept.key);
            else if (kept.kind === 'watermarks') marks = kept.marks;
          }
          const found = await foundIn(Buffer.from(text.slice(0, length)));
          expect(found).toEqual({ pending: [...pending.values()], tornBytes: length - end, marks });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has on the disk at any moment all that was promised and is not acknowledged, and nothing invented', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('enqueue'), n: fc.nat(5) }) },
      fc.record({ kind: fc.constant('acknowledge'), n: fc.nat(5) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(12), async (steps, crashAt) => {
        const { journal, outbox } = await open('strict');
        const promised = new Set<string>();
        const enqueued = new Set<string>();
        for (const { kind, n } of steps.slice(0, crashAt)) {
          const one = pendingOf(`${n}`);
          if (kind === 'enqueue') {
            // A disk that is too slow is waited for no longer, and that is said.
            if (await outbox.enqueue(one, soon())) promised.add(`${n}`);
            enqueued.add(`${n}`);
          } else {
            acknowledge(outbox, one);
            promised.delete(`${n}`);
          }
        }
        const { pending } = await foundIn(await readFile(path));
        const found = new Set(pending.map(({ settlement }) => settlement.operation.id));
        await journal.close();
        await rm(path, { force: true });
        expect([...promised].filter((name) => !found.has(name))).toEqual([]);
        expect([...found].filter((name) => !enqueued.has(name))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('reports damage once, and between which decisions it is', async () => {
    const lines = ['a', 'b', 'c'].map((id, n) =>
      toLines([{ kind: 'pending', pending: pendingOf(id, { decidedAt: NOW + n }) }]),
    );
    await writeFile(path, lines.join('').replace('"b"', '"x"'));
    const { journal, outbox } = await open();
    expect([...outbox.values()].map(({ settlement }) => settlement.operation.id)).toEqual(['a', 'c']);
    const { mtimeMs } = await stat(`${path}.damaged`);
    const [damage, ...others] = journal.damages;
    expect(damage).toMatchObject({ bytes: lines[1]!.length, keptAs: `${path}.damaged`, from: NOW });
    expect(Math.abs(damage!.to - mtimeMs)).toBeLessThan(5_000);
    expect(others).toEqual([]);
    await journal.close();
    const again = await open();
    expect(again.journal.damages).toEqual([]);
    await again.journal.close();
  });

  // Lines went into a file that had no name any more, and a crash forgot them: also in strict mode.
  it('is rewritten when its file is removed, and says so', async () => {
    const reported: (Error | null)[] = [];
    const { journal, outbox } = await open('strict', (error) => reported.push(error));
    await outbox.enqueue(pendingOf('a'), soon());
    await rm(path);
    while (reported.at(-1) !== null) await sleep(20);
    expect(reported).toEqual([new Error('journal.log was removed'), null]);
    expect(await outbox.enqueue(pendingOf('b'), soon())).toBe(true);
    const { pending } = await foundIn(await readFile(path));
    expect(pending.map(({ settlement }) => settlement.operation.id)).toEqual(['a', 'b']);
    await journal.close();
  });

  it('stands beside those of other processes, and settles what one of them left when it died', async () => {
    await heldByAnother('journal.lock');
    const second = await open();
    void second.outbox.enqueue(pendingOf('a'), soon());
    await second.journal.close();
    await rm(join(directory, 'journal.lock'));

    const first = await open();
    expect([...first.outbox.values()].map(({ settlement }) => settlement.operation.id)).toEqual(['a']);
    await first.journal.close();
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
    await (await open()).journal.close();
    await writeFile(join(directory, 'journal.lock'), '4194305 1');
    await (await open()).journal.close();
  });

  it('refuses a file of another version, and leaves it as it is', async () => {
    const line = toLines([{ kind: 'pending', pending: pendingOf('a') }]);
    await writeFile(path, line);
    const foreign = toCheckedLine({ format: 99, kind: 'pending' });
    await appendFile(path, foreign);
    await expect(open()).rejects.toThrow('format 99');
    expect(await readFile(path, 'utf8')).toBe(line + foreign);
  });

  it('is rewritten when it is mostly acknowledged', async () => {
    const { journal, outbox } = await open('group');
    const count = 50_000;
    for (let n = 0; n < count; n++) void outbox.enqueue(pendingOf(`${n}`), soon());
    for (let n = 0; n < count - 10; n++) acknowledge(outbox, pendingOf(`${n}`));
    while (journal.bytes < 1_000_000) await sleep(5);
    while (journal.bytes > 10_000) await sleep(20);
    await copyFile(path, join(directory, 'copy'));
    const { pending } = await foundIn(await readFile(join(directory, 'copy')));
    expect(pending.map(({ settlement }) => settlement.operation.id)).toEqual(
      Array.from({ length: 10 }, (_, index) => `${count - 10 + index}`),
    );
    await journal.close();
  });
});
