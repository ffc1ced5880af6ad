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

/** Of the first rule of a resource: until then callers might send what they liked. */
const NEED_ACCOUNT = {
  ...{ kind: 'callers-need-attribute', rule: 'sms-per-account', resource: 'sms', attribute: 'account' },
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
    const nodes = { live: 1, applied: 1 };
    expect(body).toEqual({ rule: RULE, version: expect.any(Number), nodes, effects: [NEED_ACCOUNT] });
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
    ['patch', { mode: 'off' }],
    ['delete', undefined],
  ] as const)('404 for %s of an id that does not', async (method, body) => {
    const request = service.api[method]('/admin/rules/none');
    const answer = body === undefined ? await request : await request.send(body);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'rule-not-found', status: 404 });
  });
});

describe.each(STORES)('/admin/rules as a whole, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const ruleOf = (id: string, more: object = {}) => ({
    ...{ id, resource: 'sms', per: ['account'], limits: [{ window: 'day', max: 2 }], ...more },
  });
  const put = (rules: readonly object[], query = '') =>
    service.api.put(`/admin/rules${query}`).send({ rules });
  const list = async (query = '') => (await service.api.get(`/admin/rules${query}`)).body;
  const idsOf = (page: { rules: { id: string }[] }) => page.rules.map(({ id }) => id);

  it('says what a set would change, and changes nothing', async () => {
    const { version, rules } = await list();
    const { status, body, headers } = await put([ruleOf('a')], '?dryRun=true');
    const removed = rules.map(({ id }: { id: string }) => id);
    const effects = [{ ...NEED_ACCOUNT, rule: 'a' }];
    expect([status, body]).toEqual([200, { created: ['a'], changed: [], removed, version, effects }]);
    expect(headers['etag']).toBe(`"${version}"`);
    expect(await list()).toEqual({ rules, version });
  });

  it('makes a set the rules with one version, for the next check', async () => {
    const before = await list();
    const { status, body, headers } = await put([ruleOf('b'), ruleOf('a')]).set(
      'if-match',
      `"${before.version}"`,
    );
    const removed = idsOf(before);
    expect([status, body]).toEqual([
      200,
      ...[
        {
          created: ['a', 'b'],
          changed: [],
          removed,
          version: before.version + 1,
          nodes: { live: 1, applied: 1 },
          effects: [{ ...NEED_ACCOUNT, rule: 'a' }],
        },
      ],
    ]);
    expect(headers['etag']).toBe(`"${body.version}"`);
    expect(idsOf(await list())).toEqual(['a', 'b']);
    const check = await service.api.post('/check').send({ resource: 'sms', subject: { account: 'a1' } });
    expect(check.body).toMatchObject({ rulesVersion: body.version, limits: [{ rule: 'a' }, { rule: 'b' }] });
  });

  it('lists what changed, and keeps the revisions of what did not', async () => {
    const etagOf = async (id: string) => (await service.api.get(`/admin/rules/${id}`)).headers['etag'];
    const before = [await etagOf('a'), await etagOf('b')];
    const { body } = await put([ruleOf('a'), ruleOf('b', { mode: 'off' }), ruleOf('c')]);
    expect(body).toMatchObject({ created: ['c'], changed: ['b'], removed: [] });
    expect(await etagOf('a')).toBe(before[0]);
    expect(await etagOf('b')).toBe(`"${body.version}"`);
    const again = await put([ruleOf('c'), ruleOf('b', { mode: 'off' }), ruleOf('a')]);
    expect(again.body).toEqual({
      created: [],
      changed: [],
      removed: [],
      version: body.version,
      nodes: body.nodes,
    });
  });

  it.each(['', '?dryRun=true'])('412 for a version that is no longer%s', async (query) => {
    const before = await list();
    for (const stale of [`"${before.version - 1}"`, `"${before.version + 1}"`, 'W/"1"']) {
      const { status, body } = await put([], query).set('if-match', stale);
      expect([status, body.code]).toEqual([412, 'rules-changed']);
    }
    expect((await put([], '?dryRun=true').set('if-match', '*')).status).toBe(200);
    expect(await list()).toEqual(before);
  });

  it('400 with every error of every rule, and changes nothing', async () => {
    const before = await list();
    const { status, body } = await service.api
      .put('/admin/rules')
      .send({ rules: [ruleOf('a'), ruleOf('a'), ruleOf('b', { mode: 'on', limits: [] }), 7], reason: 'x' });
    expect([status, body.code]).toEqual([400, 'invalid-rule']);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
      ...['reason', 'rules.1.id', 'rules.2.limits', 'rules.2.mode', 'rules.3'],
    ]);
    expect(await list()).toEqual(before);
  });

  it.each([
    ['no body', undefined, 'rules'],
    ['a list', [], 'rules'],
    ['rules that are no list', { rules: {} }, 'rules'],
    ['too many rules', { rules: new Array(10_001).fill(0) }, 'rules'],
  ])('400 for %s', async (_what, body, path) => {
    const answer = await service.api.put('/admin/rules').send(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
  });

  it('lists as many errors as help a person, and how many more there are', async () => {
    const { body } = await put(new Array(1_500).fill(7));
    expect(body.errors).toHaveLength(20);
    expect(body.errors.at(-1)).toMatchObject({ path: '', message: '… and 1481 more' });
  });

  it('400 for JSON that is none, is deep, or has a key __proto__', async () => {
    for (const text of [
      '{"rules":[',
      `{"rules":[${'['.repeat(40)}${']'.repeat(40)}]}`,
      '{"rules":[{"__proto__":1}]}',
    ]) {
      const request = service.api.put('/admin/rules').set('content-type', 'application/json');
      const { status, body } = await request.send(text);
      expect([status, body.code]).toEqual([400, 'invalid-json']);
    }
  });

  it('400 for parameters it does not have', async () => {
    for (const query of ['?dryRun=yes', '?dryrun=true', '?dryRun=true&dryRun=false']) {
      expect((await put([], query)).status).toBe(400);
    }
  });

  it('413 beyond 16 MiB, and says so', async () => {
    const text = JSON.stringify({ rules: [ruleOf('a')] }) + ' '.repeat(16 * 1024 * 1024);
    const request = service.api.put('/admin/rules').set('content-type', 'application/json');
    const { status, body } = await request.send(text);
    expect([status, body.code]).toEqual([413, 'payload-too-large']);
    expect(body.detail).toContain('16777216');
  });

  it('lists pages, each after the one before, also over writes in between', async () => {
    const all = Array.from({ length: 25 }, (_, index) => `r${String(index).padStart(2, '0')}`);
    await put(all.map((id) => ruleOf(id)));
    const first = await list('?limit=10');
    expect(idsOf(first)).toEqual(all.slice(0, 10));
    await service.api.delete('/admin/rules/r09');
    await service.api.post('/admin/rules').send(ruleOf('r05-new'));
    const second = await list(`?limit=10&cursor=${first.next}`);
    expect([idsOf(second), second.version]).toEqual([all.slice(10, 20), first.version + 2]);
    const third = await list(`?limit=10&cursor=${second.next}`);
    expect([idsOf(third), third.next]).toEqual([all.slice(20), undefined]);
    expect((await list('?limit=25')).next).toBeUndefined();
  });

  it('lists a thousand when no limit is said', async () => {
    await put(Array.from({ length: 1_001 }, (_, index) => ruleOf(`r${index}`)));
    const { rules, next } = await list();
    expect(rules).toHaveLength(1_000);
    expect((await list(`?cursor=${next}`)).rules).toHaveLength(1);
  });

  it('lists what a filter lets through, in full pages', async () => {
    const of = (resource: string, mode: string) => (id: string) => ruleOf(id, { resource, mode });
    await put([
      ...['a', 'ab-1', 'ab-2', 'ab', 'b'].map(of('sms', 'enforce')),
      ...['aa-1', 'ab-3', 'ac'].map(of('ocr', 'off')),
    ]);
    expect(idsOf(await list('?resource=ocr'))).toEqual(['aa-1', 'ab-3', 'ac']);
    expect(idsOf(await list('?mode=off&idPrefix=ab'))).toEqual(['ab-3']);
    expect(idsOf(await list('?idPrefix=ab'))).toEqual(['ab', 'ab-1', 'ab-2', 'ab-3']);
    const { rules, next } = await list('?resource=ocr&limit=2');
    expect(rules.map(({ id }: { id: string }) => id)).toEqual(['aa-1', 'ab-3']);
    expect(idsOf(await list(`?resource=ocr&limit=2&cursor=${next}`))).toEqual(['ac']);
    expect(await list('?resource=none')).toEqual({ rules: [], version: expect.any(Number) });
  });

  it.each([
    ...[
      'limit=0',
      'limit=1001',
      'limit=1e2',
      'limit=',
      'mode=on',
      'resource=%20',
      'idPrefix=',
      'page=2',
      'limit=1&limit=2',
    ],
    ...['cursor=', 'cursor=r01', 'cursor=YWZ0ZXI6', 'cursor=YWZ0ZXI6YQ=='],
  ])('400 for ?%s', async (query) => {
    const { status, body } = await service.api.get(`/admin/rules?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid-request']);
    expect(body.errors[0].path).toBe(query.split('=')[0]);
  });

  it('304 for a page of a version that is known', async () => {
    const { version } = await list();
    const answer = await service.api.get('/admin/rules?limit=1').set('if-none-match', `"${version}"`);
    expect(answer.status).toBe(304);
  });
});
