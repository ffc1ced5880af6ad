import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LedgerWriterState, RecordedEvent } from '@sundial/ledger';
import type { Settings } from '../config/settings.js';
import { encodeReport, type NodeReport } from '../live/node-report.js';
import { LedgerCoverage } from './ledger-coverage.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 10, 27, 10);

const reportOf = (name: string, store: Partial<NodeReport['store']> = {}) =>
  encodeReport({
    ...{ name, version: '1', startedAt: new Date(START).toISOString(), rulesVersion: 1, perSecond: null },
    ...{ latencyMs: null, load: { eventLoop: 0, inFlight: 0, waiting: 0 }, alarms: { active: 0, shown: [] } },
    store: { kind: 'redis', mode: 'exact', cause: null, pending: 0, ...store },
  });
const writer = (node: string, more: Partial<LedgerWriterState> = {}) => ({
  ...{ node, flushedAt: START, hasEnded: false, ...more },
});

/** Two nodes that share a Redis and a PostgreSQL, unless a test changes it. */
let site: {
  now: number;
  covers: 'all nodes' | 'this node';
  status: { lastError?: string; queued: number };
  store: { mode: string; pending: number };
  records: (string | undefined)[];
  writers: LedgerWriterState[];
  gaps: Partial<RecordedEvent>[];
  changes: Partial<RecordedEvent>[];
};
let coverage: LedgerCoverage;

beforeEach(() => {
  site = {
    ...{ now: START, covers: 'all nodes', status: { queued: 0 }, store: { mode: 'exact', pending: 0 } },
    records: [reportOf('a'), reportOf('b')],
    writers: [writer('a'), writer('b')],
    ...{ gaps: [], changes: [] },
  };
  const ledger = {
    status: () => ({ ...site.status, covers: site.covers }),
    questions: {
      writers: () => Promise.resolve(site.writers),
      events: () => Promise.resolve({ rows: site.gaps }),
      audit: ({ action }: { readonly action: string }) =>
        Promise.resolve({ rows: site.changes.filter(({ outcome }) => outcome === action) }),
    },
  };
  const engine = { now: () => site.now, status: () => site.store };
  const nodes = { list: () => Promise.resolve(site.records.map((record) => ({ record }))) };
  const settings = { redis: {}, nodeName: 'a', clockOffsetMs: 0 } as unknown as Settings;
  coverage = new LedgerCoverage({ ledger } as never, engine as never, nodes as never, settings);
});

describe('what the ledger has of all that is counted', () => {
  const later = (ms = HOUR_MS) => {
    site.now += ms;
    return coverage.since();
  };

  it('is all since this node began to look', async () => {
    expect(await coverage.since()).toBe(START);
    expect(await later()).toBe(START);
    coverage.forget();
    expect(await later()).toBe(START + 2 * HOUR_MS);
  });

  it('is not known while the ledger or the store of any node is away', async () => {
    await coverage.since();
    site.status = { queued: 0, lastError: 'away' };
    expect(await later()).toBeUndefined();
    site.status = { queued: 50_000 };
    expect(await later()).toBeUndefined();
    [site.status, site.store] = [{ queued: 0 }, { mode: 'exact', pending: 3 }];
    expect(await later()).toBeUndefined();
    site.store = { mode: 'exact', pending: 0 };
    site.records = [reportOf('a'), reportOf('b', { mode: 'degraded', cause: 'timeout' })];
    expect(await later()).toBeUndefined();
    site.records = [reportOf('a'), reportOf('b')];
    expect(await later()).toBe(START);
  });

  it.each<readonly [string, () => void]>([
    ['says nothing of itself', () => site.records.push(undefined)],
    ['writes to no ledger', () => site.records.push(reportOf('c'))],
    ['has left this one', () => (site.writers[1] = writer('b', { hasEnded: true }))],
    ['writes to its own', () => (site.covers = 'this node')],
  ])('begins again where a node counts that %s', async (_, change) => {
    await coverage.since();
    change();
    expect(await later()).toBeUndefined();
    site = { ...site, covers: 'all nodes', records: [reportOf('a')], writers: [writer('a')] };
    expect(await later()).toBe(START + 2 * HOUR_MS);
  });

  it('misses what a node had not written that ended without a word', async () => {
    await coverage.since();
    site.records = [reportOf('a')];
    site.writers = [writer('a'), writer('b', { flushedAt: START + 10_000 })];
    expect(await later()).toBe(START + 70_000);
    site.writers = [writer('a'), writer('b', { flushedAt: START + 10_000, hasEnded: true })];
    expect(await later()).toBe(START);
  });

  it('misses what gaps say, and what was deleted or counted by rules that were replaced', async () => {
    await coverage.since();
    site.gaps = [{ at: START + 9_000, data: { from: START, to: START + 8_000 } }];
    expect(await later()).toBe(START + 8_000);
    site.changes = [{ outcome: 'subject-data-deleted', at: START + 20_000 }];
    expect(await later()).toBe(START + 80_000);
    site.changes.push({ outcome: 'rules-replaced', at: START + 30_000 });
    expect(await later()).toBe(START + 90_000);
  });
});
