import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawExchange } from '../support/raw-exchange.js';
import { RunningService } from '../support/running-service.js';

const RULE = { id: 'r', resource: 'x', per: ['user'], limits: [{ window: 'day', max: 1 }] };
const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const KEY = '0123456789abcdef';

describe('without keys', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start();
  });
  afterAll(() => service.stop());

  it.each([
    'rebind.evil.example',
    'rebind.evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example#localhost',
    'user@localhost',
    '0.0.0.0',
    '10.0.0.1',
    '[::2]',
    '[::ffff:7f00:1]',
    '2130706433',
    '127.1',
    '',
  ])('DNS rebinding: the Host %p is not let in, on any route', async (host) => {
    const routes = [
      service.api.post('/admin/rules').send(RULE),
      service.api.post('/check').send(CHECK),
      service.api.get('/health/live'),
      service.api.get('/docs'),
      service.api.get('/nowhere'),
    ];
    for (const route of routes) {
      const { status, body } = await route.set('host', host).set('origin', `http://${host}`);
      expect([status, body.code]).toEqual([403, 'host-not-allowed']);
    }
    expect((await service.api.get('/admin/rules/r')).status).toBe(404);
  });

  it.each([
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1',
    '127.9.9.9:80',
    '[::1]',
    '[::1]:3000',
    'localhost:',
  ])('the loopback name %s is let in', async (host) =>
    expect((await service.api.post('/check').set('host', host).send(CHECK)).status).toBe(200),
  );

  it.each([
    'http://evil.example',
    'http://localhost:1',
    'null',
    'file://',
    'http://127.0.0.1',
    'chrome-extension://x',
  ])('a page of the Origin %s may not ask, of whatever kind the request is', async (origin) => {
    for (const type of ['application/json', 'text/plain']) {
      const { status, body } = await service.api
        .post('/admin/rules')
        .set('origin', origin)
        .type(type)
        .send(JSON.stringify(RULE));
      expect([status, body.code]).toEqual([403, 'origin-not-allowed']);
    }
  });

  it('its own pages may, by the name they were opened with, also behind something that speaks TLS', async () => {
    for (const scheme of ['http', 'https']) {
      const answer = await service.api
        .post('/check')
        .set('host', 'localhost:3000')
        .set('origin', `${scheme}://localhost:3000`)
        .send(CHECK);
      expect(answer.status).toBe(200);
    }
  });

  // A form is sent without asking first; what a browser asks first for (JSON) gets no leave.
  it('CSRF: no type that a form can send is read, and no leave is given to other sites', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect((await service.api.post('/check').type(type).send(JSON.stringify(CHECK))).status).toBe(415);
    }
    const leave = await service.api.options('/admin/rules').set('access-control-request-method', 'POST');
    expect(leave.status).toBe(405);
    expect(Object.keys(leave.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('with keys', () => {
  const ask = (service: RunningService, host: string) =>
    service.api.post('/check').set('host', host).set('authorization', `Bearer ${KEY}`).send(CHECK);

  it('any name and any Origin will do, as a page has no key', async () => {
    const service = await RunningService.start({ SUNDIAL_CHECK_KEYS: KEY });
    const answer = await ask(service, 'sundial.internal').set('origin', 'http://other.example');
    await service.stop();
    expect(answer.status).toBe(200);
  });

  it('SUNDIAL_ALLOWED_HOSTS and loopback names are let in, before the key is looked at', async () => {
    const service = await RunningService.start({
      SUNDIAL_CHECK_KEYS: KEY,
      SUNDIAL_ALLOWED_HOSTS: 'Sundial.internal, [fd00::1]',
    });
    const hosts = [
      'sundial.INTERNAL:8080',
      '[FD00::1]:80',
      '127.0.0.1',
      'other.internal',
      'xsundial.internal',
    ];
    const statuses = [];
    for (const host of hosts) statuses.push((await ask(service, host)).status);
    const stranger = await service.api.post('/check').set('host', 'other.internal').send(CHECK);
    await service.stop();
    expect(statuses).toEqual([200, 200, 200, 403, 403]);
    expect(stranger.body.code).toBe('host-not-allowed');
  });
});

/** The shortest there are: 2,100 of them fit into 16 KiB. */
function manyHeaders(count: number): string {
  return Array.from({ length: count }, (_, n) => `${n.toString(36)}:\r\n`).join('');
}

describe('requests that programs read differently', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start();
  });
  afterAll(() => service.stop());

  const body = JSON.stringify(CHECK);
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const post = (head: string, rest = body) =>
    rawExchange(
      service.port,
      `POST /check HTTP/1.1\r\ncontent-type: application/json\r\nconnection: close\r\n${head}\r\n\r\n${rest}`,
    );
  const length = `content-length: ${body.length}`;

  it.each<[string, string, string, number | string]>([
    ['two Host headers', `host: localhost\r\nhost: evil.example\r\n${length}`, body, 400],
    ['two equal Host headers', `host: localhost\r\nHost: localhost\r\n${length}`, body, 400],
    [
      'a second Host behind more headers than Node.js keeps by default',
      `host: localhost\r\n${manyHeaders(2_100)}host: evil.example\r\n${length}`,
      body,
      400,
    ],
    ['no Host', length, body, 400],
    ['gzip, chunked', 'host: localhost\r\ntransfer-encoding: gzip, chunked', chunked, 501],
    ['chunked twice', 'host: localhost\r\ntransfer-encoding: chunked, chunked', chunked, '(400|501)'],
    [
      'two transfer-encodings',
      'host: localhost\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked',
      chunked,
      501,
    ],
    ['chunked that is not last', 'host: localhost\r\ntransfer-encoding: chunked, gzip', chunked, 400],
    ['a length and chunks', `host: localhost\r\n${length}\r\ntransfer-encoding: chunked`, chunked, 400],
    ['two lengths', `host: localhost\r\n${length}\r\ncontent-length: 1`, body, 400],
    ['a length with a sign', `host: localhost\r\ncontent-length: +${body.length}`, body, 400],
    ['a space before the colon', `host: localhost\r\ncontent-length : ${body.length}`, body, 400],
    ['a folded header', `host: localhost\r\nx-a: 1\r\n b\r\n${length}`, body, 400],
    ['a bare line feed', `host: localhost\nx-a: 1\r\n${length}`, body, 400],
    ['a null byte', `host: localhost\r\nx-a: \0\r\n${length}`, body, 400],
  ])('%s', async (_what, head, rest, status) => {
    expect(await post(head, rest)).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"code":"`));
  });

  it('an unknown transfer-encoding ends the connection, since its body has no known end', async () => {
    const text = await rawExchange(
      service.port,
      `POST /check HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n${chunked}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 501 [^]*\r\nconnection: close\r\n/i);
  });

  it('chunks alone are read', async () => {
    expect(await post('host: localhost\r\ntransfer-encoding: Chunked', chunked)).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each(['http://evil.example/check', 'http://localhost/check', '*', '//evil.example/check?'])(
    'a target that is no path: %s',
    async (target) => {
      const text = await rawExchange(
        service.port,
        `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1.1 4\d\d [^]*"code":"/);
    },
  );

  it('HTTP/1.0 needs no Host', async () => {
    expect(await rawExchange(service.port, 'GET /health/live HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('every answer', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start();
  });
  afterAll(() => service.stop());

  const get = (path: string, head = '') =>
    `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${head}\r\n`;

  it.each<[string, string, number]>([
    ['health', get('/health/ready'), 200],
    ['usage', get('/usage?resource=ocr&user=u1'), 200],
    ['rules', get('/admin/rules'), 200],
    ['rules that are known', get('/admin/rules', 'if-none-match: "1"\r\n'), 304],
    ['metrics', get('/metrics'), 200],
    ['the document', get('/openapi.json'), 200],
    ['the page', get('/docs'), 200],
    ['the script of the page', get('/docs/start.js'), 200],
    ['an asset of the page', get('/docs/swagger-ui.css'), 200],
    ['nothing there', get('/nowhere'), 404],
    ['another method', get('/check'), 405],
    ['a refused host', 'GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n', 403],
    ['two hosts', 'GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\nconnection: close\r\n\r\n', 400],
    ['a path that cannot be decoded', get('/%zz'), 400],
    ['an id that is too long', get(`/admin/rules/${'x'.repeat(14_100)}`), 414],
    ['headers that are too large', get('/', `x: ${'x'.repeat(17_000)}\r\n`), 431],
    ['no HTTP', 'HELLO\r\n\r\n', 400],
    ['an expectation', get('/', 'expect: the-spanish-inquisition\r\n'), 417],
  ])('of %s is taken for what it says, kept by no cache, framed by no page', async (_what, bytes, status) => {
    const text = await rawExchange(service.port, bytes);
    const head = text.slice(0, text.indexOf('\r\n\r\n')).toLowerCase();
    expect(head).toMatch(new RegExp(`^http/1.1 ${status} `));
    expect(head.match(/^x-content-type-options: nosniff\r?$/gm)).toHaveLength(1);
    expect(head.match(/^cache-control: no-store\r?$/gm)).toHaveLength(1);
    expect(head.match(/^content-security-policy: .*frame-ancestors 'none'\r?$/gm)).toHaveLength(1);
    // Neither who serves, nor leave for pages of other sites.
    expect(head).not.toMatch(/^(server|x-powered-by|access-control-.*):/m);
  });
});
