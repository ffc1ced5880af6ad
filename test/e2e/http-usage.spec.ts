import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

describe.each(STORES)('GET /usage, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const usage = (query: string) => service.api.get(`/usage?${query}`);

  it('shows what was counted, and counts nothing itself', async () => {
    await service.api.post('/check').send({ resource: 'ocr', subject: { user: 'u1' }, amount: 2 });
    await usage('resource=ocr&user=u1');
    const { status, body } = await usage('resource=ocr&user=u1');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      resource: 'ocr',
      subject: { user: 'u1' },
      limits: [
        { window: 'day', used: 2, remaining: 8 },
        { window: 'hour', used: 2, remaining: 1 },
      ],
      degraded: null,
      rulesVersion: 1,
    });
  });

  it('shows every rule of the resource', async () => {
    const { body } = await usage('resource=llm&user=u1');
    expect(
      body.limits.map(({ rule, window }: { rule: string; window: string }) => `${rule} ${window}`),
    ).toEqual(['llm-budget day', 'llm-per-user hour', 'llm-per-user month']);
  });

  it('takes any parameter but resource as an attribute, decoded', async () => {
    const { body } = await usage(`resource=speech-scoring&user=${encodeURIComponent('小明 & co=1')}&grade=3`);
    expect(body.subject).toEqual({ user: '小明 & co=1', grade: '3' });
    expect((await usage('resource=video&user=a+b')).body.subject).toEqual({ user: 'a b' });
  });

  it.each([
    ['no resource', 'user=u1', 'resource'],
    ['no subject', 'resource=ocr', 'subject.user'],
    ['an attribute the rule counts by missing', 'resource=ocr&grade=3', 'subject.user'],
    ['a parameter twice', 'resource=ocr&user=u1&user=u2', 'user'],
    ['the resource twice', 'resource=ocr&resource=llm&user=u1', 'resource'],
    ['a name without a value', 'resource=ocr&user', 'user'],
    ['an empty value', 'resource=ocr&user=', 'subject.user'],
    ['a name that is no attribute', 'resource=ocr&user=u1&User=u1', 'subject.User'],
    ['bytes that are no UTF-8', 'resource=ocr&user=%ff', 'user=%ff'],
    ['a broken escape', 'resource=ocr&user=%2', 'user=%2'],
    ['__proto__', 'resource=ocr&user=u1&__proto__=x', 'subject.__proto__'],
    ['a value of 257 characters', `resource=ocr&user=${'x'.repeat(257)}`, 'subject.user'],
  ])('refuses %s and says where', async (_what, query, path) => {
    const { status, body } = await usage(query);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid-request', status: 400 });
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});
