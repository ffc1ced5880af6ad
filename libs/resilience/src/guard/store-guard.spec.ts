import { StoreError } from '@sundial/engine/ports';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONSECUTIVE_FAILURES, PROBE_FLOOR_MS } from './circuit-breaker.js';
import { IDLE_PROBE_MS, MAX_IN_FLIGHT, StoreGuard } from './store-guard.js';

const DEADLINE_MS = 20;

/** A store that answers nothing until the test lets it. */
class SilentStore {
  readonly #calls: { resolve(value: string): void; reject(error: unknown): void }[] = [];
  probes = 0;
  probe: () => Promise<void> = () => new Promise(() => undefined);

  readonly call = () =>
    new Promise<string>((resolve, reject) => {
      this.#calls.push({ resolve, reject });
    });

  get calls(): number {
    return this.#calls.length;
  }

  answerAll(): void {
    for (const { resolve } of this.#calls.splice(0)) resolve('answer');
  }

  rejectAll(): void {
    for (const { reject } of this.#calls.splice(0)) reject(new Error('socket closed'));
  }
}

describe('StoreGuard', () => {
  const guards: StoreGuard[] = [];
  afterEach(() => guards.splice(0).forEach((guard) => guard.close()));

  function guarding(store: SilentStore) {
    const modes: unknown[][] = [];
    const counted = { probe: () => (store.probes++, store.probe()), now: () => performance.now() };
    const guard = new StoreGuard(counted, {
      deadlineMs: DEADLINE_MS,
      onMode: (...mode) => modes.push(mode),
    });
    guards.push(guard);
    const ask = (call: () => Promise<string> = store.call) =>
      guard.ask(call, performance.now() + DEADLINE_MS, []);
    const askAll = (times: number) => Promise.all(Array.from({ length: times }, () => ask()));
    return { guard, modes, ask, askAll };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(1);
  }

  it('passes on what the store answers in time', async () => {
    const store = new SilentStore();
    const { ask } = guarding(store);
    const answer = ask();
    store.answerAll();
    expect(await answer).toBe('answer');
  });

  it('answers at the deadline for a store that does not, and does not know what became of the call', async () => {
    const { ask } = guarding(new SilentStore());
    const askedAt = performance.now();
    expect(await ask()).toEqual({ outcome: 'unavailable', cause: 'timeout', executionStatus: 'unknown' });
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(DEADLINE_MS);
  });

  it.each([
    { error: new StoreError('refused', 'not-executed'), executionStatus: 'not-executed' },
    { error: new StoreError('cut', 'unknown'), executionStatus: 'unknown' },
    { error: new TypeError('surprise'), executionStatus: 'unknown' },
  ])(
    'turns $error.message into an answer with the execution status $executionStatus',
    async ({ error, executionStatus }) => {
      const { ask } = guarding(new SilentStore());
      const answer = await ask(() => Promise.reject(error));
      expect(answer).toEqual({ outcome: 'unavailable', cause: 'store-error', executionStatus });
    },
  );

  it('counts a call in flight until the store lets go of it, and asks for no more than the bound', async () => {
    const store = new SilentStore();
    const { guard, askAll } = guarding(store);
    const answers = askAll(MAX_IN_FLIGHT + 3);
    expect(store.calls).toBe(MAX_IN_FLIGHT);
    expect((await answers).slice(-3)).toEqual(
      Array(3).fill({ outcome: 'unavailable', cause: 'overloaded', executionStatus: 'not-executed' }),
    );
    expect(guard.status.inFlight).toBeGreaterThanOrEqual(MAX_IN_FLIGHT);
    store.rejectAll();
    await until(() => guard.status.inFlight < 2);
  });

  it('reports an answer that comes after its deadline', async () => {
    const store = new SilentStore();
    const { guard } = guarding(store);
    const reported: string[] = [];
    const asked = guard.ask(store.call, performance.now() + DEADLINE_MS, [], {
      late: (answer) => reported.push(answer),
    });
    expect(await asked).toMatchObject({ cause: 'timeout' });
    store.answerAll();
    await until(() => reported.length > 0);
    expect(reported).toEqual(['answer']);
  });

  it('sends no caller’s check while the breaker is open', async () => {
    const store = new SilentStore();
    const { ask, askAll } = guarding(store);
    await askAll(CONSECUTIVE_FAILURES);
    expect(await ask()).toEqual({
      outcome: 'unavailable',
      cause: 'breaker-open',
      executionStatus: 'not-executed',
    });
    expect(store.calls).toBe(CONSECUTIVE_FAILURES);
  });

  it('reports each change of mode once, with its cause', async () => {
    const store = new SilentStore();
    const { guard, modes, askAll } = guarding(store);
    await askAll(3 * CONSECUTIVE_FAILURES);
    expect(guard.status).toMatchObject({ mode: 'degraded', cause: 'timeout' });
    store.probe = () => Promise.resolve();
    await until(() => guard.status.mode === 'exact');
    expect(guard.status).toMatchObject({ cause: null, breaker: 'closed' });
    expect(modes).toEqual([
      ['degraded', 'timeout'],
      ['exact', null],
    ]);
  });

  it('gives a probe that hangs up at the deadline, and sends the next when that is over', async () => {
    const store = new SilentStore();
    const { guard, askAll } = guarding(store);
    await askAll(CONSECUTIVE_FAILURES);
    await until(() => store.probes === 1);
    expect(guard.status.breaker).toBe('half-open');
    await until(() => guard.status.breaker === 'open');
    expect(store.probes).toBe(1);
    await until(() => store.probes === 2);
  });

  it('does not take a probe that is answered late for a success', async () => {
    const store = new SilentStore();
    const { guard, askAll } = guarding(store);
    store.probe = () => sleep(3 * DEADLINE_MS);
    await askAll(CONSECUTIVE_FAILURES);
    await until(() => store.probes === 3);
    expect(guard.status.mode).toBe('degraded');
  });

  it('probes an idle connection', async () => {
    const store = new SilentStore();
    store.probe = () => Promise.resolve();
    guarding(store);
    const openedAt = performance.now();
    await until(() => store.probes > 0);
    expect(performance.now() - openedAt).toBeGreaterThan(IDLE_PROBE_MS - 10);
  });

  // It took five rounds of the watchdog, 2.5 s, until a node without callers knew that its store was gone.
  it.each([
    ['refuses', () => Promise.reject(new StoreError('gone', 'not-executed'))],
    ['says nothing', () => new Promise<void>(() => undefined)],
  ])('soon finds that an idle store is away, when it %s', async (_what, probe) => {
    const store = new SilentStore();
    store.probe = probe;
    const { modes } = guarding(store);
    const openedAt = performance.now();
    await until(() => modes.length > 0);
    expect(performance.now() - openedAt).toBeLessThan(3 * IDLE_PROBE_MS);
    expect(modes[0]![0]).toBe('degraded');
  });

  it('forgives an idle store one probe that fails', async () => {
    const store = new SilentStore();
    store.probe = () => (store.probes === 1 ? Promise.reject(new Error('socket closed')) : Promise.resolve());
    const { guard, modes } = guarding(store);
    await until(() => store.probes > 2);
    expect(guard.status.mode).toBe('exact');
    expect(modes).toEqual([]);
  });

  it('stops probing when it is closed, and still answers at the deadline', async () => {
    const store = new SilentStore();
    const { guard, ask, askAll } = guarding(store);
    await askAll(CONSECUTIVE_FAILURES - 1);
    const answer = ask();
    guard.close();
    expect(await answer).toMatchObject({ cause: 'timeout' });
    await sleep(2 * PROBE_FLOOR_MS);
    expect(store.probes).toBe(0);
  });

  describe('before a store with shards', () => {
    const on = (...groups: string[]) => groups.map((shardGroup) => ({ key: '', shardGroup, limits: [] }));

    /** Groups `a1`, `a2` … live on shard `a`; what is in `away` says nothing. */
    function guardingShards() {
      const away = new Set<string>();
      const probed: string[] = [];
      const modes: unknown[] = [];
      const answer = (group: string) =>
        away.has(group[0]!) ? new Promise<never>(() => undefined) : Promise.resolve();
      const store = {
        shardsOf: (counters: ReturnType<typeof on>) =>
          counters.map(({ shardGroup: group }) => ({ name: group[0]!, group })),
        probe: (group = '') => (probed.push(group), answer(group)),
        now: () => performance.now(),
      };
      const guard = new StoreGuard(store, { deadlineMs: DEADLINE_MS, onMode: (mode) => modes.push(mode) });
      guards.push(guard);
      const ask = (...groups: string[]) =>
        guard.ask(
          () => Promise.all(groups.map(answer)).then(() => 'answer'),
          performance.now() + DEADLINE_MS,
          on(...groups),
        );
      const open = (group: string) =>
        Promise.all(Array.from({ length: CONSECUTIVE_FAILURES }, () => ask(group)));
      return { away, probed, modes, guard, ask, open };
    }

    it('goes on asking the others while one is away', async () => {
      const { away, guard, ask, open } = guardingShards();
      away.add('a');
      await open('a1');
      expect(await ask('a2')).toMatchObject({ cause: 'breaker-open' });
      expect(await ask('b1')).toBe('answer');
      expect(await ask('b1', 'a1')).toMatchObject({ cause: 'breaker-open' });
      expect(guard.status).toMatchObject({ mode: 'degraded', breaker: 'open', openShards: ['a'] });
      expect([guard.isCutOff, guard.wouldAsk(on('a1')), guard.wouldAsk(on('b1'))]).toEqual([
        false,
        false,
        true,
      ]);
    });

    it('probes the one that is away by a group that lives there', async () => {
      const { away, probed, guard, open } = guardingShards();
      away.add('a');
      await open('a7');
      away.clear();
      await until(() => guard.status.mode === 'exact');
      expect(probed).toEqual(['a7']);
      expect(guard.status.openShards).toEqual([]);
    });

    it('is degraded from the first that goes until the last that comes back', async () => {
      const { away, modes, guard, open } = guardingShards();
      away.add('a').add('b');
      await open('a1');
      await open('b1');
      away.delete('a');
      await until(() => guard.status.openShards.length === 1);
      expect(guard.status).toMatchObject({ mode: 'degraded', openShards: ['b'] });
      away.delete('b');
      await until(() => guard.status.mode === 'exact');
      expect(modes).toEqual(['degraded', 'exact']);
    });

    it('finds out by probes which of several is away', async () => {
      const { away, guard, ask } = guardingShards();
      away.add('b');
      while (guard.status.mode === 'exact') await ask('a1', 'b1', 'c1');
      expect(guard.status.openShards).toEqual(['b']);
      expect(await ask('a1', 'c1')).toBe('answer');
    });
  });
});
