import { type SettleRequest, type SettleResult, StoreError } from '@sundial/engine/ports';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONSECUTIVE_FAILURES } from './guard/circuit-breaker.js';
import { StoreGuard } from './guard/store-guard.js';
import { MAX_PENDING, RESERVED_FOR_UNKNOWN } from './outbox/outbox-options.js';
import type { PendingSettlement } from './outbox/pending-settlement.js';
import { MAX_GROUP, MIN_GROUP } from './outbox/settlement-groups.js';
import { Reconciler } from './reconciler.js';

const DEADLINE_MS = 20;
/** For a journal, of which there is none here. */
const SOON = 0;
const NOW = Date.UTC(2026, 10, 22);

function pending(
  attempt: string,
  intent: SettleRequest['intent'] = 'count',
  id = attempt,
): PendingSettlement {
  const operation = { id, content: '1', attempt };
  return {
    settlement: { counters: [], operation, amount: 1, intent, decidedAt: NOW },
    degraded: { cause: 'timeout', policy: 'local' },
    executionStatus: 'unknown',
    decidedAt: NOW,
    resource: 'ocr',
  };
}

/** Counters that take settlements as a real store does: again is no harm. */
class Counters {
  readonly counted = new Set<string>();
  readonly voided = new Set<string>();
  settlements = 0;
  inFlight = 0;
  mostInFlight = 0;
  /** What happens to a settlement before the counters take it. */
  before: () => Promise<void> = () => Promise.resolve();

  async settle({ intent, operation }: SettleRequest): Promise<SettleResult> {
    this.settlements++;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      await this.before();
    } finally {
      this.inFlight--;
    }
    const list = intent === 'count' ? this.counted : this.voided;
    const outcome = list.has(operation.id) ? 'already-counted' : 'counted';
    list.add(operation.id);
    return { outcome };
  }
}

