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

describe('reservations of a FakeQuota', () => {
  const llm = { resource: 'llm', subject: { user: 'u1' } };

  it('hold what they take, and are committed with what was used', async () => {
    const quota = FakeQuota.counting({ units: 2, tokens: 1_000 });
    const { reservation } = await quota.reserve({ ...llm, amounts: { tokens: 800 }, operationId: 'job-1' });
    expect(reservation).toMatchObject({
      operationId: 'job-1',
      ...llm,
      state: 'held',
      amounts: { units: 1, tokens: 800 },
    });
    expect(await quota.reserve({ ...llm, amounts: { tokens: 300 } })).toMatchObject({
      allowed: false,
      reservation: null,
    });
    const { reservation: committed } = await quota.commit(reservation!.id, { amounts: { tokens: 900 } });
    expect(committed).toMatchObject({
      state: 'committed',
      committed: { units: 1, tokens: 900 },
      overage: { tokens: 100 },
    });
    expect(quota.used(llm)).toEqual({ units: 1, tokens: 900 });
  });

  it('repeat an ending’s answer, and refuse the opposite one', async () => {
    const quota = FakeQuota.allowing();
    const [one, two] = [await quota.reserve(llm), await quota.reserve(llm)].map(
      ({ reservation }) => reservation!.id,
    ) as [string, string];
    const first = await quota.commit(one, { amount: 3 });
    expect(await quota.commit(one, { amount: 5 })).toEqual(first);
    await expect(quota.release(one)).rejects.toMatchObject({
      code: 'reservation-ended',
      members: { state: 'committed' },
    });
    await quota.release(two);
    expect((await quota.release(two)).reservation.state).toBe('released');
    await expect(quota.commit(two)).rejects.toMatchObject({ members: { state: 'released' } });
    await expect(quota.extend(two, { ttlMs: 1_000 })).rejects.toMatchObject({ code: 'reservation-ended' });
    expect(quota.used(llm)).toEqual({ units: 3 });
    await expect(quota.release('made-up')).rejects.toMatchObject({ code: 'reservation-not-found' });
    expect(quota.endings.map(({ verb }) => verb)).toEqual([
      'commit',
      'commit',
      'release',
      'release',
      'release',
      'commit',
      'extend',
      'release',
    ]);
  });

  it.each([
    ['release', { units: 0 }],
    ['commit', { units: 2 }],
  ] as const)('expire by a clock that the test moves: %s', async (onExpiry, used) => {
    const quota = FakeQuota.allowing();
    const { reservation } = await quota.reserve({ ...llm, amount: 2, ttlMs: 5_000, onExpiry });
    quota.advance(4_999);
    expect((await quota.reservation(reservation!.id)).reservation.state).toBe('held');
    quota.advance(1);
    expect(quota.used(llm)).toEqual(used);
    expect((await quota.reservation(reservation!.id)).reservation.state).toBe('expired');
    const late = await quota.commit(reservation!.id, { amount: 5 });
    expect(late.reservation).toMatchObject({ state: 'committed', late: true, committed: { units: 5 } });
    expect(quota.used(llm)).toEqual({ units: 5 });
    quota.advance(15 * 60_000);
    await expect(quota.commit(reservation!.id)).rejects.toMatchObject({ code: 'reservation-not-found' });
  });

  it('are released after an expiry that released, and not after one that committed', async () => {
    const quota = FakeQuota.allowing();
    const [freed, kept] = [await quota.reserve(llm), await quota.reserve({ ...llm, onExpiry: 'commit' })];
    quota.advance(60_000);
    expect((await quota.release(freed.reservation!.id)).reservation.state).toBe('expired');
    await expect(quota.release(kept.reservation!.id)).rejects.toMatchObject({
      members: { state: 'expired' },
    });
  });

  it('are extended in time and in amounts, of which what is added is decided', async () => {
    const quota = FakeQuota.counting({ units: 5, tokens: 1_000 });
    const { id } = (await quota.reserve({ ...llm, ttlMs: 10_000, amounts: { tokens: 400 } })).reservation!;
    const longer = await quota.extend(id, { ttlMs: 1_000 });
    expect(longer).toMatchObject({ allowed: true, reservation: { expiresAt: '2026-01-01T12:00:10.000Z' } });
    const more = await quota.extend(id, { ttlMs: 60_000, amounts: { tokens: 900 } });
    expect(more.reservation).toMatchObject({
      amounts: { units: 1, tokens: 900 },
      expiresAt: '2026-01-01T12:01:00.000Z',
    });
    expect(await quota.extend(id, { ttlMs: 90_000, amounts: { tokens: 1_001 } })).toMatchObject({
      allowed: false,
      reservation: more.reservation,
    });
    expect((await quota.extend(id, { amount: 0 })).reservation).toEqual(more.reservation);
    expect(quota.used(llm)).toEqual({ units: 1, tokens: 900 });
  });

  it('are found again under their operation id, until that is free', async () => {
    const quota = FakeQuota.allowing();
    const named = { ...llm, operationId: 'job-1' };
    const first = await quota.reserve(named);
    expect(await quota.reserve(named)).toMatchObject({ replayed: true, reservation: first.reservation });
    await quota.release(first.reservation!.id);
    const second = await quota.reserve(named);
    expect(second).toMatchObject({ replayed: false, reservation: { state: 'held' } });
    expect(second.reservation!.id).not.toBe(first.reservation!.id);
    await quota.check({ ...llm, operationId: 'job-2' });
    await expect(quota.reserve({ ...llm, operationId: 'job-2' })).rejects.toMatchObject({
      code: 'operation-conflict',
    });
  });

  it('and checks are refunded, once', async () => {
    const quota = FakeQuota.allowing();
    await quota.check({ ...llm, amount: 2, operationId: 'check' });
    const { reservation } = await quota.reserve({ ...llm, operationId: 'held' });
    await expect(quota.refund({ ...llm, operationId: 'held' })).rejects.toMatchObject({
      code: 'reservation-held',
    });
    await quota.commit(reservation!.id, { amount: 3 });
    for (let repeated = 0; repeated < 2; repeated++) {
      expect(await quota.refund({ ...llm, operationId: 'check' })).toEqual({
        refunded: true,
        amounts: { units: 2 },
      });
      expect(await quota.refund({ ...llm, operationId: 'held' })).toEqual({
        refunded: true,
        amounts: { units: 3 },
      });
    }
    expect(quota.used(llm)).toEqual({ units: 0 });
    await expect(quota.check({ ...llm, operationId: 'check' })).rejects.toMatchObject({
      code: 'operation-refunded',
    });
    await expect(quota.refund({ ...llm, operationId: 'other' })).rejects.toMatchObject({
      code: 'operation-not-found',
    });
  });

  it('leave units that can be returned, as many as are used', async () => {
    const quota = FakeQuota.counting(3);
    await quota.check({ ...llm, amount: 3 });
    for (let repeated = 0; repeated < 2; repeated++)
      await quota.returnUnits({ ...llm, amount: 2, operationId: 'left-1' });
    expect(quota.used(llm)).toEqual({ units: 1 });
    await expect(quota.returnUnits({ ...llm, amount: 2, operationId: 'left-2' })).rejects.toMatchObject({
      code: 'nothing-to-return',
    });
  });

  it('reject where the test has endings fail, and do nothing', async () => {
    const quota = FakeQuota.allowing();
    const { reservation } = await quota.reserve(llm);
    quota.failEndings(new Error('away'));
    await expect(quota.commit(reservation!.id)).rejects.toThrow('away');
    quota.failEndings();
    expect((await quota.reservation(reservation!.id)).reservation.state).toBe('held');
  });
});
