import { LiveRules, type QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import {
  type SettleRequest,
  SharedSecret,
  startsAtOf,
  StoreError,
  type TakeRequest,
  type TakeResult,
  type LimitSpec,
} from '@sundial/engine/ports';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DegradePolicy, Rule } from '@sundial/contract';
import { engineOn } from '../../../../test/support/engine-on.js';

const HOUR_MS = 3_600_000;
const HALF_PAST = Date.UTC(2026, 10, 22, 12, 30);
const CHECK = { resource: 'ocr', subject: { user: 'u' } };

function rule(id: string, degrade: DegradePolicy, more: Partial<Rule> = {}): Rule {
  const limits = [{ window: 'hour', max: 3 } as const];
  return { id, resource: 'ocr', per: ['user'], timeZone: 'UTC', limits, mode: 'enforce', degrade, ...more };
}

/** A store far away whose answers the test gives. */
class FarStore implements Store {
  readonly kind = 'redis';
  readonly secret = new SharedSecret();
  clock = HALF_PAST;
  /** Time that passes each time the clock is read. */
  tickMs = 0;
  readonly settlements: SettleRequest[] = [];
  answer: (request: TakeRequest) => Promise<TakeResult> = () =>
    Promise.reject(new StoreError('not connected', 'not-executed'));

  take<L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> {
    return this.answer(request) as Promise<TakeResult<L>>;
  }

  settle(request: SettleRequest) {
    this.settlements.push(request);
    return { outcome: 'counted' } as const;
  }

  read() {
    return { outcome: 'window-mismatch' } as const;
  }

  endHold = away;
  refund = away;
  giveBack = away;
  setUsage = away;
  scan = away;
  liveHolds = away;

  now(): number {
    return (this.clock += this.tickMs);
  }

  async probe(): Promise<void> {}
  async close(): Promise<void> {}
}

function away(): Promise<never> {
  return Promise.reject(new StoreError('not connected', 'not-executed'));
}

