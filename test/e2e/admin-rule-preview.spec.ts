import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

const RULES = [
  {
    id: 'near-me',
    resource: 'scan',
    per: ['user'],
    limits: [
      { window: 'day', max: 10 },
      { window: 'hour', max: 100 },
      { window: 'concurrent', max: 5 },
    ],
  },
  { id: 'in-grade', resource: 'scan', per: ['user', 'grade'], limits: [{ window: 'total', max: 50 }] },
];

describe.each(STORES)('POST /admin/rules/preview, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
    await service.api.put('/admin/rules').send({ rules: RULES }).expect(200);
    for (const [user, amount] of Object.entries({ u1: 9, u2: 8, u3: 1, u4: 2 })) {
      const asked = { resource: 'scan', subject: { user, grade: '3' }, amount };
      const { body } = await service.api.post('/check').send(asked);
      expect(body).toMatchObject({ allowed: true });
    }
  });
  afterAll(() => service.stop());

  const post = async (path: string, sent: object) => {
    const { status, body } = await service.api.post(path).send(sent);
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
    return { status, body: body as any };
  };

  it('says how many subjects a change would leave without room, and changes nothing', async () => {
    const change = {
      limits: [
        { window: 'day', max: 9 },
        { window: 'week', max: 9 },
      ],
    };
    const { status, body } = await post('/admin/rules/preview', { id: 'near-me', change });
    expect(status).toBe(200);
    const { sampled, over, near, examples, isComplete, effects, rule } = body;
    expect(rule).toMatchObject({ id: 'near-me', limits: change.limits, per: ['user'] });
    expect({ isComplete, over, near }).toEqual({ isComplete: true, over: 1, near: 1 });
    expect(sampled).toBe(4);
    expect(examples).toMatchObject([
      {
        subject: { user: 'u1' },
        share: 1,
        limits: [
          { max: 9, used: 9 },
          { window: 'week', used: 0 },
        ],
      },
      { subject: { user: 'u2' } },
    ]);
    expect(effects).toMatchObject([{ kind: 'counters-restart', windows: ['week'] }]);
    const inForce = await service.api.get('/admin/rules/near-me');
    expect(inForce.body.limits[0]).toEqual({ window: 'day', max: 10 });
  });

  it('finds no subject under a rule whose counters begin at 0', async () => {
    const rule = { id: 'brand-new', resource: 'scan', per: ['user'], limits: [{ window: 'day', max: 1 }] };
    const { body } = await post('/admin/rules/preview', { rule });
    expect(body).toMatchObject({ sampled: 0, isComplete: true, over: 0, near: 0, examples: [] });
    expect((await post('/admin/rules/preview', rule)).body).toEqual(body);
    const moved = await post('/admin/rules/preview', { id: 'near-me', change: { timeZone: 'Asia/Tokyo' } });
    expect(moved.body).toMatchObject({ sampled: 0, effects: [{ kind: 'counters-restart' }] });
  });

  it('refuses a rule that can match nothing, and says why', async () => {
    const per = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const rule = { id: 'too-wide', resource: 'scan', per, limits: [{ window: 'day', max: 1 }] };
    const { status, body } = await post('/admin/rules/preview', { rule });
    expect([status, body.code]).toEqual([400, 'invalid-rule']);
    expect(body.errors).toMatchObject([
      { path: 'per', message: expect.stringContaining('9 attributes together') },
    ]);
    const written = await post('/admin/rules', rule);
    expect([written.status, written.body.errors]).toEqual([400, body.errors]);
    expect((await post('/admin/rules', { ...rule, mode: 'off' })).status).toBe(201);
    const other = { id: 'of-all', resource: 'other', per: [], limits: rule.limits };
    const rules = [other, { ...rule, id: 'off', mode: 'off' }, { ...rule, per: [...per, 'user'] }, RULES[1]];
    for (const query of ['', '?dryRun=true']) {
      const set = await service.api.put(`/admin/rules${query}`).send({ rules });
      expect([set.status, set.body.code]).toEqual([400, 'invalid-rule']);
      const message = expect.stringContaining('can match nothing: the rules of scan would count by 9');
      expect(set.body.errors).toMatchObject([
        { path: 'rules.2.per', message },
        { path: 'rules.3.per', message },
      ]);
    }
  });

  it.each([
    ['nothing', {}, 400],
    ['a rule and a change', { rule: RULES[0], id: 'near-me', change: {} }, 400],
    ['an unknown rule', { id: 'none', change: {} }, 404],
    ['a change without a rule', { change: {} }, 400],
    ['a bad limit', { id: 'near-me', change: { limits: [{ window: 'day', max: -1 }] } }, 400],
    ['an unknown field', { id: 'near-me', change: {}, dryRun: true }, 400],
  ])('refuses %s', async (_what, body, status) => {
    expect((await post('/admin/rules/preview', body)).status).toBe(status);
  });

  it('tries a check against a draft beside the other rules, and counts nothing', async () => {
    const limits = [
      { window: 'day', max: 12 },
      { window: 'hour', max: 100, soft: true },
    ];
    const rule = { ...RULES[0]!, limits, onDeny: { code: 'TOO_MANY' } };
    const subject = { user: 'u1', grade: '3' };
    const fits = await post('/admin/rules/try', { rule, subject, amount: 3 });
    expect([fits.status, fits.body.allowed, fits.body.reason]).toEqual([200, true, 'ok']);
    expect(fits.body.limits).toMatchObject([
      { rule: 'in-grade', used: 12, max: 50 },
      { rule: 'near-me', window: 'day', used: 12, max: 12, remaining: 0 },
      { rule: 'near-me', window: 'hour', used: 12 },
    ]);
    const over = await post('/admin/rules/try', { rule, subject, amount: 4 });
    expect(over.body).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      onDeny: { code: 'TOO_MANY' },
    });
    expect(over.body.retryAfterMs).toBeGreaterThan(0);
    const usage = await service.api.get('/usage?resource=scan&user=u1&grade=3');
    expect(usage.body.limits[1]).toMatchObject({ rule: 'near-me', window: 'day', used: 9, max: 10 });
    const none = await post('/admin/rules/try', { rule: { ...rule, resource: 'new', mode: 'off' }, subject });
    expect(none.body).toMatchObject({ allowed: true, reason: 'no-rule', limits: [] });
  });

  it.each([
    ['a subject without an attribute', { subject: { user: 'u1' } }, 'subject.grade'],
    ['an unknown field', { subject: {}, operationId: 'x' }, 'operationId'],
    ['a bad rule', { rule: { ...RULES[0], mode: 'on' }, subject: {} }, 'mode'],
  ])('refuses to try %s', async (_what, sent, path) => {
    const { status, body } = await post('/admin/rules/try', { rule: RULES[0], ...sent });
    expect([status, body.errors.map((error: { path: string }) => error.path)]).toEqual([400, [path]]);
  });
});
