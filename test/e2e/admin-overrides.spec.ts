import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/running-service.js';

const RULE = {
  id: 'exports',
  resource: 'exports',
  per: ['user', 'team'],
  limits: [
    { window: 'day', max: 2 },
    { window: 'day', meter: 'rows', max: null },
  ],
};

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start({
    SUNDIAL_ADMIN_KEYS: 'ops=admin-secret',
    SUNDIAL_CHECK_KEYS: 'app=check-secret',
  });
  await request('POST', '/admin/rules', RULE);
});
afterAll(() => service.stop());

const request = async (
  method: string,
  path: string,
  body?: object | string,
  { key = 'admin-secret', type = 'application/json' } = {},
) => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json;') ?? false;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  return { status: response.status, text, body: (isJson ? JSON.parse(text) : undefined) as any };
};

let team: string;
let teams = 0;
beforeEach(() => {
  team = `t${teams++}`;
});
const subjectOf = (user: string) => ({ user, team });
const check = async (user: string, more: object = {}) => {
  const asked = { resource: 'exports', subject: subjectOf(user), ...more };
  return (await request('POST', '/check', asked, { key: 'check-secret' })).body;
};
const override = (user: string, more: object = {}) => ({
  rule: 'exports',
  subject: subjectOf(user),
  limits: [{ window: 'day', add: 3 }],
  ...more,
});
const set = (user: string, more: object = {}) => request('PUT', '/admin/overrides', override(user, more));
const importing = (lines: readonly (object | string)[]) => {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  return request('POST', '/admin/overrides/import', text, { type: 'application/x-ndjson' });
};
const inMs = (ms: number) => new Date(service.engine.now() + ms).toISOString();
const problem = (paths: readonly string[]) => ({
  status: 400,
  body: { code: 'invalid-request', errors: paths.map((path) => ({ path })) },
});

