import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawExchange } from '../support/raw-exchange.js';
import { RunningService } from '../support/running-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

const VALID = { resource: 'ocr', subject: { user: 'u1' } };

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Every refusal is a problem body that repeats its status and carries the request id of the header. */
function expectProblem({ status, headers, body }: Refusal, expected: { status: number; code: string }): void {
  expect(status).toBe(expected.status);
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({ ...expected, type: `urn:sundial:problem:${expected.code}` });
  expect(body['requestId']).toBe(headers['x-request-id']);
}

const exchange = (bytes: string) => rawExchange(service.port, bytes);

describe('404', () => {
  it.each([
    '/',
    '/chec',
    '/check/',
    '/Check',
    '/admin',
    '/admin/rules/a/b',
    '/docs/../check',
    '/docs/package.json',
  ])('for %s, where nothing is', async (path) =>
    expectProblem(await service.api.get(path), { status: 404, code: 'not-found' }),
  );

  it('does not repeat the path', async () => {
    const { text } = await service.api.get('/%3Cscript%3E');
    expect(text).not.toContain('script');
  });
});

describe('405', () => {
  it.each([
    ['GET', '/check', 'POST'],
    ['DELETE', '/usage', 'GET, HEAD'],
    ['POST', '/admin/rules/ocr-per-user', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['DELETE', '/admin/rules', 'GET, HEAD, POST, PUT'],
    ['POST', '/health/live?x=1', 'GET, HEAD'],
  ] as const)('for %s %s, and names what there is', async (method, path, allow) => {
    const answer = await service.api[method.toLowerCase() as 'get'](path);
    expectProblem(answer, { status: 405, code: 'method-not-allowed' });
    expect(answer.headers['allow']).toBe(allow);
  });

  // QUERY without a type was 400 (RFC 10008 wants one), a method that Node.js does not know 400, CONNECT no answer at all.
  it.each(['QUERY', 'PROPFIND', 'TRACE', 'CONNECT', 'BREW', 'M-SEARCH', 'post'])(
    'for %s, with whatever body',
    async (method) => {
      const bodies = ['', 'content-type: text/plain\r\ncontent-length: 2\r\n', 'content-length: 2\r\n'];
      for (const head of bodies) {
        const answer = await exchange(
          `${method} /check?x=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${head}\r\n${head && '{]'}`,
        );
        expect(answer).toMatch(/^HTTP\/1.1 405 [^]*"code":"method-not-allowed"/);
        expect(answer).toMatch(/\r\nallow: POST\r\n/);
        expect(answer).toMatch(/\r\nx-content-type-options: nosniff\r\n/);
      }
    },
  );

  it('behind a request that is answered on the same connection', async () => {
    const first = 'GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const answers = await exchange(`${first}BREW /usage HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    expect(answers).toMatch(/HTTP\/1.1 405 [^]*allow: GET, HEAD\r\n/);
  });

  it('also where the body is of no type, broken, or too large: it is not looked at', async () => {
    for (const send of [
      service.api.post('/usage').type('text/plain').send('x'),
      service.api.post('/usage').type('json').send('{'),
      service.api.delete('/check').type('json').send(' '.repeat(40_000)),
    ])
      expectProblem(await send, { status: 405, code: 'method-not-allowed' });
    expectProblem(await service.api.post('/nowhere').type('json').send('{'), {
      status: 404,
      code: 'not-found',
    });
  });

  it.each(['BREW', 'QUERY', 'CONNECT'])('is 404 for %s where nothing is', async (method) =>
    expect(
      await exchange(`${method} /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
    ).toMatch(/^HTTP\/1.1 404 [^]*"code":"not-found"/),
  );
});

describe('413', () => {
  const padded = (bytes: number) =>
    JSON.stringify({ ...VALID, pad: '' }).replace('""', `"${'x'.repeat(bytes)}"`);

  it.each([
    ['/check', 32 * 1024],
    ['/admin/rules', 32 * 1024],
    ['/check/batch', 4 * 1024 * 1024],
  ])('for more than %s takes, and says how much that is', async (path, limit) => {
    const answer = await service.api.post(path).type('json').send(padded(limit));
    expectProblem(answer, { status: 413, code: 'payload-too-large' });
    expect(answer.body.detail).toContain(`${limit} bytes`);
  });

  it('not for 32 KiB', async () => {
    const text = padded(0);
    const answer = await service.api
      .post('/check')
      .type('json')
      .send(padded(32 * 1024 - text.length));
    expectProblem(answer, { status: 400, code: 'invalid-request' });
  });

  it('also when the length is not declared beforehand', async () => {
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    const text = await exchange(
      `POST /check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}${chunk}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe('415', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    'text/json',
  ])('for %s', async (type) => {
    const answer = await service.api.post('/check').set('content-type', type).send(JSON.stringify(VALID));
    expectProblem(answer, { status: 415, code: 'unsupported-media-type' });
  });

  it.each(['gzip', 'br', 'gzip, identity'])('for a body packed with %s', async (encoding) => {
    const answer = await service.api.post('/check').set('content-encoding', encoding).send(VALID);
    expectProblem(answer, { status: 415, code: 'unsupported-media-type' });
    expect(answer.headers['accept-encoding']).toBe('identity');
    expect((await service.api.post('/check').set('content-encoding', 'identity').send(VALID)).status).toBe(
      200,
    );
  });

  it('for a body without a type', async () => {
    const body = JSON.stringify(VALID);
    const text = await exchange(
      `POST /check HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 415 /);
  });

  it.each(['utf-16', 'UTF-16LE', '"utf-7"', 'iso-8859-1'])(
    'for JSON in another charset: %s',
    async (charset) => {
      const answer = await service.api
        .post('/check')
        .set('content-type', `application/json; charset=${charset}`)
        .send(JSON.stringify(VALID));
      expectProblem(answer, { status: 415, code: 'unsupported-media-type' });
    },
  );

  it('not for JSON that says that it is UTF-8', async () => {
    const answer = await service.api
      .post('/check')
      .set('content-type', 'Application/JSON; charset=UTF-8')
      .send(JSON.stringify(VALID));
    expect(answer.status).toBe(200);
  });
});

describe('paths and headers', () => {
  it('400 for a path that cannot be decoded', async () => {
    expectProblem(await service.api.get('/admin/rules/%zz'), { status: 400, code: 'malformed-request' });
  });

  it('414 for an id longer than any can be', async () => {
    expectProblem(await service.api.get(`/admin/rules/${'x'.repeat(14_100)}`), {
      status: 414,
      code: 'uri-too-long',
    });
  });

  it('404 and not 414 for the longest id, every character escaped', async () => {
    expectProblem(await service.api.get(`/admin/rules/${'%2E'.repeat(128)}`), {
      status: 404,
      code: 'rule-not-found',
    });
  });

  it('431 for headers above 16 KiB', async () => {
    const text = await exchange(
      `GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-long: ${'x'.repeat(17 * 1024)}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 431 [^]*application\/problem\+json[^]*"code":"headers-too-large"/);
  });

  it('400 for bytes that are no HTTP', async () => {
    const text = await exchange('HELLO\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 400 [^]*application\/problem\+json[^]*"code":"malformed-request"/);
  });

  it('400 for two lengths, of which a proxy may have believed the other', async () => {
    const text = await exchange(
      'POST /check HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!',
    );
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });

  it('400 for a length and chunks at once', async () => {
    const text = await exchange(
      'POST /check HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('x-request-id', () => {
  it("is the caller's when it is fit to be logged", async () => {
    const { headers } = await service.api.post('/check').set('x-request-id', 'trace-1/span:2').send(VALID);
    expect(headers['x-request-id']).toBe('trace-1/span:2');
  });

  it.each([
    ['longer than 128 characters', 'x'.repeat(129)],
    ['with spaces', 'a b'],
    ['with other than ASCII', 'é'],
  ])('is a new one for one %s', async (_what, given) => {
    const text = await exchange(
      `GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-request-id: ${given}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 200 [^]*x-request-id: [\w-]+\r\n/);
    expect(text).not.toContain(given);
  });

  it('is another one for every request', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await service.api.get('/health/live')).headers['x-request-id']),
    );
    expect(new Set(ids).size).toBe(3);
  });
});
