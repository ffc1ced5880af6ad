import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MAX_IDLE_MS, MAX_SESSION_MS } from '../../apps/quota-service/src/http/sessions/sessions.js';
import { seal, unseal } from '../../apps/quota-service/src/http/sessions/session-token.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService, STARTED_AT } from '../support/running-service.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ADMIN = 'rules-and-all-1';
const VIEWER = 'only-looks-1';
const KEYS = `boss=${ADMIN},wall:viewer=${VIEWER}`;
const OWN_PAGE = { 'x-sundial-csrf': '1', 'sec-fetch-site': 'same-origin' };
const CLOSED = { gate: 'closed', reason: 'a test' };

type Headers = Readonly<Record<string, string>>;

function signIn({ api }: RunningService, key: string = ADMIN, headers: Headers = OWN_PAGE) {
  return api.post('/console/session').set(headers).send({ key });
}

/** What the browser sends from then on. */
function cookieIn({ headers }: { headers: Record<string, unknown> }): string {
  const [cookie = ''] = (headers['set-cookie'] as string[] | undefined) ?? [];
  return cookie.split(';')[0]!;
}

async function signedIn(service: RunningService, key?: string, headers?: Headers): Promise<string> {
  return cookieIn(await signIn(service, key, headers));
}

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start({ SUNDIAL_ADMIN_KEYS: KEYS, SUNDIAL_CHECK_KEYS: 'asks-1' });
});
afterAll(() => service.stop());

const me = (cookie: string, from = service) => from.api.get('/admin/me').set('cookie', cookie);

describe('signing in', () => {
  it('answers who has signed in, with a cookie that no script and no other site can use', async () => {
    const answer = await signIn(service);
    expect([answer.status, answer.body]).toEqual([200, { actor: 'boss', role: 'admin' }]);
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^sundial-session=[\w.-]+; Path=\/; Max-Age=(1800|1799); HttpOnly; SameSite=Strict$/,
      ),
    ]);
    expect((await me(cookieIn(answer))).body).toMatchObject({ actor: 'boss', role: 'admin' });
  });

  it('on a page that came by HTTPS, the cookie is one that only this host can set, and only HTTPS carries', async () => {
    const answer = await signIn(service, ADMIN, { ...OWN_PAGE, origin: 'https://quota.example' });
    const [cookie = ''] = answer.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(/^__Host-sundial-session=.*; Path=\/; .*; HttpOnly; SameSite=Strict; Secure$/);
    const value = cookieIn(answer);
    expect((await me(value)).status).toBe(200);
    // Set by another host of the domain under the plain name, it is none.
    expect((await me(value.replace('__Host-', ''))).status).toBe(401);
  });

  it('shows nothing of the key in the cookie', async () => {
    const cookie = await signedIn(service);
    const payload = Buffer.from(cookie.slice(cookie.indexOf('=') + 1).split('.')[0]!, 'base64url').toString();
    expect(payload).not.toContain(ADMIN);
    expect(payload).not.toContain('boss');
  });

  it.each([
    ['a key that is not known', 'not-known-here', 'wrong-key'],
    ['a check key', 'asks-1', 'wrong-key'],
  ])('takes no %s', async (_what, key, code) => {
    const answer = await signIn(service, key);
    expect([answer.status, answer.body.code]).toEqual([401, code]);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it.each([[{}], [{ key: '' }], [{ key: 7 }], [{ key: ADMIN, more: 1 }], [{ key: 'x'.repeat(257) }], [[]]])(
    'says what is wrong with %j',
    async (body) => {
      const { status } = await service.api.post('/console/session').set(OWN_PAGE).send(body);
      expect(status).toBe(400);
    },
  );

  it('begins a new session each time, and ends the one that the browser brought (fixation)', async () => {
    const before = await signedIn(service, VIEWER);
    const answer = await service.api
      .post('/console/session')
      .set({ ...OWN_PAGE, cookie: before })
      .send({ key: ADMIN });
    const after = cookieIn(answer);
    expect(after).not.toBe(before);
    expect((await me(before)).body.code).toBe('session-ended');
    expect((await me(after)).body.actor).toBe('boss');
  });

  it('is closed to an address that tried ten wrong keys in a minute, a right one included', async () => {
    const guessed = await RunningService.start({ SUNDIAL_ADMIN_KEYS: KEYS });
    for (let guess = 0; guess < 10; guess++)
      expect((await signIn(guessed, `guess-${guess}`)).status).toBe(401);
    const refused = await signIn(guessed);
    const byKey = await guessed.api.get('/admin/me').auth(ADMIN, { type: 'bearer' });
    await guessed.stop();
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-attempts']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(30);
    expect(byKey.status).toBe(200);
  });

  it('is not needed where no keys are set', async () => {
    const open = await RunningService.start();
    const answer = await open.api.post('/console/session').send({ key: 'any' });
    await open.stop();
    expect([answer.body, answer.headers['set-cookie']]).toEqual([
      { actor: 'anonymous', role: 'admin' },
      undefined,
    ]);
  });
});

