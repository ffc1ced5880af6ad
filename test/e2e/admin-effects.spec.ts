import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

const RULE = {
  id: 'r',
  resource: 'page',
  per: ['user', 'grade'],
  timeZone: 'Asia/Shanghai',
  limits: [{ window: 'day', max: 10 }],
  mode: 'enforce',
  degrade: 'local',
};
const PATH = '/admin/rules/r';

describe.each(STORES)('what a write of rules does to counters and callers, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    await service.api
      .put('/admin/rules')
      .send({ rules: [RULE] })
      .expect(200);
  });

  let users = 0;
  const check = (user: string, more: object = {}) =>
    service.api.post('/check').send({ resource: 'page', subject: { user, grade: '3', ...more } });
  const usedBy = async (user: string) =>
    (await service.api.get(`/usage?resource=page&user=${user}&grade=3`)).body.limits[0].used as number;
  const list = async () => (await service.api.get('/admin/rules')).body;

  it('another way to write a window means nothing, and another meter begins at 0 alone', async () => {
    const user = `written-${users++}`;
    await check(user);
    const day = { unit: 'day', startsAt: '00:00' };
    const written = await service.api.patch(PATH).send({ limits: [{ window: day, max: 10 }] });
    expect(written.status).toBe(200);
    expect(written.body.rule.limits).toEqual([{ window: day, max: 10 }]);
    expect(written.body).not.toHaveProperty('effects');
    expect(await usedBy(user)).toBe(1);

    const limits = [
      { window: day, max: 10 },
      { window: 'day', meter: 'tokens', max: 20_000 },
    ];
    const metered = await service.api.patch(PATH).send({ limits });
    expect(metered.body.effects).toEqual([
      { kind: 'counters-restart', rule: 'r', windows: ['day'], meter: 'tokens', changed: ['meter'] },
    ]);
    expect(await usedBy(user)).toBe(1);
  });

  const turned = { ...RULE, per: ['grade', 'user'] };
  it.each([
    ['PUT of it', () => service.api.put(PATH).send(turned)],
    ['PATCH', () => service.api.patch(PATH).send({ per: turned.per })],
    ['PUT of all', () => service.api.put('/admin/rules').send({ rules: [turned] })],
  ])('another order of per means nothing: %s', async (_how, write) => {
    const user = `turned-${users++}`;
    await check(user);
    const { status, body } = await write();
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('effects');
    expect((await check(user)).body.limits).toMatchObject([{ used: 2 }]);
    expect(await usedBy(user)).toBe(2);
    expect((await service.api.get(PATH)).body.per).toEqual(RULE.per);
  });

  it('says that counters begin at 0, before it is done and when it is', async () => {
    const user = `restarted-${users++}`;
    await check(user);
    const before = await list();
    const effects = [{ kind: 'counters-restart', rule: 'r', windows: ['day'], changed: ['timeZone'] }];
    const change = { ...RULE, timeZone: 'Asia/Tokyo' };
    const previews = [
      await service.api.put(`${PATH}?dryRun=true`).send(change),
      await service.api.patch(`${PATH}?dryRun=true`).send({ timeZone: 'Asia/Tokyo' }),
    ];
    for (const { status, body, headers } of previews) {
      expect([status, body]).toEqual([200, { rule: change, version: before.version, effects }]);
      expect(headers).not.toHaveProperty('etag');
    }
    expect(await list()).toEqual(before);
    expect(await usedBy(user)).toBe(1);
    expect((await service.api.put(PATH).send(change)).body).toMatchObject({ rule: change, effects });
    expect(await usedBy(user)).toBe(0);
  });

  it('says what callers must send from now on, also of a rule that is created', async () => {
    const effects = [{ kind: 'callers-need-attribute', rule: 'r2', resource: 'page', attribute: 'city' }];
    const rule = { ...RULE, id: 'r2', per: ['city'] };
    const before = await list();
    for (const preview of [
      await service.api.post('/admin/rules?dryRun=true').send(rule),
      await service.api.put('/admin/rules/r2?dryRun=true').send(rule),
    ])
      expect([preview.status, preview.body]).toEqual([200, { rule, version: before.version, effects }]);
    expect(await list()).toEqual(before);
    expect((await check('u')).status).toBe(200);
    expect((await service.api.post('/admin/rules').send(rule)).body).toMatchObject({ effects });
    expect((await check('u')).body).toMatchObject({ status: 400, errors: [{ path: 'subject.city' }] });
    expect((await check('u', { city: 'x' })).status).toBe(200);
  });

  it('deletes nothing on a dry run', async () => {
    const before = await list();
    const { status, body } = await service.api.delete(`${PATH}?dryRun=true`);
    expect([status, body]).toEqual([200, { rule: RULE, version: before.version }]);
    expect(await list()).toEqual(before);
  });

  it.each([
    ['post', '/admin/rules', 409, 'rule-exists'],
    ['patch', '/admin/rules/none', 404, 'rule-not-found'],
    ['delete', '/admin/rules/none', 404, 'rule-not-found'],
  ] as const)('refuses on a dry run what it would refuse: %s %s', async (method, path, status, code) => {
    const answer = await service.api[method](`${path}?dryRun=true`).send(
      method === 'delete' ? undefined : RULE,
    );
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    const stale = await service.api.put(`${PATH}?dryRun=true`).set('if-match', '"0"').send(RULE);
    expect([stale.status, stale.body.code]).toEqual([412, 'rule-changed']);
  });

  // A misspelt parameter was passed over, and the write was done.
  it.each(['dryrun=true', 'dryRun=yes', 'dryRun=true&dryRun=true', 'resaon=x', 'reason='])(
    'refuses ?%s',
    async (query) => {
      const before = await list();
      for (const request of [
        service.api.post(`/admin/rules?${query}`).send({ ...RULE, id: 'r3' }),
        service.api.put(`${PATH}?${query}`).send({ ...RULE, mode: 'off' }),
        service.api.patch(`${PATH}?${query}`).send({ mode: 'off' }),
        service.api.delete(`${PATH}?${query}`),
      ]) {
        const { status, body } = await request;
        expect([status, body.code]).toEqual([400, 'invalid-request']);
      }
      expect(await list()).toEqual(before);
    },
  );
});

