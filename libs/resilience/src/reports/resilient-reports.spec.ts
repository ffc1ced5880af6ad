import type { Report, Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import { StoreError } from '@sundial/engine/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResilientRunner } from '../resilient-runner.js';

const limits = [{ window: 'day', max: 5 } as const, { window: 'day', meter: 'tokens', max: 900 } as const];
const rule: Rule = {
  ...{ id: 'r', resource: 'ocr', per: ['user'], timeZone: 'UTC', limits },
  ...{ mode: 'enforce', degrade: 'local' },
};
const OCR = { resource: 'ocr', subject: { user: 'u1' } };

/** The embedded store, as one that can be away. */
class RemoteStore {
  readonly kind = 'redis';
  isAway = false;
  readonly take: Store['take'];
  readonly read: Store['read'];
  readonly settle: Store['settle'];
  readonly endHold: Store['endHold'];
  readonly refund: Store['refund'];

  constructor(private readonly store: MemoryStore) {
    this.take = (request) => this.asked(() => store.take({ ...request, deadlineAt: Infinity }));
    this.read = (request) => this.asked(() => store.read(request));
    this.settle = (request) => this.asked(() => store.settle(request));
    this.endHold = (request) => this.asked(() => store.endHold({ ...request, deadlineAt: Infinity }));
    this.refund = (request) => this.asked(() => store.refund({ ...request, deadlineAt: Infinity }));
  }

  get secret(): Store['secret'] {
    return this.store.secret;
  }

  now = () => this.store.now();
  probe = () => this.asked(() => undefined);
  close = () => this.store.close();

  private async asked<T>(call: () => T): Promise<T> {
    if (this.isAway) throw new StoreError('away', 'not-executed');
    return call();
  }
}

describe('reports to a node whose store can be away', () => {
  let store: RemoteStore;
  let engine: QuotaEngine;
  let above: string[];
  beforeEach(async () => {
    store = new RemoteStore(await MemoryStore.open());
    above = [];
    const observer = {
      overAdmitted: ({ meter, used }: { meter: string; used: number }) => above.push(`${used} ${meter}`),
    };
    const runner = new ResilientRunner({ store: store as unknown as Store, deadlineMs: 500, observer });
    engine = new QuotaEngine({ runner, rules: new LiveRules(new RuleBook(1, [rule])) });
  });
  afterEach(() => engine.close());

  const of = (operationId: string, more: Partial<Report> = {}): Report => ({
    ...OCR,
    ...{ operationId, decidedAt: new Date().toISOString(), allowed: true, policy: 'allow', attempted: true },
    ...more,
  });
  const REFUSED = { allowed: false, policy: 'deny' } as const;
  const outcomesOf = async (...reports: Report[]) =>
    (await engine.report(reports)).map(({ outcome }) => outcome);
  const goAway = async () => {
    store.isAway = true;
    for (let n = 0; engine.status().mode === 'exact' && n < 100; n++)
      await engine.check({ resource: 'ocr', subject: { user: 'other' } });
  };
  const comeBack = async () => {
    store.isAway = false;
    for (let n = 0; (engine.status().pending > 0 || engine.status().mode !== 'exact') && n < 200; n++)
      await sleep(20);
    const { limits: states } = await engine.usage(OCR);
    return states.map(({ used, reserved }) => [used, reserved]);
  };

  it('says which limits are above their max by them', async () => {
    expect(await outcomesOf(of('o1', { amount: 6 }))).toEqual(['counted']);
    expect(above).toEqual(['6 units']);
  });

  it('enforces the limits with them until the store has them', async () => {
    await goAway();
    expect(await outcomesOf(of('o1', { amount: 5 }))).toEqual(['counted']);
    expect(await engine.check(OCR)).toMatchObject({ allowed: false, reason: 'limit-reached' });
    expect(await comeBack()).toEqual([
      [5, 0],
      [0, 0],
    ]);
  });

  it('counts an operation once that this node has allowed itself', async () => {
    await goAway();
    await engine.check({ ...OCR, operationId: 'o1' });
    expect(await outcomesOf(of('o1'), of('o1', { amount: 2 }))).toEqual(['already-counted', 'conflict']);
    expect(await comeBack()).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it('reverses an operation that this node has allowed and the client has refused', async () => {
    await goAway();
    await engine.check({ ...OCR, operationId: 'o1', amount: 5 });
    expect(await outcomesOf(of('o1', REFUSED))).toEqual(['voided']);
    expect(await engine.check(OCR)).toMatchObject({ allowed: true });
    await expect(engine.check({ ...OCR, operationId: 'o1' })).rejects.toMatchObject({
      code: 'operation-refunded',
    });
    expect(await comeBack()).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it('commits or releases what this node has held itself', async () => {
    await goAway();
    await engine.reserve({ ...OCR, operationId: 'o1', amounts: { tokens: 100 } });
    await engine.reserve({ ...OCR, operationId: 'o2', amounts: { tokens: 100 } });
    expect(await outcomesOf(of('o1', { amounts: { tokens: 300 } }), of('o2', REFUSED))).toEqual([
      'counted',
      'voided',
    ]);
    expect(await comeBack()).toEqual([
      [1, 0],
      [300, 0],
    ]);
  });

  it('commits what the store holds, once it is back', async () => {
    await engine.reserve({ ...OCR, operationId: 'o1', amounts: { tokens: 100 } });
    await goAway();
    expect(await outcomesOf(of('o1', { amounts: { tokens: 300 } }))).toEqual(['counted']);
    expect(await comeBack()).toEqual([
      [1, 0],
      [300, 0],
    ]);
    expect(engine.status()).toMatchObject({ lost: 0 });
  });

  it('adds none of them up, since they may be reported again: without room they are refused', async () => {
    await goAway();
    const many = Array.from({ length: 1_000 }, (_, n) => of(`m${n}`, { attempted: false }));
    for (let n = 0; n < 40; n++)
      await outcomesOf(...many.map((one) => ({ ...one, operationId: `${one.operationId}-${n}` })));
    await expect(engine.report([of('o1')])).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    const { pending, summed, lost } = engine.journal();
    expect({ isKept: pending >= 40_000, summed, lost }).toEqual({ isKept: true, summed: 0, lost: 0 });
  }, 30_000);
});