describe('Reconciler', () => {
  const guards: StoreGuard[] = [];
  afterEach(() => guards.splice(0).forEach((guard) => guard.close()));

  function reconciling(
    counters: { settle(request: SettleRequest): Promise<SettleResult> },
    probe: () => Promise<void> = () => Promise.resolve(),
  ) {
    const store = { probe, now: () => NOW };
    const guard = new StoreGuard(store, { deadlineMs: DEADLINE_MS });
    guards.push(guard);
    const settled: string[] = [];
    const reconciler = new Reconciler({
      store: { settle: (request) => counters.settle(request), now: () => NOW },
      guard,
      deadlineMs: DEADLINE_MS,
      settled: ({ settlement }) => settled.push(settlement.operation.attempt),
    });
    const cleared = async () => {
      while (!reconciler.outbox.isClear) await sleep(2);
    };
    return { guard, reconciler, settled, cleared };
  }

  it('settles what was allowed and what was refused without the store', async () => {
    const counters = new Counters();
    const { reconciler, settled, cleared } = reconciling(counters);
    void reconciler.outbox.enqueue(pending('a', 'count'), SOON);
    void reconciler.outbox.enqueue(pending('b', 'void'), SOON);
    expect(reconciler.status).toEqual({ pending: 2, lost: 0 });
    await cleared();
    expect([...counters.counted, ...counters.voided]).toEqual(['a', 'b']);
    expect(settled).toEqual(['a', 'b']);
  });

  it('repeats a settlement until the store has said what it did, and settles it once', async () => {
    const counters = new Counters();
    let tries = 0;
    counters.before = async () => {
      if (++tries <= 3) throw new StoreError('cut', 'unknown');
    };
    const { reconciler, settled, cleared } = reconciling(counters);
    void reconciler.outbox.enqueue(pending('a'), SOON);
    await cleared();
    expect(tries).toBe(4);
    expect(settled).toEqual(['a']);
  });

  it('does no harm with a settlement that was done though its answer never came', async () => {
    const counters = new Counters();
    const late = async (request: SettleRequest) => {
      const result = await counters.settle(request);
      if (counters.settlements === 1) await new Promise(() => undefined);
      return result;
    };
    const { reconciler, settled, cleared } = reconciling({ settle: late });
    void reconciler.outbox.enqueue(pending('a'), SOON);
    await cleared();
    expect(counters.settlements).toBe(2);
    expect([...counters.counted]).toEqual(['a']);
    expect(settled).toEqual(['a']);
  });

  it('leaves the store alone while it is away, and forgets nothing', async () => {
    const counters = new Counters();
    counters.before = () => Promise.reject(new StoreError('down', 'not-executed'));
    // A probe that was answered meanwhile would be a store that is not away.
    const { guard, reconciler, cleared } = reconciling(counters, () => counters.before());
    for (let i = 0; i < 50; i++) void reconciler.outbox.enqueue(pending(`a${i}`), SOON);
    while (guard.status.mode === 'exact') await sleep(1);
    const tries = counters.settlements;
    expect(tries).toBeLessThanOrEqual(CONSECUTIVE_FAILURES * MIN_GROUP);
    expect(reconciler.status.pending).toBe(50);
    counters.before = () => Promise.resolve();
    await cleared();
    expect(counters.counted.size).toBe(50);
  });

  it('has a bounded number of settlements in flight at once, whatever is pending', async () => {
    const counters = new Counters();
    counters.before = () => sleep(1);
    const { reconciler, cleared } = reconciling(counters);
    for (let i = 0; i < 20 * MAX_GROUP; i++) void reconciler.outbox.enqueue(pending(`a${i}`), SOON);
    await cleared();
    // How far they grow depends on how fast this machine is.
    expect(counters.mostInFlight).toBeGreaterThan(MIN_GROUP);
    expect(counters.mostInFlight).toBeLessThanOrEqual(MAX_GROUP);
    expect(counters.counted.size).toBe(20 * MAX_GROUP);
  });

  describe('when it is full', () => {
    function full(executionStatus: PendingSettlement['executionStatus']) {
      const overflows: number[] = [];
      const reconciler = new Reconciler({
        store: { settle: () => Promise.reject(new Error('asked')), now: () => NOW },
        guard: { ask: () => Promise.reject(new Error('asked')), wouldAsk: () => false, isCutOff: true },
        deadlineMs: 1,
        settled: () => undefined,
        overflowed: (operations) => overflows.push(operations),
      });
      const room = executionStatus === 'not-executed' ? MAX_PENDING - RESERVED_FOR_UNKNOWN : MAX_PENDING;
      for (let i = 0; i < room; i++)
        void reconciler.outbox.enqueue({ ...pending(`a${i}`), executionStatus }, SOON);
      return { reconciler, overflows, room };
    }

    it('adds up what certainly never ran, and says how many operations that were', async () => {
      const { reconciler, overflows, room } = full('not-executed');
      for (let i = 0; i < 7; i++)
        void reconciler.outbox.enqueue({ ...pending(`b${i}`), executionStatus: 'not-executed' }, SOON);
      expect(reconciler.status).toEqual({ pending: room + 1, lost: 0 });
      expect(reconciler.journalStatus).toMatchObject({ summed: 7 });
      while (overflows.length === 0) await sleep(5);
      expect(overflows).toEqual([7]);
      await reconciler.close();
    });

    it('has room left for what may have run', async () => {
      const { reconciler, room } = full('not-executed');
      void reconciler.outbox.enqueue({ ...pending('b', 'void'), executionStatus: 'unknown' }, SOON);
      expect(reconciler.status).toEqual({ pending: room + 1, lost: 0 });
      await reconciler.close();
    });

    it('gives up what can neither be kept nor added up, and says how many', async () => {
      const { reconciler, room } = full('unknown');
      for (let i = 0; i < 3; i++) void reconciler.outbox.enqueue(pending(`b${i}`), SOON);
      expect(reconciler.status).toEqual({ pending: room, lost: 3 });
      await reconciler.close();
    });
  });

  it.each(['conflict', 'wrong-type'] as const)(
    'counts as lost what the store answers with %s',
    async (outcome) => {
      const { reconciler, settled, cleared } = reconciling({ settle: () => Promise.resolve({ outcome }) });
      void reconciler.outbox.enqueue(pending('a'), SOON);
      await cleared();
      expect(reconciler.status.lost).toBe(1);
      expect(settled).toEqual(['a']);
    },
  );

  it('knows an allowed operation by its id until the store has recorded it', async () => {
    const counters = new Counters();
    const { reconciler, cleared } = reconciling(counters);
    const allowed = pending('try-1', 'count', 'id-1');
    void reconciler.outbox.enqueue(allowed, SOON);
    void reconciler.outbox.enqueue(pending('try-2', 'void', 'id-2'), SOON);
    expect(reconciler.outbox.promised('id-1')).toBe(allowed);
    expect(reconciler.outbox.promised('id-2')).toBeUndefined();
    let whileSettling: PendingSettlement | undefined;
    counters.before = async () => {
      whileSettling ??= reconciler.outbox.promised('id-1');
    };
    await cleared();
    expect(whileSettling).toBe(allowed);
    expect(reconciler.outbox.promised('id-1')).toBeUndefined();
  });

  it('settles what is pending before it closes, as long as the store answers', async () => {
    const counters = new Counters();
    const { reconciler } = reconciling(counters);
    for (let i = 0; i < 100; i++) void reconciler.outbox.enqueue(pending(`a${i}`), SOON);
    await reconciler.close();
    expect(counters.counted.size).toBe(100);
    expect(reconciler.status).toEqual({ pending: 0, lost: 0 });
  });

  it('closes at once when the store is away, and says what is lost', async () => {
    const counters = new Counters();
    counters.before = () => Promise.reject(new StoreError('down', 'not-executed'));
    const { guard, reconciler } = reconciling(counters);
    for (let i = 0; i < 10; i++) void reconciler.outbox.enqueue(pending(`a${i}`), SOON);
    while (guard.status.mode === 'exact') await sleep(1);
    const closedAt = performance.now();
    await reconciler.close();
    expect(performance.now() - closedAt).toBeLessThan(500);
    expect(reconciler.status).toEqual({ pending: 0, lost: 10 });
  });
});