describe.each(STORES)('PUT of a rule that is not there, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  it('creates it: 201, with its path and its revision', async () => {
    const { id: _id, ...others } = RULE;
    const { status, body, headers } = await service.api.put(PATH).send(others);
    expect(status).toBe(201);
    expect(body).toMatchObject({ rule: RULE, nodes: { live: 1, applied: 1 } });
    expect([headers['location'], headers['etag']]).toEqual([PATH, `"${body.version}"`]);
    const again = await service.api.put(PATH).send(others);
    expect(again.status).toBe(200);
    expect(again.headers).not.toHaveProperty('location');
  });

  it('creates it with If-None-Match: *, once', async () => {
    const put = () =>
      service.api
        .put('/admin/rules/once')
        .set('if-none-match', '*')
        .send({ ...RULE, id: 'once', resource: 'other' });
    const answers = await Promise.all([put(), put(), put()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412]);
    expect(answers.map(({ body }) => body.code).sort()).toEqual(['rule-changed', 'rule-changed', undefined]);
  });

  it.each(['"1"', '*'])('creates none with If-Match: %s', async (tag) => {
    const { status, body } = await service.api
      .put('/admin/rules/none')
      .set('if-match', tag)
      .send({ ...RULE, id: 'none' });
    expect([status, body.code]).toEqual([404, 'rule-not-found']);
  });

  it('makes a limit unlimited with max: null, and the headers say nothing of it', async () => {
    const limits = [
      { window: 'day', max: null },
      { window: 'hour', max: 3 },
    ];
    expect((await service.api.patch(PATH).send({ limits })).body).toMatchObject({ rule: { limits } });
    const { body, headers } = await service.api
      .post('/check')
      .send({ resource: 'page', subject: { user: 'u', grade: '3' }, amount: 2 });
    expect(body.limits).toMatchObject([
      { window: 'day', max: null, used: 2, remaining: null, exceeded: false },
      { window: 'hour', max: 3, used: 2, remaining: 1 },
    ]);
    expect(headers['ratelimit']).toMatch(/^"r-hour";r=1;t=\d+$/);
    expect(headers['ratelimit-policy']).toMatch(/^"r-hour";q=3;w=3600$/);
    expect((await service.api.get(PATH)).body.limits).toEqual(limits);
  });
});

describe('rules of an embedded service', () => {
  it('outlive it', async () => {
    const first = await RunningService.start();
    await first.api.post('/admin/rules').send(RULE);
    const second = await first.restart();
    expect((await second.api.get('/admin/rules/r')).body).toEqual(RULE);
    await second.stop();
  });
});
