import {
  REMEMBER_MS,
  type SettleRequest,
  type SettleResult,
  UncertainIntervals,
} from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreGuard } from '../guard/store-guard.js';
import { MAX_GROUP } from '../outbox/settlement-groups.js';
import { SettlementPump } from '../outbox/settlement-pump.js';
import {
  AcknowledgedOperations,
  MAX_ACKNOWLEDGED,
  REPLAYABLE_MS,
  type AcknowledgedOperation,
} from './acknowledged-operations.js';
import { Replay } from './replay.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;

function done(id: string, at: number): AcknowledgedOperation {
  const operation = { id, content: '1', attempt: id };
  return { decidedAt: at, intent: 'count', operation, counters: [], amount: 1 };
}

function replaying() {
  const sent: string[] = [];
  const requests: SettleRequest[] = [];
  const outcomes = {
    counted: 0,
    'already-counted': 0,
    reversed: 0,
    voided: 0,
    late: 0,
    conflict: 0,
    'wrong-type': 0,
  };
  const uncertain = new UncertainIntervals();
  const store = {
    now: () => NOW,
    settle: (request: SettleRequest): SettleResult => {
      requests.push(request);
      sent.push(request.operation.id);
      return { outcome: 'counted' };
    },
  };
  const guard: Pick<StoreGuard, 'ask' | 'isCutOff'> = {
    isCutOff: false,
    ask: async (call) => call(),
  };
  const pump = new SettlementPump({ store, guard, deadlineMs: 50 });
  const replay = new Replay({
    now: () => NOW,
    canSend: () => true,
    wake: () => pump.wake(),
    uncertain,
    outcomes,
  });
  pump.add(replay);
  const repeat = (id: string, at: number) => replay.repeated(done(id, at), { at, until: at + REMEMBER_MS });
  const finished = async () => {
    while (replay.remaining > 0) await sleep(5);
  };
  return { replay, repeat, pump, guard, requests, sent, outcomes, uncertain, finished };
}

