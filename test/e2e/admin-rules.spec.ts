import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

const RULE = {
  id: 'sms-per-account',
  resource: 'sms',
  per: ['account'],
  timeZone: 'Europe/Berlin',
  limits: [
    { window: 'day', max: 2 },
    { window: 'month', max: 20 },
  ],
  mode: 'enforce',
  degrade: 'deny',
  description: 'Text messages of a shop',
  onDeny: { code: 'SMS_LIMIT', params: { plan: 'basic' } },
};

describe.each(STORES)('/admin/rules, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const check = (account: string) =>
    service.api.post('/check').send({ resource: 'sms', subject: { account } });

  it('lists the rules of the start-up file, in order of their ids', async () => {
    const { status, body, headers } = await service.api.get('/admin/rules');
    expect(status).toBe(200);
    const ids = body.rules.map(({ id }: { id: string }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toContain('ocr-per-user');
    expect(headers['etag']).toBe(`"${body.version}"`);
  });

  it('creates a rule, which holds for the next check', async () => {
    const { status, body, headers } = await service.api.post('/admin/rules').send(RULE);
    expect(status).toBe(201);
    expect(body).toEqual({ rule: RULE, version: expect.any(Number), nodes: { live: 1, applied: 1 } });
    expect(headers['location']).toBe('/admin/rules/sms-per-account');
    expect(headers['etag']).toBe(`"${body.version}"`);
    expect((await check('a1')).body).toMatchObject({
      reason: 'ok',
      rulesVersion: body.version,
      limits: [{ max: 2, used: 1 }, { max: 20 }],
    });
  });

  it('reads one rule, with its revision', async () => {
    const { status, body, headers } = await service.api.get('/admin/rules/sms-per-account');
    expect(status).toBe(200);
    expect(body).toEqual(RULE);
    expect(headers['etag']).toMatch(/^"\d+"$/);
  });

  it('patches a limit and keeps what was counted', async () => {
    const patch = { limits: [{ window: 'day', max: 1 }] };
    const { status, body } = await service.api.patch('/admin/rules/sms-per-account').send(patch);
    expect(status).toBe(200);
    expect(body.rule).toEqual({ ...RULE, ...patch });
    expect((await check('a1')).body).toMatchObject({
      allowed: false,
      limits: [{ max: 1, used: 1 }],
      onDeny: RULE.onDeny,
    });
  });

  it('patches as a merge patch too, where null takes a field away', async () => {
    const { status, body } = await service.api
      .patch('/admin/rules/sms-per-account')
      .set('content-type', 'application/merge-patch+json')
      .send(JSON.stringify({ description: null, onDeny: { params: { plan: null } } }));
    expect(status).toBe(200);
    expect(body.rule).not.toHaveProperty('description');
    expect(body.rule.onDeny).toEqual({ code: 'SMS_LIMIT', params: {} });
  });

  it('replaces a rule by the id of the path', async () => {
    const { id: _id, ...others } = { ...RULE, limits: [{ window: 'day', max: 5 }] };
    const { status, body } = await service.api.put('/admin/rules/sms-per-account').send(others);
    expect(status).toBe(200);
    expect(body.rule).toEqual({ ...others, id: RULE.id });
    expect((await check('a1')).body).toMatchObject({ allowed: true, limits: [{ max: 5, used: 2 }] });
  });

  it('deletes a rule, answers what it was, and no longer limits', async () => {
    const before = (await service.api.get('/admin/rules/sms-per-account')).body;
    const { status, body } = await service.api.delete('/admin/rules/sms-per-account');
    expect(status).toBe(200);
    expect(body).toEqual({ rule: before, version: expect.any(Number), nodes: { live: 1, applied: 1 } });
    expect((await check('a1')).body).toMatchObject({ reason: 'no-rule' });
    expect((await service.api.get('/admin/rules/sms-per-account')).status).toBe(404);
  });

  // Many clients announce JSON with every request; it was refused as bad JSON.
  it('deletes a rule also when a type is sent and no body', async () => {
    await service.api.post('/admin/rules').send({ ...RULE, id: 'announced' });
    const answer = await service.api.delete('/admin/rules/announced').set('content-type', 'application/json');
    expect(answer.status).toBe(200);
  });

  it('raises the version by one with every write', async () => {
    const version = async () => (await service.api.get('/admin/rules')).body.version as number;
    const before = await version();
    await service.api.post('/admin/rules').send(RULE);
    await service.api.patch('/admin/rules/sms-per-account').send({ mode: 'observe' });
    await service.api.delete('/admin/rules/sms-per-account');
    expect(await version()).toBe(before + 3);
  });

  it('409 for an id that exists', async () => {
    const { status, body } = await service.api.post('/admin/rules').send({ ...RULE, id: 'ocr-per-user' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'rule-exists', status: 409 });
  });

  it.each([
    ['get', undefined],
    ['put', { ...RULE, id: 'none' }],
    ['patch', { mode: 'off' }],
    ['delete', undefined],
  ] as const)('404 for %s of an id that does not', async (method, body) => {
    const request = service.api[method]('/admin/rules/none');
    const answer = body === undefined ? await request : await request.send(body);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'rule-not-found', status: 404 });
  });
});

describe('rules of an embedded service', () => {
  it('outlive it', async () => {
    const first = await RunningService.start();
    await first.api.post('/admin/rules').send(RULE);
    const second = await first.restart();
    expect((await second.api.get('/admin/rules/sms-per-account')).body).toEqual(RULE);
    await second.stop();
  });
});
