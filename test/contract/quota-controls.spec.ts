import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Decision, type DegradePolicy, QuotaError } from '@sundial/contract';
import { openQuota, type OpenedQuota } from '@sundial/embedded';
import { eventually } from '../support/eventually.js';
import { middleOfAnHourOffsetMs } from '../support/middle-of-an-hour.js';
import { RedisProcess } from '../support/redis-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const rule = (resource: string, degrade: DegradePolicy) => ({
  ...{ id: resource, resource, per: ['user'], degrade },
  limits: [{ window: 'day', max: 2 } as const],
  onDeny: { code: 'LIMIT' },
});
const RULES = [rule('ocr', 'local'), rule('sms', 'deny'), rule('asr', 'allow')];

describe.each(['embedded', 'redis'] as const)('gates, brakes and drills on %s', (store) => {
  let directory: TemporaryDirectory;
  let redis: RedisProcess | undefined;
  let opened: OpenedQuota;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    redis = store === 'redis' ? await RedisProcess.start() : undefined;
    opened = await openQuota({
      ...{ directory: directory.path, rules: RULES, clockOffsetMs: middleOfAnHourOffsetMs() },
      ...(redis && { redis: { url: redis.url } }),
      // A busy machine must not make these tests about degradation. What a drill lets wait, waits for so long.
      deadlineMs: 400,
    });
  });
  afterAll(async () => {
    await opened.close();
    await redis?.stop();
    await directory.remove();
  });

  let user: string;
  let users = 0;
  beforeEach(async () => {
    user = `u${users++}`;
    const { controls } = opened;
    for (const { resource } of controls.gates()) await controls.setGate(resource, { gate: 'normal' });
    for (const { id } of controls.brakes()) await controls.removeBrake(id);
    for (const { resource } of controls.drills()) await controls.removeDrill(resource);
  });

  const inMs = (ms: number) => new Date(opened.engine.now() + ms).toISOString();
  const ask = (resource = 'ocr', more: { operationId?: string; amount?: number } = {}) => ({
    ...{ resource, subject: { user } },
    ...more,
  });
  const check = (resource?: string, more?: { operationId?: string; amount?: number }) =>
    opened.engine.check(ask(resource, more));
  const counted = async (resource = 'ocr') => {
    const [limit] = (await opened.engine.usage({ resource, subject: { user } })).limits;
    return { used: limit!.used, reserved: limit!.reserved };
  };

  it('a closed gate refuses checks, entries of batches and reserves, and counts nothing', async () => {
    const { engine, controls } = opened;
    const held = await engine.reserve(ask());
    const until = inMs(60_000);
    await controls.setGate('ocr', { gate: 'closed', until, onDeny: { code: 'CLOSED' } });
    const refused = {
      ...{ allowed: false, reason: 'gate-closed', replayed: false, limits: [], degraded: null },
      ...{ onDeny: { code: 'CLOSED' }, gate: { state: 'closed', until } },
    };
    const decision = await check('ocr', { operationId: 'o1' });
    expect(decision).toMatchObject({ ...refused, operationId: 'o1' });
    expect(decision.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(await engine.reserve(ask())).toMatchObject({ ...refused, reservation: null });
    expect(await engine.checkBatch([ask('asr'), ask()])).toMatchObject([{ reason: 'ok' }, refused]);
    const { id } = held.reservation!;
    expect(await engine.extend(id, { ttlMs: 5_000 })).toMatchObject({
      reason: 'ok',
      gate: { state: 'closed' },
    });
    expect((await engine.commit(id)).reservation.state).toBe('committed');
    expect(await counted()).toEqual({ used: 1, reserved: 0 });
    await controls.setGate('ocr', { gate: 'normal' });
    const again = await check('ocr', { operationId: 'o1' });
    expect(again).toMatchObject({ reason: 'ok', replayed: false });
    expect(again).not.toHaveProperty('gate');
  });

  it('an open gate passes all and counts it, above the max too, and says what would have refused', async () => {
    const { engine, controls } = opened;
    await controls.setGate('sms', { gate: 'open' });
    const gate = { state: 'open', until: null };
    const passed = { allowed: true, reason: 'gate-open', degraded: null, gate };
    expect(await check('sms')).toMatchObject({ ...passed, wouldDeny: false });
    const over = await check('sms', { amount: 5, operationId: 'five' });
    expect(over).toMatchObject({
      ...passed,
      wouldDeny: true,
      limits: [{ mode: 'enforce', used: 6, remaining: 0, exceeded: true }],
    });
    expect(await check('sms', { amount: 5, operationId: 'five' })).toMatchObject({
      ...passed,
      replayed: true,
    });
    const held = await engine.reserve(ask('sms', { amount: 3 }));
    expect(held).toMatchObject({ ...passed, reservation: { state: 'held' } });
    expect(await counted('sms')).toEqual({ used: 6, reserved: 3 });
    await engine.release(held.reservation!.id);
    await controls.setGate('sms', { gate: 'normal' });
    expect(await check('sms')).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      limits: [{ used: 6 }],
    });
  });

  it('a gate holds where no rule does', async () => {
    await opened.controls.setGate(null, { gate: 'closed' });
    const unknown = { resource: 'video', subject: {} };
    expect(await opened.engine.check(unknown)).toMatchObject({ allowed: false, reason: 'gate-closed' });
    expect(await opened.engine.reserve(unknown)).toMatchObject({ reason: 'gate-closed', reservation: null });
    await opened.controls.setGate('video', { gate: 'open' });
    expect(await opened.engine.check(unknown)).toMatchObject({
      allowed: true,
      reason: 'gate-open',
      limits: [],
    });
    expect(await opened.engine.reserve(unknown)).toMatchObject({
      reason: 'gate-open',
      reservation: { state: 'held' },
    });
    expect(await check()).toMatchObject({ reason: 'gate-closed' });
  });

  it('a brake turns its subject away, and the others notice nothing', async () => {
    const brake = { resource: 'ocr', subject: { user }, percent: 100, until: inMs(60_000) };
    await check('ocr', { operationId: 'before' });
    await opened.controls.setBrake({ ...brake, onDeny: { code: 'SLOW' } });
    const refused = { allowed: false, reason: 'braked', onDeny: { code: 'SLOW' }, limits: [] };
    expect(await check('ocr', { operationId: 'before' })).toMatchObject(refused);
    expect(await opened.engine.reserve(ask())).toMatchObject({ ...refused, reservation: null });
    const other = { resource: 'ocr', subject: { user: 'another' } };
    expect(await opened.engine.checkBatch([ask(), other, ask('asr')])).toMatchObject([
      refused,
      { reason: 'ok' },
      { reason: 'ok' },
    ]);
    expect(await counted()).toEqual({ used: 1, reserved: 0 });
    await opened.controls.setGate('ocr', { gate: 'open' });
    expect(await check()).toMatchObject({ allowed: true, reason: 'gate-open' });
  });

  it('a brake lets its share pass, and its ids are named by what the caller gets to know', async () => {
    await opened.controls.setBrake({ resource: 'asr', percent: 50, until: inMs(60_000) });
    const decisions = await Promise.all(Array.from({ length: 40 }, () => check('asr')));
    const reasons = decisions.map(({ reason }) => reason);
    expect(new Set(reasons).has('braked')).toBe(true);
    expect(reasons.every((reason) => ['braked', 'ok', 'limit-reached'].includes(reason))).toBe(true);
    for (const { operationId, reason } of decisions.slice(0, 10)) {
      const again = await check('asr', { operationId });
      expect(again.reason === 'braked').toBe(reason === 'braked');
    }
  });

  it('a drill of the connection fails exactly its resource, entries of batches included', async () => {
    await opened.controls.setDrill('ocr', { fault: 'client', percent: 100, until: inMs(60_000) });
    const fault = { code: 'drill-fault', retryable: true };
    await expect(check()).rejects.toMatchObject(fault);
    await expect(opened.engine.reserve(ask())).rejects.toMatchObject(fault);
    await expect(opened.engine.usage(ask())).rejects.toMatchObject(fault);
    const [drilled, other] = await opened.engine.checkBatch([ask(), ask('asr')]);
    expect(drilled).toBeInstanceOf(QuotaError);
    expect(drilled).toMatchObject(fault);
    expect(other).toMatchObject({ reason: 'ok' });
    await opened.controls.removeDrill('ocr');
    expect(await counted()).toEqual({ used: 0, reserved: 0 });
  });

  it('a drill of the store lets the policies decide, and the counters are exact afterwards', async () => {
    const { engine, controls } = opened;
    for (const { resource } of RULES)
      await controls.setDrill(resource, { fault: 'store', percent: 100, until: inMs(60_000) });
    const degradedBy = (policy: DegradePolicy) => ({
      degraded: { cause: expect.stringMatching(/^(timeout|breaker-open)$/), policy },
    });
    const four = async (resource: string): Promise<Decision[]> => [
      await check(resource, { operationId: 'o1' }),
      await check(resource, { operationId: 'o1' }),
      await check(resource, { operationId: 'o2' }),
      await check(resource, { operationId: 'o3' }),
    ];
    const [ofOcr, ofSms, ofAsr] = await Promise.all(RULES.map(({ resource }) => four(resource)));
    expect(ofOcr).toMatchObject([
      { allowed: true, reason: 'ok', replayed: false, ...degradedBy('local') },
      { allowed: true, replayed: true, ...degradedBy('local') },
      { allowed: true, ...degradedBy('local') },
      { allowed: false, reason: 'limit-reached', ...degradedBy('local') },
    ]);
    const denied = { allowed: false, reason: 'degraded', onDeny: { code: 'LIMIT' }, ...degradedBy('deny') };
    expect(ofSms).toMatchObject([denied, denied, denied, denied]);
    const allowed = { allowed: true, ...degradedBy('allow') };
    expect(ofAsr).toMatchObject([allowed, { ...allowed, replayed: true }, allowed, allowed]);
    const held = await engine.reserve(ask('asr', { operationId: 'held' }));
    expect(held).toMatchObject({ ...allowed, reservation: { state: 'held' } });
    expect((await engine.commit(held.reservation!.id)).reservation.state).toBe('committed');
    expect(await engine.usage(ask('asr'))).toMatchObject({ degraded: { cause: expect.any(String) } });
    expect(engine.status().mode).toBe('exact');
    const { pending } = engine.status();
    if (store === 'redis') expect(pending).toBeGreaterThanOrEqual(6);
    for (const { resource } of RULES) await controls.removeDrill(resource);
    await eventually(() => engine.status().pending === 0);
    expect(await counted('ocr')).toEqual({ used: 2, reserved: 0 });
    expect(await counted('sms')).toEqual({ used: 0, reserved: 0 });
    expect(await counted('asr')).toEqual({ used: 4, reserved: 0 });
    expect(await check('asr', { operationId: 'o3' })).toMatchObject({ replayed: true, degraded: null });
  }, 20_000);

  it('what has ended concerns no check any more', async () => {
    await opened.controls.setGate('ocr', { gate: 'closed', until: inMs(300) });
    expect(await check()).toMatchObject({ reason: 'gate-closed' });
    await eventually(async () => (await check('ocr', { amount: 0 })).reason === 'ok');
    expect(opened.controls.gates()).toEqual([]);
  });
});