describe('a session', () => {
  it('has the role of its key, also on the routes that check keys open', async () => {
    const cookie = await signedIn(service, VIEWER);
    const check = service.api.post('/check').set({ ...OWN_PAGE, cookie });
    const gate = service.api.put('/admin/gates/sms').set({ ...OWN_PAGE, cookie });
    expect((await service.api.get('/admin/gates').set('cookie', cookie)).status).toBe(200);
    expect((await gate.send(CLOSED)).body.code).toBe('role-too-low');
    expect((await check.send({ resource: 'ocr', subject: { user: 'u1' } })).body.code).toBe('role-too-low');
  });

  it('changes what its holder may change, under the name of the key', async () => {
    const cookie = await signedIn(service);
    const { status, body } = await service.api
      .put('/admin/gates/sms')
      .set({ ...OWN_PAGE, cookie })
      .send(CLOSED);
    expect([status, body.gate.setBy]).toEqual([200, 'boss']);
  });

  it.each<[string, Headers]>([
    ['without the header', { 'sec-fetch-site': 'same-origin' }],
    ['of another site', { 'x-sundial-csrf': '1', 'sec-fetch-site': 'cross-site' }],
    ['of another host of the domain', { 'x-sundial-csrf': '1', 'sec-fetch-site': 'same-site' }],
    ['of another origin', { 'x-sundial-csrf': '1', origin: 'http://evil.example' }],
    ['of no origin', { 'x-sundial-csrf': '1', origin: 'null' }],
    ['that says nothing of its page', { 'x-sundial-csrf': '1' }],
  ])('makes no change %s, and neither signs in nor out', async (_what, headers) => {
    const cookie = await signedIn(service);
    const put = service.api.put('/admin/gates/ocr').set({ ...headers, cookie });
    const answers = [
      await put.send(CLOSED),
      await service.api.delete('/console/session').set({ ...headers, cookie }),
      await signIn(service, ADMIN, headers),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
      answers.map(() => [403, 'origin-not-allowed']),
    );
    expect((await me(cookie)).status).toBe(200);
    const { body } = await service.api.get('/admin/gates').set('cookie', cookie);
    expect(JSON.stringify(body)).not.toContain('"ocr"');
  });

  it('takes the page’s own origin where a browser says no more (plain HTTP)', async () => {
    const headers = { 'x-sundial-csrf': '1', origin: service.url };
    expect((await signIn(service, ADMIN, headers)).status).toBe(200);
  });

  it('ends when its holder signs out, for every copy of the cookie', async () => {
    const cookie = await signedIn(service);
    const out = await service.api.delete('/console/session').set({ ...OWN_PAGE, cookie });
    expect([out.status, out.headers['set-cookie']]).toEqual([
      204,
      [expect.stringMatching(/^sundial-session=; Path=\/; Max-Age=0;/)],
    ]);
    const { status, body } = await me(cookie);
    expect([status, body.code]).toEqual([401, 'session-ended']);
  });

  it('gives way to a key in the request', async () => {
    const cookie = await signedIn(service);
    const answer = service.api.get('/admin/me').set('cookie', cookie).auth(VIEWER, { type: 'bearer' });
    expect((await answer).body.actor).toBe('wall');
  });

  it.each([
    ['changed', (token: string) => `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`],
    ['cut', (token: string) => token.slice(0, -2)],
    ['without its signature', (token: string) => token.split('.')[0]!],
    ['empty', () => ''],
    ['endless', (token: string) => token.repeat(8)],
    [
      'signed by another',
      () => {
        const session = { id: 'x', key: 'y', begunAt: Date.now(), seenAt: Date.now(), isSecure: false };
        return seal(session, randomBytes(32));
      },
    ],
  ])('is none when its cookie is %s', async (_what, change) => {
    const cookie = await signedIn(service);
    const at = cookie.indexOf('=') + 1;
    const { status, body } = await me(cookie.slice(0, at) + change(cookie.slice(at)));
    expect([status, body.code]).toEqual([401, 'session-ended']);
  });
});