describe('A check that the store did not decide', () => {
  const engines: QuotaEngine[] = [];
  afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

  function open(store: Store, ...rules: Rule[]): QuotaEngine {
    const engine = engineOn({ store, rules: new LiveRules(new RuleBook(1, rules)) });
    engines.push(engine);
    return engine;
  }

  it.each([
    { policies: ['allow'], policy: 'allow', allowed: true, reason: 'degraded' },
    { policies: ['allow', 'local'], policy: 'local', allowed: true, reason: 'ok' },
    { policies: ['local', 'deny', 'allow'], policy: 'deny', allowed: false, reason: 'degraded' },
  ] as const)('goes by the strictest policy of $policies', async ({ policies, ...expected }) => {
    const engine = open(new FarStore(), ...policies.map((degrade) => rule(`by-${degrade}`, degrade)));
    const { allowed, reason, degraded } = await engine.check(CHECK);
    expect({ allowed, reason, policy: degraded?.policy }).toEqual({
      allowed: expected.allowed,
      reason: expected.reason,
      policy: expected.policy,
    });
    expect(degraded?.cause).toBe('store-error');
  });

  it.each(['local', 'allow'] as const)(
    'has the max of its tier, and warns of soft limits, by %s',
    async (degrade) => {
      const limits: Rule['limits'] = [
        { window: 'day', max: 1, when: [{ from: '12:00', to: '13:00', max: 2 }] },
        { window: 'hour', max: 1, soft: true, onWarn: { code: 'SOON' } },
      ];
      const tiers = { by: 'plan', max: { vip: [{ window: 'hour', max: 3 }] } } as const;
      const engine = open(new FarStore(), rule('r', degrade, { limits, tiers }));
      const ask = (user: string, plan: string) =>
        engine.check({ resource: 'ocr', subject: { user, plan }, amount: 2 });
      const vip = await ask('u1', 'vip');
      expect(vip).toMatchObject({
        allowed: true,
        limits: [
          { max: 2, source: 'schedule' },
          { max: 3, source: 'tier' },
        ],
      });
      expect(vip).not.toHaveProperty('warnings');
      expect(await ask('u2', 'none')).toMatchObject({
        allowed: true,
        warnings: [{ rule: 'r', window: 'hour', meter: 'units', onWarn: { code: 'SOON' } }],
      });
      expect(await ask('u2', 'vip')).toMatchObject({ allowed: degrade === 'allow' });
    },
  );

  it('is no business of rules that only observe', async () => {
    const engine = open(new FarStore(), rule('seen', 'deny', { mode: 'observe' }), rule('kept', 'local'));
    expect(await engine.check(CHECK)).toMatchObject({ allowed: true, degraded: { policy: 'local' } });
  });

  it('is denied with what the denying rule wants to happen', async () => {
    const engine = open(
      new FarStore(),
      rule('a', 'local', { onDeny: { code: 'LOCAL' } }),
      rule('b', 'deny', { onDeny: { code: 'SEEN' }, mode: 'observe' }),
      rule('c', 'deny', { onDeny: { code: 'DENIED' } }),
    );
    expect(await engine.check(CHECK)).toMatchObject({ allowed: false, onDeny: { code: 'DENIED' } });
  });

  it('is refused under policy local as by the store, and says when to come again', async () => {
    const engine = open(new FarStore(), rule('r', 'local'));
    await engine.check({ ...CHECK, amount: 3 });
    expect(await engine.check(CHECK)).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      retryAfterMs: HOUR_MS / 2,
      limits: [{ used: 3, remaining: 0, exceeded: true }],
      degraded: { policy: 'local' },
    });
  });

  it('of several meters takes of each what it names under policy local, and is settled with all of them', async () => {
    const limits = [
      { window: 'hour', max: 3 },
      { window: 'hour', meter: 'tokens', max: 100 },
    ] as const;
    const store = new FarStore();
    const engine = open(store, rule('r', 'local', { limits }));
    const ask = (tokens: number, operationId: string, amount = 1) =>
      engine.check({ ...CHECK, amount, amounts: { tokens, tokns: 1 }, operationId });
    expect(await ask(60, 'o1')).toMatchObject({
      ...{ allowed: true, degraded: { policy: 'local' }, uncounted: ['tokns'] },
      limits: [{ used: 1 }, { used: 60 }],
    });
    expect(await ask(41, 'o2')).toMatchObject({
      ...{ allowed: false, reason: 'limit-reached' },
      limits: [
        { used: 1, exceeded: false },
        { used: 60, exceeded: true },
      ],
    });
    expect(await ask(101, 'o2')).toMatchObject({ reason: 'amount-exceeds-limit' });
    expect(await ask(40, 'o3', 0)).toMatchObject({ allowed: true, limits: [{ used: 1 }, { used: 100 }] });
    while (store.settlements.length < 2) await sleep(1);
    expect(store.settlements.map(({ amount, amounts }) => ({ amount, amounts }))).toEqual([
      { amount: 1, amounts: { tokens: 60, tokns: 1 } },
      { amount: 0, amounts: { tokens: 40, tokns: 1 } },
    ]);
  });

  it('conflicts with other amounts under the id of one that is pending', async () => {
    const store = new FarStore();
    store.settle = () => Promise.reject(new StoreError('not connected', 'not-executed')) as never;
    const engine = open(store, rule('r', 'allow'));
    const ask = (tokens: number) => engine.check({ ...CHECK, amounts: { tokens }, operationId: 'o1' });
    await ask(5);
    expect(await ask(5)).toMatchObject({ allowed: true, replayed: true });
    await expect(ask(6)).rejects.toMatchObject({ code: 'operation-conflict' });
  });

  /**
   * Under many invented subjects what a known one had used up was forgotten, so he got it once more, and what could not
   * be settled any more was allowed all the same.
   */
  it('is refused under policy local once no more can be settled, and says so; what was allowed is not forgotten', async () => {
    const store = new FarStore();
    store.probe = () => Promise.reject(new StoreError('not connected', 'not-executed'));
    const engine = open(store, rule('r', 'local'), rule('s', 'allow', { resource: 'sms' }));
    await engine.check({ ...CHECK, amount: 3 });
    let allowed = 0;
    for (let refused = 0; refused < 100 && allowed < 200_000;) {
      const { allowed: isAllowed } = await engine.check({
        resource: 'ocr',
        subject: { user: `u${allowed}` },
      });
      if (isAllowed) allowed++;
      else refused++;
    }
    expect(await engine.check({ resource: 'ocr', subject: { user: 'another' } })).toMatchObject({
      allowed: false,
      degraded: { cause: 'journal-full' },
    });
    const [first, last] = [0, allowed - 1].map((n) => ({ resource: 'ocr', subject: { user: `u${n}` } }));
    expect(await engine.check(CHECK)).toMatchObject({ allowed: false, limits: [{ used: 3 }] });
    // There is a sum of the last one's already, and none of the first's.
    expect(await engine.check(last!)).toMatchObject({ allowed: true, limits: [{ used: 2 }] });
    expect(await engine.check(first!)).toMatchObject({ allowed: false, degraded: { cause: 'journal-full' } });
    expect(engine.journal()).toMatchObject({ lost: 0, summed: expect.any(Number) });
    expect(await engine.check({ resource: 'sms', subject: { user: 'u' } })).toMatchObject({
      allowed: true,
      degraded: { cause: 'breaker-open', policy: 'allow' },
    });
    expect(engine.journal()).toMatchObject({ lost: 1 });
  });

  it('is settled in the window it was decided in, not in the one it was asked in', async () => {
    const store = new FarStore();
    const engine = open(store, rule('r', 'local'));
    store.answer = async () => {
      store.clock = HALF_PAST + HOUR_MS;
      throw new StoreError('cut', 'unknown');
    };
    const { limits } = await engine.check(CHECK);
    expect(limits[0]!.startsAt).toBe('2026-11-22T13:00:00+00:00');
    while (store.settlements.length === 0) await sleep(1);
    expect(store.settlements[0]).toMatchObject({
      intent: 'count',
      counters: [{ limits: [{ windowIndex: 'next' }] }],
    });
  });

  it('and holds is committed in the window it was decided in, also where that ends meanwhile', async () => {
    const readings = Array.from({ length: 30 }, (_, index) => index);
    const windows = readings.map(async (reading) => {
      const store = new FarStore();
      const engine = open(store, rule('r', 'allow'));
      store.tickMs = 0.1;
      store.clock = HALF_PAST + HOUR_MS / 2 - reading * store.tickMs;
      const { limits, reservation } = await engine.reserve(CHECK);
      await engine.commit(reservation!.id, {});
      while (engine.status().pending > 0) await sleep(1);
      const commit = store.settlements.find(({ intent }) => intent === 'commit')!;
      const limit = commit.counters[0]!.limits[0]!;
      return [Date.parse(limits[0]!.startsAt!), startsAtOf(limit, limit.windowIndex)];
    });
    for (const [decidedIn, settledIn] of await Promise.all(windows)) expect(settledIn).toBe(decidedIn);
  });

  it('leaves nothing pending where the store certainly did nothing and nothing was allowed', async () => {
    const store = new FarStore();
    const engine = open(store, rule('r', 'deny'));
    await engine.check(CHECK);
    await engine.check({ ...CHECK, amount: 0 });
    expect(engine.status().pending).toBe(0);
    store.answer = () => Promise.reject(new StoreError('cut', 'unknown'));
    await engine.check(CHECK);
    expect(engine.status().pending).toBe(1);
  });

  /**
   * Two answers came in one packet: the older check had expired, the younger had taken the last units. The older was
   * then decided locally before the younger's usage was noted, and went over the limit.
   */
  it('knows what the store gave to another check in the same turn', async () => {
    const store = new FarStore();
    const engine = open(store, rule('r', 'local'));
    const answers: ((result: TakeResult) => void)[] = [];
    const asked: TakeRequest[] = [];
    store.answer = (request) => {
      asked.push(request);
      return new Promise((resolve) => answers.push(resolve));
    };
    const older = engine.check({ ...CHECK, amount: 3 });
    const stallEnd = performance.now() + 60;
    while (performance.now() < stallEnd);
    const younger = engine.check({ ...CHECK, amount: 3 });
    answers[0]!({ outcome: 'expired' });
    const counter = asked[1]!.counters[0]!;
    answers[1]!({
      outcome: 'taken',
      counts: [{ counter, limit: counter.limits[0]!, windowIndex: 'current', used: 3, reserved: 0 }],
    });
    expect((await Promise.all([older, younger])).map(({ allowed }) => allowed)).toEqual([false, true]);
  });
});
