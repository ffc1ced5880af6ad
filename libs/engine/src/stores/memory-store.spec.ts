import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { MemoryStore } from './memory-store.js';
import type { CounterRef, TakeRequest } from './store.js';

const HOUR_MS = 3_600_000;
const NOW = Date.now();

describe('MemoryStore with a directory', () => {
  let directory: TemporaryDirectory;
  let file: string;
  const opened: MemoryStore[] = [];
  const open = async () => {
    const store = await MemoryStore.open({ directory: directory.path });
    opened.push(store);
    return store;
  };
  beforeEach(async () => {
    directory = await temporaryDirectory();
    file = join(directory.path, 'counters.ndjson');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await directory.remove();
  });

  it('keeps counters, operations and what was barred over a restart', async () => {
    const first = await open();
    first.take(taking('a', 3));
    first.settle({ ...taking('b', 1), intent: 'void', picks: [0] });
    await first.close();
    const second = await open();
    expect(second.read({ counters })).toEqual({ outcome: 'read', counts: [{ pick: 0, used: 3 }] });
    expect(second.take(taking('a', 3)).outcome).toBe('replayed');
    expect(second.take(taking('b', 1)).outcome).toBe('expired');
  });

  it('keeps them over as many restarts as there are, also when nothing changes in between', async () => {
    const first = await open();
    first.take(taking('a', 2));
    await first.close();
    await (await open()).close();
    expect((await open()).read({ counters })).toMatchObject({ counts: [{ used: 2 }] });
  });

  it('keeps more of them than are written in one piece', async () => {
    const first = await open();
    const many = Array.from({ length: 2_500 }, (_, i) => [{ ...counters[0]!, key: `counter-${i}` }]);
    many.forEach((each, i) => first.take({ ...taking(`o${i}`, i + 1), counters: each }));
    await first.close();
    const second = await open();
    const kept = many.map((each) => second.read({ counters: each }));
    expect(kept).toEqual(many.map((_, i) => ({ outcome: 'read', counts: [{ pick: 0, used: i + 1 }] })));
  });

  it('writes by itself soon after a change', async () => {
    const store = await open();
    store.take(taking('a', 1));
    await eventually(async () => (await readFile(file, 'utf8')).includes('"used":1'));
  });

  it('has a whole file at every moment: the next one is written beside it', async () => {
    const store = await open();
    store.take(taking('a', 1));
    await store.close();
    expect(await readdir(directory.path)).toEqual(['counters.ndjson']);
    await writeFile(`${file}.new`, '{"format":1}\n{"counter":"x"');
    expect((await open()).read({ counters })).toMatchObject({ counts: [{ used: 1 }] });
  });

  it('tells when it cannot write, and goes on counting', async () => {
    const errors: Error[] = [];
    const store = await MemoryStore.open({
      directory: directory.path,
      onError: (error) => errors.push(error),
    });
    await mkdir(`${file}.new`);
    store.take(taking('a', 1));
    await eventually(() => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: 'EISDIR' });
    expect(store.take(taking('b', 1)).outcome).toBe('taken');
    await expect(store.close()).rejects.toThrow('EISDIR');
  });

  it.each([
    ['cut off in a line', (text: string) => text.slice(0, -30)],
    ['cut off between lines', (text: string) => text.split('\n').slice(0, -2).join('\n')],
    ['empty', () => ''],
    ['not JSON', () => 'counters'],
    ['JSON of something else', () => 'null\n'],
    ['of a format that is not known', (text: string) => text.replace('"format":1', '"format":2')],
    ['altered in one digit', (text: string) => text.replace('"used":3', '"used":2')],
    ['lacking a line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['longer than it was written', (text: string) => `${text}{"counter":"x","windows":[]}\n`],
  ])('refuses a snapshot that is %s, and says what to do', async (_how, damage) => {
    const first = await open();
    first.take(taking('a', 3));
    await first.close();
    await writeFile(file, damage(await readFile(file, 'utf8')));
    await expect(open()).rejects.toThrow(
      /^\/.*counters\.ndjson is damaged \(.+\)\. Restore it, or remove it to start with empty counters\.$/,
    );
  });
});

describe('MemoryStore without a directory', () => {
  it('ends a window and a deadline in the very millisecond', async () => {
    const store = await MemoryStore.open();
    const [{ ladder }] = counters as [CounterRef];
    const [, endsAt] = ladder[0]!.bounds;
    const now = jest.spyOn(Date, 'now');
    const takeAt = (instant: number) => {
      now.mockReturnValue(instant);
      return store.take({ ...taking(`at-${instant}`, 1), deadlineAt: endsAt });
    };
    expect(takeAt(endsAt - 1)).toMatchObject({ outcome: 'taken', counts: [{ pick: 0, used: 1 }] });
    expect(takeAt(endsAt)).toMatchObject({ outcome: 'taken', counts: [{ pick: 1, used: 1 }] });
    expect(takeAt(endsAt + 1)).toEqual({ outcome: 'expired' });
    now.mockRestore();
    await store.close();
  });

  it('begins empty', async () => {
    const store = await MemoryStore.open();
    expect(store.read({ counters })).toEqual({ outcome: 'read', counts: [{ pick: 0, used: 0 }] });
    await store.close();
  });
});

const counters: readonly CounterRef[] = [
  {
    key: 'sd1:{ocr:user=u1}:rule',
    shardGroup: 'ocr:user=u1',
    ladder: [
      {
        field: 'd',
        max: 10_000,
        enforced: true,
        bounds: [NOW - HOUR_MS, NOW + HOUR_MS, NOW + 2 * HOUR_MS],
      },
    ],
  },
];

function taking(id: string, amount: number): TakeRequest {
  const operation = { id, fingerprint: amount, attempt: `attempt-of-${id}` };
  return { counters, operation, amount, deadlineAt: Infinity };
}