describe('/admin/overrides', () => {
  it('gives one subject more from the next check on, and says that in its answer', async () => {
    expect((await check('a', { amount: 3 })).reason).toBe('amount-exceeds-limit');
    const written = await set('a', { reason: 'the exam week' });
    expect(written).toMatchObject({
      status: 200,
      body: { override: { ...override('a'), reason: 'the exam week', setBy: 'ops' }, before: null },
    });
    expect(await check('a', { amount: 5 })).toMatchObject({
      allowed: true,
      limits: [
        { window: 'day', meter: 'units', max: 5, source: 'override', used: 5, remaining: 0 },
        { meter: 'rows', max: null, source: 'rule', remaining: null },
      ],
    });
    expect(await check('a')).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      limits: [{ exceeded: true }, {}],
    });
    expect((await check('b', { amount: 3 })).allowed).toBe(false);
  });

  it('is replaced whole, limits what has no max, and is removed', async () => {
    await set('a');
    const limits = [
      { window: 'day', set: null },
      { window: 'day', meter: 'rows', set: 10 },
    ];
    const replaced = await set('a', { limits });
    expect(replaced.body).toMatchObject({ override: { limits }, before: override('a') });
    expect((await check('a', { amount: 9, amounts: { rows: 11 } })).reason).toBe('amount-exceeds-limit');
    expect(await check('a', { amount: 9, amounts: { rows: 10 } })).toMatchObject({
      allowed: true,
      limits: [
        { max: null, remaining: null },
        { max: 10, source: 'override', remaining: 0 },
      ],
    });
    const path = `/admin/overrides?rule=exports&user=a&team=${team}`;
    expect(await request('DELETE', path)).toMatchObject({ status: 200, body: { override: { limits } } });
    expect((await check('a', { amounts: { rows: 1 } })).limits).toMatchObject([
      { max: 2, source: 'rule', exceeded: true },
      { max: null, source: 'rule' },
    ]);
    expect(await request('DELETE', path)).toMatchObject({
      status: 404,
      body: { code: 'override-not-found' },
    });
  });

  it('refuses what its rule has not, and times that cannot be, with the places', async () => {
    const day = { window: 'day', set: 1 };
    expect(await set('a', { limits: [{ window: 'hour', set: 1 }] })).toMatchObject(problem(['limits.0']));
    expect(await set('a', { limits: [{ window: 'day' }, { ...day, add: 1 }] })).toMatchObject(
      problem(['limits.0', 'limits.1', 'limits.1']),
    );
    expect(await set('a', { limits: [{ window: 'day', set: -1 }] })).toMatchObject(problem(['limits.0.set']));
    expect(await set('a', { subject: { user: 'a', other: 'x' } })).toMatchObject(
      problem(['subject.team', 'subject.other']),
    );
    const times = { validFrom: inMs(2_000), validUntil: inMs(1_000) };
    expect(await set('a', times)).toMatchObject(problem(['validFrom']));
    expect(await set('a', { validUntil: 'Friday' })).toMatchObject(problem(['validUntil']));
    expect(await set('a', { note: 'x' })).toMatchObject(problem(['note']));
    expect(await set('a', { rule: 'none' })).toMatchObject({ status: 404, body: { code: 'rule-not-found' } });
    expect((await check('a')).limits[0]).toMatchObject({ max: 2, source: 'rule' });
  });

  it('lists those of a rule in pages, by the beginning of the first value, and only active ones', async () => {
    await request('POST', '/admin/rules', { ...RULE, id: 'listed', resource: 'listed' });
    const users = ['anna', 'anton', 'bert', '李雷', 'zoë "quoted"'];
    for (const user of users) await set(user, { rule: 'listed' });
    await set('later', { rule: 'listed', validFrom: inMs(3_600_000) });
    const page = async (query: string) => {
      const { body } = await request('GET', `/admin/overrides?rule=listed${query}`);
      return {
        next: body.next,
        users: body.overrides.map((one: { subject: { user: string } }) => one.subject.user),
      };
    };
    const first = await page('&limit=4');
    const rest = await page(`&limit=4&cursor=${first.next}`);
    expect(rest.next).toBeUndefined();
    expect([...first.users, ...rest.users].sort()).toEqual([...users, 'later'].sort());
    expect((await page('&prefix=an')).users).toEqual(['anna', 'anton']);
    expect((await page(`&prefix=${encodeURIComponent('李')}`)).users).toEqual(['李雷']);
    expect((await page('&active=true')).users).not.toContain('later');
    expect(await request('GET', '/admin/overrides?limit=0&page=2&active=yes')).toMatchObject(
      problem(['page', 'rule', 'active', 'limit']),
    );
    expect(await request('GET', '/admin/overrides?rule=listed&cursor=!')).toMatchObject(problem(['cursor']));
  });

  it('imports all lines or none, and names the bad one', async () => {
    const lines = Array.from({ length: 300 }, (_, n) => override(`i${n}`));
    const bad = [
      ...lines.slice(0, 2),
      override('x', { limits: [{ window: 'week', set: 1 }] }),
      '{',
      lines[0]!,
    ];
    expect(await importing(bad)).toMatchObject(problem(['lines.4']));
    expect(await importing(bad.filter((line) => line !== '{'))).toMatchObject(
      problem(['lines.3.limits.0', 'lines.4.subject']),
    );
    expect((await check('i0')).limits[0].max).toBe(2);
    expect(await importing(lines)).toMatchObject({ status: 200, body: { imported: 300 } });
    expect((await check('i299')).limits[0]).toMatchObject({ max: 5, source: 'override' });
    expect(await importing([])).toMatchObject({ status: 400 });
    expect(await request('POST', '/admin/overrides/import', '[]')).toMatchObject(problem(['']));
    expect((await importing(Array.from({ length: 10_001 }, () => '{}'))).status).toBe(400);
  });

  it('exports what an import takes', async () => {
    await request('POST', '/admin/rules', { ...RULE, id: 'moved', resource: 'moved' });
    const lines = Array.from({ length: 3 }, (_, n) =>
      override(`m${n}`, { rule: 'moved', reason: `why ${n}` }),
    );
    await importing(lines);
    const exported = await request('GET', '/admin/overrides/export?rule=moved');
    const texts = exported.text.trim().split('\n');
    expect(texts.map((line) => JSON.parse(line) as object)).toEqual(lines);
    expect(await importing(texts)).toMatchObject({ status: 200, body: { imported: 3 } });
    expect((await request('GET', '/admin/overrides/export')).text).toContain(texts[2]);
    expect((await request('GET', '/admin/overrides/export?rule=none')).status).toBe(404);
  });

  it('is for admin keys, and other routes take no lines', async () => {
    for (const path of ['/admin/overrides?rule=exports', '/admin/overrides/export'])
      expect((await request('GET', path, undefined, { key: 'check-secret' })).status).toBe(403);
    const asked = await request('POST', '/check', '{}', {
      key: 'check-secret',
      type: 'application/x-ndjson',
    });
    expect(asked.status).toBe(415);
  });
});
