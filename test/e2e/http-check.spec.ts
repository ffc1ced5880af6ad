import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STARTED_AT, STORES } from '../support/running-service.js';

const CHAT = { resource: 'chat', subject: { user: 'u1' } };
const TO_THE_HOUR_MS = Date.parse('2026-11-18T15:00:00+08:00') - Date.parse(STARTED_AT);

describe.each(STORES)('POST /check, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const check = (user: string, more: object = {}) =>
    service.api.post('/check').send({ resource: 'ocr', subject: { user }, ...more });

  // As .NET and PowerShell write UTF-8; the answer was that it is not valid JSON, which to the eye it is.
  it('passes over a byte order mark', async () => {
    const text = `\uFEFF${JSON.stringify({ resource: 'ocr', subject: { user: 'marked' } })}`;
    const asked = service.api.post('/check').set('content-type', 'application/json').send(text);
    expect((await asked).body).toMatchObject({ allowed: true });
  });

  it('allows, counts in every window and shows every limit', async () => {
    const { status, body } = await check('counted');
    expect(status).toBe(200);
    expect(body).toEqual({
      allowed: true,
      reason: 'ok',
      operationId: expect.any(String),
      replayed: false,
      wouldDeny: false,
      limits: [
        expect.objectContaining({
          rule: 'ocr-per-user',
          window: 'day',
          max: 10,
          used: 1,
          remaining: 9,
          startsAt: '2026-11-18T00:00:00+08:00',
          resetsAt: '2026-11-19T00:00:00+08:00',
          exceeded: false,
        }),
        expect.objectContaining({
          rule: 'ocr-per-user',
          window: 'hour',
          max: 3,
          used: 1,
          remaining: 2,
          exceeded: false,
        }),
      ],
      degraded: null,
      rulesVersion: 1,
    });
    expect(Object.keys(body.limits[0]).sort()).toEqual([
      'exceeded',
      'max',
      'meter',
      'mode',
      'remaining',
      'reserved',
      'resetsAt',
      'rule',
      'source',
      'startsAt',
      'timeZone',
      'used',
      'window',
    ]);
  });

  it('denies with 200, the flow to start and the time to wait when an hour is used up', async () => {
    for (let count = 0; count < 3; count++) await check('eager');
    const { status, body, headers } = await check('eager');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      onDeny: { code: 'OCR_LIMIT', action: 'recharge-vip', params: {} },
      limits: [
        { window: 'day', used: 3, exceeded: false },
        { window: 'hour', used: 3, remaining: 0, exceeded: true },
      ],
    });
    expect(body.retryAfterMs).toBeGreaterThan(TO_THE_HOUR_MS - 60_000);
    expect(body.retryAfterMs).toBeLessThanOrEqual(TO_THE_HOUR_MS);
    expect(headers['retry-after']).toBe(String(Math.ceil(body.retryAfterMs / 1000)));
  });

  it('names no time to wait for an amount that can never fit', async () => {
    const { body, headers } = await check('greedy', { amount: 11 });
    expect(body).toMatchObject({ allowed: false, reason: 'amount-exceeds-limit' });
    expect(body).not.toHaveProperty('retryAfterMs');
    expect(headers).not.toHaveProperty('retry-after');
  });

  it('sends every enforced limit as RateLimit headers', async () => {
    const { headers } = await check('headers', { amount: 2 });
    expect(headers['ratelimit-policy']).toBe(
      '"ocr-per-user-day";q=10;w=86400, "ocr-per-user-hour";q=3;w=3600',
    );
    expect(headers['ratelimit']).toMatch(/^"ocr-per-user-day";r=8;t=\d+, "ocr-per-user-hour";r=1;t=\d+$/);
  });

  it('counts an operation once however often its id is sent', async () => {
    const operation = { operationId: `once-${store}` };
    const first = await check('repeating', operation);
    const second = await check('repeating', operation);
    expect(first.body).toMatchObject({ replayed: false, operationId: operation.operationId });
    expect(second.body).toMatchObject({ allowed: true, replayed: true, limits: [{ used: 1 }, { used: 1 }] });
  });

  it('answers 409 when an operation id comes back with other content', async () => {
    await check('conflicting', { operationId: `conflict-${store}` });
    const { status, body } = await check('conflicting', { operationId: `conflict-${store}`, amount: 2 });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'operation-conflict',
      status: 409,
      type: 'urn:sundial:problem:operation-conflict',
    });
  });

  it('counts calls and tokens together, and names the meters that no rule counts', async () => {
    const rule = {
      ...{ id: 'chat-per-user', resource: 'chat', per: ['user'], timeZone: 'Asia/Shanghai' },
      limits: [
        { window: 'day', max: 10 },
        { window: 'day', meter: 'tokens', max: 20_000 },
      ],
    };
    await service.api.put('/admin/rules/chat-per-user').send(rule);
    const ask = async (amounts: object) =>
      (await service.api.post('/check').send({ resource: 'chat', subject: { user: 'u1' }, amounts })).body;
    expect(await ask({ tokens: 1_200, tokns: 5 })).toMatchObject({
      ...{ allowed: true, uncounted: ['tokns'] },
      limits: [
        { meter: 'units', used: 1 },
        { meter: 'tokens', used: 1_200, remaining: 18_800 },
      ],
    });
    const batch = { checks: [20_000, 18_800, 1].map((tokens) => ({ ...CHAT, amounts: { tokens } })) };
    const { body } = await service.api.post('/check/batch').send(batch);
    expect(body.decisions).toMatchObject([{ allowed: false }, { allowed: true }, { allowed: false }]);
    expect(body.decisions[0]).not.toHaveProperty('uncounted');
    const usage = await service.api.get('/usage?resource=chat&user=u1');
    expect(usage.body.limits).toMatchObject([{ used: 2 }, { used: 20_000, exceeded: true }]);
  });

  it('looks without counting when the amount is 0', async () => {
    const { body } = await check('looking', { amount: 0 });
    expect(body).toMatchObject({ allowed: true, limits: [{ used: 0 }, { used: 0 }] });
  });

  it('allows a resource without rules and says so, without headers', async () => {
    const { body, headers } = await service.api
      .post('/check')
      .send({ resource: 'video', subject: { user: 'u1' } });
    expect(body).toMatchObject({ allowed: true, reason: 'no-rule', limits: [] });
    expect(headers).not.toHaveProperty('ratelimit');
    expect(headers).not.toHaveProperty('ratelimit-policy');
  });

  it('reports and never denies under a rule that observes, and keeps it out of the headers', async () => {
    const request = { resource: 'export', subject: { account: 'a1' }, amount: 101 };
    const { body, headers } = await service.api.post('/check').send(request);
    expect(body).toMatchObject({
      allowed: true,
      wouldDeny: true,
      limits: [{ mode: 'observe', exceeded: true }],
    });
    expect(headers).not.toHaveProperty('ratelimit');
  });
});

describe('SUNDIAL_UNKNOWN_RESOURCE=deny', () => {
  it('denies a resource without rules', async () => {
    const service = await RunningService.start({ SUNDIAL_UNKNOWN_RESOURCE: 'deny' });
    const { status, body } = await service.api
      .post('/check')
      .send({ resource: 'video', subject: { user: 'u1' } });
    await service.stop();
    expect(status).toBe(200);
    expect(body).toMatchObject({ allowed: false, reason: 'no-rule' });
  });
});
