import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

describe.each(STORES)('/admin/packs, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const check = async (user: string, amount: number, operationId?: string) => {
    const body = { resource: 'ocr', subject: { user }, amount, ...(operationId && { operationId }) };
    return (await service.api.post('/check').send(body)).body;
  };
  const pack = (user: string, options: object = {}) => ({
    resource: 'ocr',
    subject: { user },
    amount: 5,
    operationId: 'order-1',
    ...options,
  });
  const add = (user: string, options?: object) => service.api.post('/admin/packs').send(pack(user, options));
  const list = async (user: string) =>
    (await service.api.get(`/admin/packs?resource=ocr&user=${user}`)).body.packs;

  it('are used by the next check where the hour is full, and shown by the decision and the usage', async () => {
    expect((await check('u1', 3)).packs).toBeUndefined();
    expect((await check('u1', 1)).allowed).toBe(false);
    const { status, body } = await add('u1');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { replayed: false, pack: { meter: 'units', amount: 5, remaining: 5, state: 'active' } },
    });
    const { id } = body.pack;
    const decision = await check('u1', 2);
    expect(decision).toMatchObject({
      allowed: true,
      reason: 'ok',
      packs: [{ id, meter: 'units', taken: 2, remaining: 3 }],
      limits: [
        { window: 'day', used: 3 },
        { window: 'hour', used: 3, exceeded: false },
      ],
    });
    const usage = await service.api.get('/usage?resource=ocr&user=u1');
    expect(usage.body.packs).toMatchObject([{ id, remaining: 3, state: 'active' }]);
    expect(await list('u1')).toMatchObject([{ id, remaining: 3 }]);
    expect(await check('u1', 4)).toMatchObject({ allowed: false, reason: 'amount-exceeds-limit' });
  });

  it('are added once under an operation id', async () => {
    const first = await add('u2');
    expect((await add('u2')).body).toEqual({ ...first.body, replayed: true });
    const other = await add('u2', { amount: 6 });
    expect({ status: other.status, code: other.body.code }).toEqual({
      status: 409,
      code: 'operation-conflict',
    });
    expect(await list('u2')).toHaveLength(1);
  });

  it('get back what a refund gives back, and are used no more once they are cancelled', async () => {
    const { id } = (await add('u3')).body.pack;
    await check('u3', 5, 'job-1');
    const refund = { resource: 'ocr', subject: { user: 'u3' }, operationId: 'job-1' };
    expect((await service.api.post('/refunds').send(refund)).body).toEqual({
      refunded: true,
      amounts: { units: 5 },
    });
    expect(await list('u3')).toMatchObject([{ id, remaining: 5 }]);
    await check('u3', 3);
    const cancelled = await service.api.delete(`/admin/packs/${id}?resource=ocr&user=u3`);
    expect(cancelled.body).toMatchObject({ pack: { id, state: 'cancelled', remaining: 5 } });
    expect((await check('u3', 1)).allowed).toBe(false);
    expect((await service.api.get('/usage?resource=ocr&user=u3')).body).not.toHaveProperty('packs');
    const unknown = await service.api.delete('/admin/packs/none?resource=ocr&user=u3');
    expect({ status: unknown.status, code: unknown.body.code }).toEqual({
      status: 404,
      code: 'pack-not-found',
    });
  });

  it('are listed for a subject whose attribute has the name of a parameter', async () => {
    const rule = {
      id: 'odd',
      resource: 'odd',
      per: ['reason', 'subject'],
      limits: [{ window: 'day', max: 1 }],
    };
    await service.api.post('/admin/rules').send(rule).expect(201);
    const subject = { reason: 'r1', subject: '{odd' };
    const added = await add('', { resource: 'odd', subject });
    const query = new URLSearchParams({ resource: 'odd', subject: JSON.stringify(subject) });
    const path = (id = '') => `/admin/packs${id}?${query}`;
    expect((await service.api.get(path())).body.packs).toMatchObject([{ id: added.body.pack.id }]);
    const { body } = await service.api.delete(`${path(`/${added.body.pack.id}`)}&reason=done`);
    expect(body.pack).toMatchObject({ state: 'cancelled' });
    const broken = await service.api.get('/admin/packs?resource=odd&subject={"reason":1}');
    expect([broken.status, broken.body.errors[0].path]).toEqual([400, 'subject']);
  });

  it.each([
    ['no amount', { amount: undefined }, 'amount'],
    ['an amount of 0', { amount: 0 }, 'amount'],
    ['no operation id', { operationId: undefined }, 'operationId'],
    ['a subject that no rule counts by exactly', { subject: { user: 'u4', grade: '3' } }, 'subject'],
    ['a meter that no rule counts', { meter: 'tokens' }, 'meter'],
    ['an end that is past', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['an end that is no instant', { expiresAt: 'soon' }, 'expiresAt'],
    ['a priority of 1,001', { priority: 1_001 }, 'priority'],
    ['an unknown field', { units: 1 }, 'units'],
  ])('refuse %s and say where', async (_what, options, path) => {
    const { status, body } = await add('u4', options);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-request' });
    expect(body.errors).toContainEqual(expect.objectContaining({ path, code: expect.any(String) }));
    expect(await list('u4')).toEqual([]);
  });
});
