import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockBuilder, blocksOf } from '../blocks/block-builder.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import { SqliteStore } from '../sqlite/sqlite-store.js';
import type { Derived, WrittenRows } from './ledger-store.js';
import { Recorder } from './recorder.js';

const NOW = Date.UTC(2026, 10, 27, 12);
const CHECKS = 600;
const check = (index: number): LedgerEvent => ({
  ...{ at: NOW + index, kind: 'check', outcome: 'allowed', resource: 'ocr', subject: { user: 'u1' } },
  operationId: `o${index}`,
  data: {
    amounts: { units: 1 },
    limits: [
      {
        ...{ rule: 'r', window: 'day', meter: 'units' },
        used: index + 1,
        max: 1_000,
        startsAt: NOW,
        resetsAt: null,
      },
    ],
  },
});

/** A database that goes away while rows are read again, and keeps what is applied. */
class LeavingStore extends SqliteStore {
  applied: Derived | undefined;
  #reads = 0;

  override rowsAfter(position: number): Promise<readonly WrittenRows[]> {
    this.#reads += 1;
    return this.#reads === 2 ? Promise.reject(new Error('Away')) : super.rowsAfter(position);
  }

  override applyDerived(derived: Derived): Promise<void> {
    this.applied = derived;
    return super.applyDerived(derived);
  }
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recorder-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('counts once what a killed process had not summed up, also when the database goes away meanwhile', async () => {
  const clock = () => NOW;
  const killed = new Recorder('node', new SqliteStore('node', directory, 2 ** 30, clock));
  const events = Array.from({ length: CHECKS }, (_, index) => check(index));
  await killed.write(blocksOf(new BlockBuilder(), events), NOW);

  const store = new LeavingStore('node', directory, 2 ** 30, clock);
  const recorder = new Recorder('node', store);
  await expect(recorder.open(NOW)).rejects.toThrow('Away');
  await recorder.open(NOW);
  await recorder.apply();
  expect(store.applied?.windows).toMatchObject([{ used: CHECKS, allowed: CHECKS, denied: 0 }]);
  expect(store.applied?.volumes).toMatchObject([{ resource: 'ocr', decisions: CHECKS }]);
  await recorder.close(true);
});