describe('the time of a session', () => {
  /** The same service at another time, for as long as `ask` takes. */
  async function later<T>(
    directory: string,
    ms: number,
    keys: string,
    ask: (at: RunningService) => Promise<T>,
  ) {
    const offset = Date.parse(STARTED_AT) - Date.now() + ms;
    const env = { SUNDIAL_DATA_DIR: directory, SUNDIAL_ADMIN_KEYS: keys };
    const running = await RunningService.start({ ...env, SUNDIAL_CLOCK_OFFSET_MS: String(offset) });
    return ask(running).finally(() => running.stop());
  }

  it('ends after 30 idle minutes or 12 hours, and with its key; a page that only refreshes itself is idle', async () => {
    const directory = await temporaryDirectory();
    const cookie = await later(directory.path, 0, KEYS, (at) => signedIn(at));
    const MINUTE = 60_000;
    await later(directory.path, 20 * MINUTE, KEYS, async (at) => {
      const byItself = await me(cookie, at).set('x-sundial-background', '1');
      expect([byItself.status, cookieIn(byItself)]).toEqual([200, '']);
      const renewed = cookieIn(await me(cookie, at));
      expect(renewed).toMatch(/^sundial-session=/);
      expect(cookieIn(await me(renewed, at))).toBe('');
    });
    await later(directory.path, MAX_IDLE_MS + MINUTE, KEYS, async (at) =>
      expect((await me(cookie, at)).body.code).toBe('session-ended'),
    );
    await later(directory.path, 2 * MINUTE, `other=a-new-key-1,wall:viewer=${VIEWER}`, async (at) =>
      expect((await me(cookie, at)).body.code).toBe('session-ended'),
    );
    await later(directory.path, 2 * MINUTE, `chief:operator=${ADMIN}`, async (at) =>
      expect((await me(cookie, at)).body).toMatchObject({ actor: 'chief', role: 'operator' }),
    );
    await directory.remove();
  });

  it('is bounded however busy its holder is', () => {
    const key = randomBytes(32);
    const session = { id: 'i', key: 'k', begunAt: 5, seenAt: 7, isSecure: true };
    expect(unseal(seal(session, key), [randomBytes(32), key])).toEqual(session);
    expect(MAX_SESSION_MS).toBe(12 * 3_600_000);
  });
});

describe('several nodes', () => {
  it('take the sessions that any of them began', async () => {
    const redis = await RedisProcess.start();
    const env = { SUNDIAL_ADMIN_KEYS: KEYS, REDIS_URL: redis.url };
    const [a, b] = await Promise.all([RunningService.start(env), RunningService.start(env)]);
    const answer = await me(await signedIn(a), b);
    await Promise.all([a.stop(), b.stop()]);
    await redis.stop();
    expect([answer.status, answer.body.actor]).toEqual([200, 'boss']);
  });
});