describe('A replay of what the store has lost', () => {
  it('takes of each meter what the operation had taken, also where its place was another one’s before', async () => {
    const { replay, requests, finished } = replaying();
    const tokens = { ...done('a', NOW - 1_000), amounts: { tokens: 1_200 } };
    replay.acknowledged(tokens);
    replay.acknowledged(done('b', NOW - 1_000));
    replay.repeated(
      { ...tokens, operation: done('c', NOW).operation },
      { at: NOW, until: NOW + REMEMBER_MS },
    );
    replay.dataLost({ kind: 'emptied' });
    await finished();
    const sent = requests.map(({ operation: { id }, amount, amounts }) => ({ id, amount, amounts }));
    expect(sent).toEqual([
      { id: 'b', amount: 1, amounts: undefined },
      { id: 'a', amount: 1, amounts: { tokens: 1_200 } },
      { id: 'c', amount: 1, amounts: { tokens: 1_200 } },
    ]);
  });

  it('keeps amounts of no operation whose place another one has taken', () => {
    const acknowledged = new AcknowledgedOperations();
    acknowledged.note({ ...done('a', NOW), amounts: { tokens: 5 } });
    for (let n = 0; n < MAX_ACKNOWLEDGED; n++) acknowledged.note(done(`o${n}`, NOW));
    expect(acknowledged.replayable(NOW).filter(({ amounts }) => amounts !== undefined)).toEqual([]);
  });

  it('sends each operation once, the latest first', async () => {
    const { replay, sent, outcomes, uncertain, finished } = replaying();
    for (const id of ['a', 'b', 'c']) replay.acknowledged(done(id, NOW - 1_000));
    replay.dataLost({ kind: 'emptied' });
    await finished();
    expect(sent).toEqual(['c', 'b', 'a']);
    expect(outcomes.counted).toBe(3);
    expect(uncertain.all).toEqual([]);
  });

  it('sends what another try had counted, if this node does not send it anyway and the store cannot have forgotten it', async () => {
    const { replay, repeat, sent, finished } = replaying();
    replay.acknowledged(done('own', NOW - 1_000));
    for (const id of ['own', 'repeated', 'repeated']) repeat(id, NOW - 1_000);
    for (const id of ['old', 'used again']) repeat(id, NOW - REPLAYABLE_MS - 1);
    repeat('used again', NOW - 1_000);
    replay.dataLost({ kind: 'replaced' });
    await finished();
    expect(sent).toEqual(['own', 'used again', 'repeated']);
  });

  it('goes in groups, one after the other: the store is whole again soon, and live checks come through', async () => {
    const { replay, guard, sent, finished } = replaying();
    const ask = guard.ask;
    const groups: number[] = [];
    let inFlight = 0;
    guard.ask = async (...asked) => {
      expect(++inFlight).toBe(1);
      const before = sent.length;
      const answer = await ask(...asked);
      groups.push(sent.length - before);
      inFlight--;
      return answer;
    };
    for (let n = 0; n < 1_000; n++) replay.acknowledged(done(`op-${n}`, NOW));
    replay.dataLost({ kind: 'emptied' });
    await finished();
    expect(sent).toHaveLength(1_000);
    expect(Math.max(...groups)).toBeLessThanOrEqual(MAX_GROUP);
    expect(groups.length).toBeLessThan(1_000);
  });

  it('sends everything that was sent before', async () => {
    const { replay, requests, finished } = replaying();
    const limit = { field: 'd', max: 3, enforced: true, bounds: [NOW, NOW + 1, NOW + 2] } as const;
    const counter = (limits: number) => ({
      key: `sd1:{ocr:user=u1}:rule-${limits}~k3Xa`,
      shardGroup: 'ocr:user=u1',
      limits: Array.from({ length: limits }, (_, n) => ({
        ...limit,
        windowIndex: n % 3 === 1 ? ('next' as const) : ('current' as const),
      })),
    });
    const note = (counters: ReturnType<typeof counter>[], intent: 'count' | 'void') => {
      const operation = { id: `${intent}-${counters.length}`, content: '1~other', attempt: 'try' };
      const request = { intent, operation, counters, amount: 5, decidedAt: NOW };
      replay.acknowledged(request);
      return request;
    };
    const noted = [note([counter(2)], 'count'), note([counter(2), counter(3)], 'void')];
    // Limits that name no window were decided in their current ones.
    const [plain] = [{ ...counter(0), limits: [limit, limit] }];
    const bare = { intent: 'count', operation: { id: 'b', content: '5', attempt: 'b' }, amount: 5 } as const;
    replay.acknowledged({ ...bare, counters: [plain], decidedAt: NOW });
    const inCurrent = { ...limit, windowIndex: 'current' as const };
    noted.push({ ...bare, counters: [{ ...plain, limits: [inCurrent, inCurrent] }], decidedAt: NOW });
    replay.dataLost({ kind: 'emptied' });
    await finished();
    expect(requests.reverse()).toEqual(noted);
  });

  it('leaves alone what the store may have forgotten by itself, and reports when that was', async () => {
    const { replay, sent, uncertain, finished } = replaying();
    replay.acknowledged(done('old', NOW - REPLAYABLE_MS - 1));
    replay.acknowledged(done('new', NOW - 1_000));
    replay.dataLost({ kind: 'emptied' });
    await finished();
    expect(sent).toEqual(['new']);
    expect(uncertain.all).toEqual([
      { from: NOW - REPLAYABLE_MS - 1, to: NOW - 1_000, reason: 'writes-lost', operations: 1 },
    ]);
  });

  it('takes a server that was replaced to have all but the last minute', () => {
    const { replay, pump, uncertain } = replaying();
    replay.acknowledged(done('old', NOW - REPLAYABLE_MS - 1));
    replay.acknowledged(done('new', NOW - 2 * MINUTE_MS));
    replay.dataLost({ kind: 'replaced' });
    expect(uncertain.all).toEqual([]);
    pump.close();
  });

  it('reports what it could not keep', () => {
    const { replay, pump, uncertain } = replaying();
    for (let n = 0; n < MAX_ACKNOWLEDGED + 10; n++) replay.acknowledged(done(`${n}`, NOW - 30_000 + n / 10));
    replay.dataLost({ kind: 'replaced' });
    expect(replay.remaining).toBe(MAX_ACKNOWLEDGED);
    expect(uncertain.all).toEqual([
      { from: NOW - 30_000, to: NOW - 30_000 + 1, reason: 'writes-lost', operations: 10 },
    ]);
    pump.close();
  });
});
