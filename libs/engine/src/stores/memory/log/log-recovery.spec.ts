import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  temporaryDirectory,
  type TemporaryDirectory,
} from '../../../../../../test/support/temporary-directory.js';
import { MemoryStore } from '../memory-store.js';
import type { CounterRef } from '../../counter-ref.js';
import { scan } from './log-scan.js';

const HOUR_MS = 3_600_000;
const NOW = Date.now();
const GROUPS = 8;

/** A log of groups in which subject n was counted by the nth alone, and subject `all` once by each. */
describe('a log that is damaged', () => {
  let directory: TemporaryDirectory;
  let path: string;
  let whole: Buffer;
  /** Where each group begins. */
  let begins: number[];
  beforeEach(async () => {
    directory = await temporaryDirectory();
    for (let n = 0; n < GROUPS; n++) {
      const store = await MemoryStore.open({ directory: directory.path });
      const operation = { id: `o${n}`, content: '1', attempt: `a${n}` };
      store.take({ counters: [ref(`s${n}`), ref('all')], operation, amount: 1, deadlineAt: Infinity });
      await store.close();
    }
    const [name] = await readdir(directory.path);
    path = join(directory.path, name!);
    whole = await readFile(path);
    begins = [];
    for (let from = 0; (from = whole.indexOf('SDL1', from)) >= 0; from++) begins.push(from);
    expect(begins).toHaveLength(GROUPS);
  });
  afterEach(() => directory.remove());

  it('of which a write was cut off keeps all before it, and is written on', async () => {
    for (const cut of [whole.length - 1, begins[7]! + 40, begins[7]! + 5, begins[7]! + 1]) {
      await writeFile(path, whole.subarray(0, cut));
      const { used, damages } = await read();
      expect(used).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 7]);
      expect(damages).toMatchObject([{ path, bytes: cut - begins[7]!, isTornTail: true, keptAs: undefined }]);
      expect(await read()).toEqual({ used, damages: [] });
      const store = await MemoryStore.open({ directory: directory.path });
      const operation = { id: 'next', content: '1', attempt: 'a' };
      store.take({ counters: [ref('s7')], operation, amount: 1, deadlineAt: Infinity });
      await store.close();
      expect(await read()).toEqual({ used: [1, 1, 1, 1, 1, 1, 1, 1, 7], damages: [] });
    }
  });

  it('in one bit loses the group that the bit is in, says so, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (byte, bit) => {
        const damaged = Buffer.from(whole);
        damaged[byte]! ^= 1 << bit;
        await writeFile(path, damaged);
        const group = begins.findLastIndex((begin) => begin <= byte);
        const { used, damages } = await read();
        const expected = [1, 1, 1, 1, 1, 1, 1, 1, group === 7 ? 7 : 8];
        expected[group] = 0;
        expect(used).toEqual(expected);
        expect(damages).toHaveLength(1);
        expect(damages[0]!.bytes).toBe((begins[group + 1] ?? whole.length) - begins[group]!);
      }),
      { numRuns: 120 },
    );
  });

  it('keeps the damaged file beside when it has to be cut, and says when what is lost was counted', async () => {
    const damaged = Buffer.from(whole);
    damaged[whole.length - 1]! ^= 1;
    await writeFile(path, damaged);
    const { damages } = await read();
    expect(damages).toMatchObject([{ isTornTail: false, keptAs: `${path}.damaged` }]);
    expect(damages[0]!.from).toBeGreaterThanOrEqual(NOW);
    expect(damages[0]!.to).toBeGreaterThanOrEqual(damages[0]!.from);
    expect((await readFile(`${path}.damaged`)).equals(damaged)).toBe(true);
    expect((await read()).damages).toEqual([]);
  });

  it('says that groups are missing though every byte is right', async () => {
    await writeFile(path, Buffer.concat([whole.subarray(0, begins[2]), whole.subarray(begins[4])]));
    const { used, damages } = await read();
    expect(used).toEqual([1, 1, 0, 0, 1, 1, 1, 1, 8]);
    expect(damages).toMatchObject([{ path, bytes: 0, isTornTail: false }]);
  });

  it('says that a whole segment is missing, or is empty', async () => {
    const next = path.replace('00000001', '00000003');
    await writeFile(path, whole.subarray(0, begins[3]));
    await writeFile(next, whole.subarray(begins[5]));
    await writeFile(path.replace('00000001', '00000002'), '');
    const { used, damages } = await read();
    expect(used).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 8]);
    expect(damages).toMatchObject([{ path: next, bytes: 0 }]);
  });

  it('counts nothing of what is no log', async () => {
    await writeFile(path, 'x'.repeat(100_000));
    const { used, damages } = await read();
    expect(used).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(damages).toMatchObject([{ bytes: 100_000, isTornTail: false, keptAs: `${path}.damaged` }]);
  });

  it('is none when there is no file, or an empty one', async () => {
    await writeFile(path, '');
    expect((await read()).damages).toEqual([]);
    await rm(path);
    expect((await read()).damages).toEqual([]);
  });

  it('is read to its end whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
            fc.constant(Buffer.from('SDL1')),
            fc.nat(GROUPS - 1).map((n) => ({ n })),
          ),
        ),
        (parts) => {
          const buffers = parts.map((part) =>
            Buffer.isBuffer(part) ? part : whole.subarray(begins[part.n], begins[part.n + 1]),
          );
          const found = [...scan(Buffer.concat(buffers))];
          const groups = found.filter(({ kind }) => kind === 'group');
          expect(groups).toHaveLength(parts.filter((part) => !Buffer.isBuffer(part)).length);
        },
      ),
    );
  });

  async function read() {
    const store = await MemoryStore.open({ directory: directory.path });
    const subjects = [...Array.from({ length: GROUPS }, (_, n) => `s${n}`), 'all'];
    const used = subjects.map((subject) => {
      const result = store.read({ counters: [ref(subject)] });
      return 'counts' in result ? result.counts[0]!.used : NaN;
    });
    await store.close();
    return { used, damages: store.damages };
  }
});

function ref(name: string): CounterRef {
  const bounds = [NOW - HOUR_MS, NOW + HOUR_MS, NOW + 2 * HOUR_MS] as const;
  return { key: name, shardGroup: '', limits: [{ field: 'h', max: 1_000, enforced: true, bounds }] };
}
