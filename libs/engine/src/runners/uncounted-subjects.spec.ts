import type { Rule } from '@sundial/contract';
import { afterEach, describe, expect, it } from '@jest/globals';
import { aRule } from '../../../../test/contract/rules.js';
import { QuotaEngine } from '../quota-engine.js';
import { LiveRules } from '../rules/live-rules.js';
import { RuleBook } from '../rules/rule-book.js';
import { DirectRunner } from './direct-runner.js';
import { MemoryStore } from '../stores/memory/memory-store.js';

const onDeny = { code: 'OCR_FULL', message: 'Try tomorrow.' };

describe('QuotaEngine on an embedded store that is full', () => {
  let engine: QuotaEngine;
  afterEach(() => engine.close());

  /** Knows `u1` and `u2`, and has room for no other subject. */
  async function full(rules: readonly Partial<Rule>[]): Promise<void> {
    const book = new RuleBook(1, rules.map(aRule));
    const store = await MemoryStore.open({ maxCounters: 2 * rules.length - (rules.length - 1) });
    engine = new QuotaEngine({ runner: new DirectRunner(store), rules: new LiveRules(book) });
    for (const user of ['u1', 'u2']) await check(user);
  }
  const check = (user: string, more: { amount?: number; operationId?: string } = {}) =>
    engine.check({ resource: 'ocr', subject: { user }, ...more });
  const FOR_ALL = { id: 'ocr-for-all', per: [], limits: [{ window: 'day', max: 4 }] } as const;

  it.each(['deny', 'local'] as const)('refuses new subjects by policy %s, and says why', async (degrade) => {
    await full([{ degrade, onDeny }]);
    expect(await check('u3')).toMatchObject({
      allowed: false,
      reason: 'degraded',
      degraded: { cause: 'overloaded', policy: 'deny' },
      onDeny,
      limits: [{ used: 0 }, { used: 0 }],
    });
    expect(engine.status()).toMatchObject({
      mode: 'exact',
      pending: 0,
      capacity: { counters: 2, max: 2 },
      findings: [{ finding: 'capacity' }],
    });
  });

  it('passes new subjects by policy allow, and keeps nothing of them', async () => {
    await full([{ degrade: 'allow' }]);
    for (const user of ['u3', 'u4', 'u3'])
      expect(await check(user)).toMatchObject({
        allowed: true,
        reason: 'degraded',
        degraded: { cause: 'overloaded', policy: 'allow' },
      });
    expect(engine.status().capacity).toEqual({ counters: 2, max: 2 });
  });

  it('counts what it passes in the counters that it has: no limit for all is got round by inventing subjects', async () => {
    await full([{ degrade: 'allow' }, { ...FOR_ALL, degrade: 'allow' }]);
    const answers = [];
    for (let n = 3; n < 9; n++) answers.push(await check(`u${n}`));
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, false, false, false, false]);
    expect(answers.at(-1)).toMatchObject({ reason: 'limit-reached', degraded: null });
  });

  it('repeats what it passed under an operation id, and counts that once', async () => {
    await full([{ degrade: 'allow' }, { ...FOR_ALL, degrade: 'allow' }]);
    await check('u3', { operationId: 'op' });
    expect(await check('u3', { operationId: 'op' })).toMatchObject({ allowed: true, replayed: true });
    expect((await check('u1')).limits[0]).toMatchObject({ rule: 'ocr-for-all', used: 4 });
  });

  it('goes on exactly for subjects that it knows, and for those who only look', async () => {
    await full([{ degrade: 'deny' }]);
    await check('u3');
    expect(await check('u1', { amount: 2 })).toMatchObject({ allowed: true, degraded: null });
    expect(await check('u1')).toMatchObject({ allowed: false, reason: 'limit-reached', degraded: null });
    expect(await check('u9', { amount: 0 })).toMatchObject({ allowed: true, reason: 'ok', degraded: null });
    expect(await check('u9', { amount: 99 })).toMatchObject({
      reason: 'amount-exceeds-limit',
      degraded: null,
    });
  });
});
