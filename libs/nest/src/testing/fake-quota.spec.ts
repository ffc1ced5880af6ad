import { describe, expect, it } from '@jest/globals';
import { QuotaError } from '@sundial/contract';
import { FakeQuota } from './fake-quota.js';
import { limitState } from './limit-state.js';

const ocr = { resource: 'ocr', subject: { user: 'u1' } };

describe('a FakeQuota', () => {
  it('allows every check', async () => {
    expect(await FakeQuota.allowing().check({ ...ocr, operationId: 'job-1' })).toEqual({
      allowed: true,
      reason: 'ok',
      operationId: 'job-1',
      replayed: false,
      wouldDeny: false,
      limits: [],
      degraded: null,
      rulesVersion: 1,
    });
  });

  it('refuses every check, with what the test names', async () => {
    const onDeny = { code: 'OCR_LIMIT', action: 'recharge-vip' };
    const decision = await FakeQuota.refusing({ onDeny, retryAfterMs: 1_500 }).check(ocr);
    expect(decision).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      onDeny,
      retryAfterMs: 1_500,
    });
  });

  it('refuses with a reason of the test', async () => {
    const decision = await FakeQuota.refusing({ reason: 'amount-exceeds-limit' }).check(ocr);
    expect(decision).toMatchObject({ allowed: false, reason: 'amount-exceeds-limit' });
  });

  it('answers a script in its order, and rejects when it ends', async () => {
    const quota = FakeQuota.scripted('allow', 'refuse', { degraded: { cause: 'timeout', policy: 'allow' } });
    expect(await quota.check(ocr)).toMatchObject({ allowed: true });
    expect(await quota.check(ocr)).toMatchObject({ allowed: false });
    expect(await quota.check(ocr)).toMatchObject({ allowed: true, degraded: { cause: 'timeout' } });
    await expect(quota.check(ocr)).rejects.toThrow(
      'FakeQuota has a script of 3 answers, and check 4 ("ocr") came. Add an answer.',
    );
  });

  it('rejects with an error of the script', async () => {
    const error = new QuotaError('overloaded', 'too many checks');
    await expect(FakeQuota.scripted(error).check(ocr)).rejects.toBe(error);
  });

  it('decides by the request', async () => {
    const quota = new FakeQuota(({ subject }) => (subject['user'] === 'u2' ? 'refuse' : 'allow'));
    expect(await quota.check(ocr)).toMatchObject({ allowed: true });
    expect(await quota.check({ resource: 'ocr', subject: { user: 'u2' } })).toMatchObject({ allowed: false });
  });

  it('counts units per resource and subject, whatever the order of attributes', async () => {
    const quota = FakeQuota.counting(3, { retryAfterMs: 5 });
    const ask = async (resource: string, subject: Record<string, string>, amount?: number) =>
      (await quota.check({ resource, subject, ...(amount !== undefined && { amount }) })).allowed;
    expect(await ask('ocr', { user: 'u1', grade: '3' }, 2)).toBe(true);
    expect(await ask('ocr', { grade: '3', user: 'u1' }, 2)).toBe(false);
    expect(await ask('ocr', { grade: '3', user: 'u1' })).toBe(true);
    expect(await ask('ocr', { user: 'u2' }, 3)).toBe(true);
    expect(await ask('llm', { user: 'u2' }, 3)).toBe(true);
    expect(await ask('llm', { user: 'u2' }, 0)).toBe(true);
  });

  it('counts meters together or not at all, and none that it has no max of', async () => {
    const quota = FakeQuota.counting({ units: 2, tokens: 100 });
    const ask = async (amount: number, amounts: Record<string, number> = {}) =>
      (await quota.check({ ...ocr, amount, amounts })).allowed;
    expect(await ask(1, { tokens: 90, pages: 1_000 })).toBe(true);
    expect(await ask(1, { tokens: 11 })).toBe(false);
    expect(await ask(0, { tokens: 10 })).toBe(true);
    expect(await ask(1)).toBe(true);
    expect(await ask(0, { tokens: 0 })).toBe(true);
    expect(await ask(1)).toBe(false);
  });

  it('records checks and usages, until it is cleared', async () => {
    const quota = FakeQuota.allowing();
    await quota.check(ocr);
    await quota.checkBatch([{ ...ocr, amount: 2 }]);
    await quota.usage(ocr);
    expect(quota.checks).toEqual([ocr, { ...ocr, amount: 2 }]);
    expect(quota.usages).toEqual([ocr]);
    quota.clear();
    expect([quota.checks, quota.usages]).toEqual([[], []]);
  });

  it('answers a batch in order, with errors in their places', async () => {
    const error = new QuotaError('operation-conflict', 'another check');
    const answers = await FakeQuota.scripted('allow', error, 'refuse').checkBatch([ocr, ocr, ocr]);
    expect(answers[0]).toMatchObject({ allowed: true });
    expect(answers[1]).toBe(error);
    expect(answers[2]).toMatchObject({ allowed: false });
  });

  it('answers otherwise once its answers are changed', async () => {
    const quota = FakeQuota.allowing();
    quota.answerWith('refuse');
    expect(await quota.check(ocr)).toMatchObject({ allowed: false });
  });

  it('shows the limits of the test in decisions and usage', async () => {
    const quota = FakeQuota.allowing();
    quota.limits = [limitState({ max: 3, used: 1 })];
    expect((await quota.check(ocr)).limits).toEqual([expect.objectContaining({ max: 3, remaining: 2 })]);
    expect((await quota.usage(ocr)).limits[0]).toMatchObject({ exceeded: false, remaining: 2 });
  });
});

describe('limitState', () => {
  it.each([
    [{}, { max: 10, remaining: 10, exceeded: false }],
    [
      { max: 3, used: 2, reserved: 1 },
      { remaining: 0, exceeded: true },
    ],
    [{ used: 12 }, { remaining: 0, exceeded: true }],
    [
      { max: null, used: 12 },
      { max: null, remaining: null, exceeded: false },
    ],
    [{ window: 'hour', exceeded: true } as const, { window: 'hour', remaining: 10, exceeded: true }],
  ])('fills %j up', (named, expected) => {
    expect(limitState(named)).toMatchObject(expected);
  });
});
