import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { Block } from '../blocks/block.js';
import { BlockBuilder } from '../blocks/block-builder.js';
import { Facets } from '../recording/facet.js';
import { NewBlocks } from '../recording/new-blocks.js';
import { Recorder } from '../recording/recorder.js';
import { DayFile } from './day-file.js';
import { daysIn } from './day-files.js';
import { PermanentFile } from './permanent-file.js';
import { SqliteReader } from './sqlite-reader.js';
import { SqliteStore } from './sqlite-store.js';

const DAY_MS = 86_400_000;
const T0 = Date.UTC(2026, 10, 20, 23);
const LARGE = 1024 ** 3;

describe('SqliteStore', () => {
  let directory: TemporaryDirectory;
  let now: number;
  beforeEach(async () => {
    directory = await temporaryDirectory();
    now = T0;
  });
  afterEach(() => directory.remove());

  const eventsOf = (count: number, at = now): LedgerEvent[] =>
    Array.from({ length: count }, (_, index) => ({
      ...{ at: at + index, kind: 'check', outcome: 'allowed', resource: 'ocr', subject: { user: 'u1' } },
      data: { filler: ['x'.repeat(200)] },
    }));
  const blocksOf = (count: number) => {
    const builder = new BlockBuilder();
    const blocks: Block[] = [];
    for (const event of eventsOf(count)) {
      builder.append(event);
      if (builder.isFull) blocks.push(builder.take());
    }
    return builder.events > 0 ? [...blocks, builder.take()] : blocks;
  };
  const recorderOf = (maxBytes = LARGE, node = 'a') =>
    new Recorder(node, new SqliteStore(node, directory.path, maxBytes, () => now));
  const find = (kinds?: readonly string[]) => {
    const reader = new SqliteReader(directory.path);
    const rows = reader.find({ order: 'oldest', limit: 10_000, ...(kinds && { kinds }) });
    reader.close();
    return rows.map(({ event }) => event);
  };

  it('says what may be missing of a node that was killed, also to one of another name', async () => {
    await recorderOf().write(blocksOf(10), now);
    now += 60_000;
    const after = recorderOf(LARGE, 'b');
    await after.write([], now);
    expect(find(['gap'])).toMatchObject([{ outcome: 'killed', data: { from: T0, to: T0 + 60_000 } }]);
    await after.close(true);
    await recorderOf().write([], now);
    expect(find(['gap'])).toHaveLength(1);
  });

  it('keeps the refusals that a killed node had counted as one row', async () => {
    const builder = new BlockBuilder();
    for (const event of eventsOf(15)) builder.append({ ...event, outcome: 'denied' });
    await recorderOf().write([builder.take()], now);
    expect(find(['check'])).toHaveLength(10);
    await recorderOf().write([], now);
    expect(find(['check']).map(({ count = 1 }) => count)).toEqual([...Array<number>(10).fill(1), 5]);
  });

  it('writes a batch once whose end it did not see', async () => {
    const recorder = recorderOf();
    await recorder.write(blocksOf(10), now);
    jest.spyOn(PermanentFile.prototype, 'markFlushed').mockImplementationOnce(() => {
      throw new Error('busy');
    });
    const batch = blocksOf(5);
    await expect(recorder.write(batch, now)).rejects.toThrow('busy');
    await recorder.write(batch, now);
    expect(find(['check'])).toHaveLength(15);
  });

  it('keeps a file a day, and drops those that are too old without a word', async () => {
    const recorder = recorderOf();
    for (let day = 0; day < 5; day += 1, now += DAY_MS) await recorder.write(blocksOf(10), now);
    now -= DAY_MS;
    const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24'];
    expect(daysIn(directory.path)).toEqual(days);
    await recorder.retain({ days: 2, maxBytes: LARGE }, now);
    await recorder.write([], now);
    expect(daysIn(directory.path)).toEqual(days.slice(2));
    expect(find()).toHaveLength(30);
    await recorder.close(true);
  });

  it('drops the oldest day while all are too large, and a gap says how many rows it had', async () => {
    const recorder = recorderOf(500_000);
    for (let day = 0; day < 3; day += 1, now += DAY_MS) await recorder.write(blocksOf(500), now);
    now -= DAY_MS;
    await recorder.retain({ days: 35, maxBytes: 500_000 }, now);
    await recorder.write([], now);
    const gaps = find(['gap']);
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps[0]).toMatchObject({ outcome: 'retention', count: 500, data: { from: T0, to: T0 + 499 } });
    expect(daysIn(directory.path)).toHaveLength(3 - gaps.length);
    expect(find(['check'])).toHaveLength(1_500 - 500 * gaps.length);
    await recorder.close(true);
  });

  it("drops today's oldest segments where today alone is too large", async () => {
    const recorder = recorderOf(400_000);
    for (let batch = 0; batch < 20; batch += 1, now += 1_000) await recorder.write(blocksOf(100), now);
    await recorder.retain({ days: 35, maxBytes: 400_000 }, now);
    await recorder.write([], now);
    const checks = find(['check']);
    const [gap] = find(['gap']);
    expect(checks.length).toBeGreaterThan(100);
    expect(checks.length + (gap?.count ?? 0)).toBe(2_000);
    expect(checks[0]!.at).toBeGreaterThan(Number(gap?.data?.to));
    await recorder.close(true);
  });

  it('goes on with the newest file where the clock was set back', async () => {
    const recorder = recorderOf();
    await recorder.write(blocksOf(10), now);
    now -= 2 * DAY_MS;
    await recorder.write(blocksOf(10), now);
    expect(daysIn(directory.path)).toEqual(['2026-11-20']);
    await recorder.close(true);
  });

  it('has written nothing of a batch for which the disk had no room, and goes on when it has', () => {
    const file = new DayFile('2026-11-20', join(directory.path, '2026-11-20.sqlite'), 'a');
    const blocks = new NewBlocks(new Facets('a'));
    const batchOf = (count: number) => ({
      ...{ number: 1, facets: [], counted: [], ended: [] },
      blocks: blocks.ofEvents(eventsOf(count)),
    });
    file.append(batchOf(10), 0);
    const { page_count } = file.database.prepare('PRAGMA page_count').get() as { page_count: number };
    file.database.pragma(`max_page_count = ${page_count + 2}`);
    expect(() => file.append(batchOf(500), 10)).toThrow(/full/);
    expect(file.lastSeq).toBe(10);
    file.database.pragma('max_page_count = 100000');
    file.append(batchOf(500), 10);
    expect(file.lastSeq).toBe(510);
    expect(file.segments()).toMatchObject([{ first_seq: 1, last_seq: 510, rows: 510 }]);
    file.close();
  });
});
