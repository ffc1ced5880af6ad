import { type SettleRequest, type SettleResult, UnverifiableSpans } from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Reassertion } from './reassertion.js';
import { MAX_GROUP } from './settlement-groups.js';
import { MAX_RECENT, RECENT_MS, type RecentOperation } from './recent-operations.js';
import type { StoreGuard } from '../guard/store-guard.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;

function done(id: string, at: number): RecentOperation {
  const operation = { id, content: '1', attempt: id };
  return { at, intent: 'count', operation, counters: [], amount: 1, counts: [] };
}

function reasserting() {
  const told: string[] = [];
  const requests: SettleRequest[] = [];
  const outcomes = {
    counted: 0,
    'already-counted': 0,
    reversed: 0,
    barred: 0,
    late: 0,
    conflict: 0,
    broken: 0,
  };
  const spans = new UnverifiableSpans();
  const store = {
    now: () => NOW,
    settle: (request: SettleRequest): SettleResult => {
      requests.push(request);
      told.push(request.operation.id);
      return { outcome: 'counted' };
    },
  };
  const guard: Pick<StoreGuard, 'ask' | 'wouldAsk'> = {
    wouldAsk: () => true,
    ask: async (call) => call(),
  };
  const reassertion = new Reassertion({ store, guard, deadlineMs: 50, spans, outcomes });
  const finished = async () => {
    while (reassertion.left > 0) await sleep(5);
  };
  return { reassertion, guard, requests, told, outcomes, spans, finished };
}

describe('Telling a store again what it has lost', () => {
  it('tells each operation once, the latest first', async () => {
    const { reassertion, told, outcomes, spans, finished } = reasserting();
    for (const id of ['a', 'b', 'c']) reassertion.note(done(id, NOW - 1_000));
    reassertion.lost({ kind: 'emptied' });
    await finished();
    expect(told).toEqual(['c', 'b', 'a']);
    expect(outcomes.counted).toBe(3);
    expect(spans.all).toEqual([]);
  });

  it('tells what another try had counted, if this node does not tell it anyway and the store cannot have forgotten it', async () => {
    const { reassertion, told, finished } = reasserting();
    reassertion.note(done('own', NOW - 1_000));
    for (const id of ['own', 'repeated', 'repeated']) reassertion.noteRepeated(done(id, NOW - 1_000));
    for (const id of ['old', 'used again']) reassertion.noteRepeated(done(id, NOW - RECENT_MS - 1));
    reassertion.noteRepeated(done('used again', NOW - 1_000));
    reassertion.lost({ kind: 'replaced' });
    await finished();
    expect(told).toEqual(['own', 'used again', 'repeated']);
  });

  it('tells it in groups, one after the other: the store is whole again soon, and live checks come through', async () => {
    const { reassertion, guard, told, finished } = reasserting();
    const ask = guard.ask;
    const groups: number[] = [];
    let inFlight = 0;
    guard.ask = async (...asked) => {
      expect(++inFlight).toBe(1);
      const before = told.length;
      const answer = await ask(...asked);
      groups.push(told.length - before);
      inFlight--;
      return answer;
    };
    for (let n = 0; n < 1_000; n++) reassertion.note(done(`op-${n}`, NOW));
    reassertion.lost({ kind: 'emptied' });
    await finished();
    expect(told).toHaveLength(1_000);
    expect(Math.max(...groups)).toBeLessThanOrEqual(MAX_GROUP);
    expect(groups.length).toBeLessThan(1_000);
  });

  it('tells it with everything that was told before', async () => {
    const { reassertion, requests, finished } = reasserting();
    const limit = { field: 'd', max: 3, enforced: true, bounds: [NOW, NOW + 1, NOW + 2] } as const;
    const counter = (limits: number) => ({
      key: `sd1:{ocr:user=u1}:rule-${limits}~k3Xa`,
      shardGroup: 'ocr:user=u1',
      ladder: Array(limits).fill(limit) as (typeof limit)[],
    });
    const picksOf = (limits: number) =>
      Array.from({ length: limits }, (_, n) => (n % 3 === 1 ? 1 : 0) as 0 | 1);
    const note = (counters: ReturnType<typeof counter>[], intent: 'count' | 'void') => {
      const picks = picksOf(counters.reduce((sum, { ladder }) => sum + ladder.length, 0));
      const operation = { id: `${intent}-${picks.length}`, content: '1~other', attempt: 'try' };
      const counts = picks.map((pick) => ({ pick, used: 9 }));
      reassertion.note({ at: NOW, intent, operation, counters, amount: 5, counts });
      return { intent, operation, counters, amount: 5, picks, decidedAt: NOW };
    };
    const noted = [
      note([counter(2)], 'count'),
      note([counter(2), counter(3)], 'void'),
      note([counter(40)], 'count'),
    ];
    reassertion.lost({ kind: 'emptied' });
    await finished();
    expect(requests.reverse()).toEqual(noted);
  });

  it('leaves alone what the store may have forgotten by itself, and reports when that was', async () => {
    const { reassertion, told, spans, finished } = reasserting();
    reassertion.note(done('old', NOW - RECENT_MS - 1));
    reassertion.note(done('new', NOW - 1_000));
    reassertion.lost({ kind: 'emptied' });
    await finished();
    expect(told).toEqual(['new']);
    expect(spans.all).toEqual([
      { from: NOW - RECENT_MS - 1, to: NOW - 1_000, reason: 'writes-lost', operations: 1 },
    ]);
  });

  it('takes a server that was replaced to have all but the last minute', () => {
    const { reassertion, spans } = reasserting();
    reassertion.note(done('old', NOW - RECENT_MS - 1));
    reassertion.note(done('new', NOW - 2 * MINUTE_MS));
    reassertion.lost({ kind: 'replaced' });
    expect(spans.all).toEqual([]);
    reassertion.close();
  });

  it('reports what it could not keep', () => {
    const { reassertion, spans } = reasserting();
    for (let n = 0; n < MAX_RECENT + 10; n++) reassertion.note(done(`${n}`, NOW - 30_000 + n / 10));
    reassertion.lost({ kind: 'replaced' });
    expect(reassertion.left).toBe(MAX_RECENT);
    expect(spans.all).toEqual([
      { from: NOW - 30_000, to: NOW - 30_000 + 1, reason: 'writes-lost', operations: 10 },
    ]);
    reassertion.close();
  });
});
