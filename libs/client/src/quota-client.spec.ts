import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Decision } from '@sundial/contract';
import { QuotaClient, type QuotaClientOptions } from './quota-client.js';
import { QuotaClientError } from './quota-client-error.js';

const REQUEST = { resource: 'ocr', subject: { user: 'u1' } };
const DECISION: Decision = {
  allowed: true,
  reason: 'ok',
  operationId: 'op-1',
  replayed: false,
  wouldDeny: false,
  limits: [],
  degraded: null,
  rulesVersion: 3,
};

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let received: Received[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

function origin(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(options: Partial<QuotaClientOptions> = {}): QuotaClient {
  return new QuotaClient({ url: origin(), ...options });
}

function answerJson(status: number, body: unknown, headers: Record<string, string> = {}): void {
  answer = (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

function answerProblem(status: number, problem: object, headers: Record<string, string> = {}): void {
  answerJson(status, problem, { 'content-type': 'application/problem+json', ...headers });
}

async function failure(call: Promise<unknown>): Promise<QuotaClientError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QuotaClientError);
  return error as QuotaClientError;
}

describe('check', () => {
  it('posts the request and hands back the decision', async () => {
    answerJson(200, DECISION);
    const decision = await client().check({ ...REQUEST, amount: 2, operationId: 'op-1' });
    expect(decision).toEqual(DECISION);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'POST', url: '/check' });
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ ...REQUEST, amount: 2, operationId: 'op-1' });
  });

  it('makes a different operation id for every check without one', async () => {
    answerJson(200, DECISION);
    await client().check(REQUEST);
    await client().check(REQUEST);
    const ids = received.map(({ body }) => (JSON.parse(body) as { operationId: string }).operationId);
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('hands a refusal back as an answer', async () => {
    answerJson(200, { ...DECISION, allowed: false, reason: 'limit-reached', retryAfterMs: 5 });
    await expect(client().check(REQUEST)).resolves.toMatchObject({ allowed: false, retryAfterMs: 5 });
  });

  it('sends the key, and none when it has none', async () => {
    answerJson(200, DECISION);
    await client({ key: 's3cret' }).check(REQUEST);
    await client().check(REQUEST);
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer s3cret', undefined]);
  });

  it('keeps the path of its url', async () => {
    answerJson(200, DECISION);
    await client({ url: `${origin()}/quota` }).check(REQUEST);
    await client({ url: `${origin()}/quota/` }).check(REQUEST);
    expect(received.map(({ url }) => url)).toEqual(['/quota/check', '/quota/check']);
  });

  it('asks through the fetch it was given', async () => {
    const urls: string[] = [];
    const own: typeof fetch = (input) => {
      urls.push(String(input));
      return Promise.resolve(Response.json(DECISION));
    };
    await client({ fetch: own }).check(REQUEST);
    expect(urls).toEqual([`${origin()}/check`]);
    expect(received).toHaveLength(0);
  });

  it('asks through a global fetch that was replaced after the client was made', async () => {
    answerJson(200, DECISION);
    const quota = client();
    const replaced = jest.spyOn(globalThis, 'fetch');
    await quota.check(REQUEST);
    expect(replaced).toHaveBeenCalledTimes(1);
    replaced.mockRestore();
  });

  it('keeps its connection alive between checks', async () => {
    let connections = 0;
    server.on('connection', () => (connections += 1));
    answerJson(200, DECISION);
    const quota = client();
    for (let n = 0; n < 20; n += 1) await quota.check(REQUEST);
    expect(connections).toBeLessThan(5);
  });
});

describe('a problem body', () => {
  it('becomes an error with its code, sentence, validation errors, status and request id', async () => {
    const errors = [{ path: 'subject.user', message: 'is missing' }];
    const problem = { type: 'about:blank', title: 'Bad', status: 400, detail: 'subject.user: is missing' };
    answerProblem(400, { ...problem, code: 'invalid-request', errors }, { 'x-request-id': 'r-7' });
    const error = await failure(client().check(REQUEST));
    expect(error).toMatchObject({
      code: 'invalid-request',
      message: 'subject.user: is missing',
      status: 400,
      requestId: 'r-7',
      retryable: false,
    });
    expect(error.errors).toEqual(errors);
  });

  it.each([
    [409, 'operation-conflict', false],
    [401, 'unauthorized', false],
    [429, 'too-many-requests', true],
    [503, 'shedding', true],
  ])('of status %d and code %s says whether repeating can help: %s', async (status, code, retryable) => {
    answerProblem(status, { code, title: 'No', status });
    await expect(failure(client().check(REQUEST))).resolves.toMatchObject({ code, status, retryable });
  });
});

describe('an answer that is none', () => {
  it('in time is service-unreachable, within the time-out', async () => {
    answer = () => undefined;
    const startedAt = performance.now();
    const error = await failure(client({ timeoutMs: 80 }).check(REQUEST));
    expect(error).toMatchObject({ code: 'service-unreachable', retryable: true, status: undefined });
    expect(error.message).toContain('no answer within 80 ms');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('in time after its headers had come is service-unreachable', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"allowed":');
    };
    const error = await failure(client({ timeoutMs: 80 }).check(REQUEST));
    expect(error.message).toContain('no answer within 80 ms');
  });

  it('but half of one is service-unreachable', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"allowed":true');
      setImmediate(() => response.destroy());
    };
    await expect(failure(client().check(REQUEST))).resolves.toMatchObject({
      code: 'service-unreachable',
      retryable: true,
    });
  });

  it('but a reset is service-unreachable', async () => {
    answer = (response) => response.socket?.resetAndDestroy();
    await expect(failure(client().check(REQUEST))).resolves.toMatchObject({ code: 'service-unreachable' });
  });

  it('because no program listens says what the system said', async () => {
    const url = origin();
    await new Promise((closed) => server.close(closed));
    const error = await failure(new QuotaClient({ url }).check(REQUEST));
    expect(error).toMatchObject({ code: 'service-unreachable', retryable: true });
    expect(error.message).toContain('ECONNREFUSED');
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
});

describe('an answer of another program', () => {
  it.each([
    ['a page', 200, '<html>hello</html>', false],
    ['a gateway page', 502, '<html>Bad gateway</html>', true],
    ['an empty body', 200, '', false],
    ['JSON of another shape', 200, '{"ok":true}', false],
    ['a JSON null', 200, 'null', false],
    ['a decision without limits', 200, '{"allowed":true}', false],
    ['a decision whose allowed is a word', 200, '{"allowed":"yes","limits":[]}', false],
    ['a decision under another status', 201, JSON.stringify(DECISION), false],
    ['an error without a code', 500, '{"message":"boom"}', true],
  ])('is unexpected-answer: %s', async (_what, status, text, retryable) => {
    answer = (response) => {
      response.writeHead(status, { 'content-type': 'text/html' });
      response.end(text);
    };
    const error = await failure(client().check(REQUEST));
    expect(error).toMatchObject({ code: 'unexpected-answer', status, retryable });
  });

  it('is not followed elsewhere', async () => {
    answer = (response) => {
      response.writeHead(307, { location: `${origin()}/elsewhere` });
      response.end();
    };
    const error = await failure(client({ key: 's3cret' }).check(REQUEST));
    expect(error).toMatchObject({ code: 'unexpected-answer', status: 307 });
    expect(received.map(({ url }) => url)).toEqual(['/check']);
  });
});

describe('checkBatch', () => {
  it('asks once and answers in order, an error in the place of a check that has one', async () => {
    const conflict = { code: 'operation-conflict', title: 'Used', status: 409, detail: 'op-1 was used' };
    answerJson(200, {
      decisions: [DECISION, { operationId: 'op-1', error: conflict }, { ...DECISION, allowed: false }],
    });
    const [first, second, third] = await client().checkBatch([REQUEST, REQUEST, REQUEST]);
    expect(first).toEqual(DECISION);
    expect(second).toBeInstanceOf(QuotaClientError);
    expect(second).toMatchObject({ code: 'operation-conflict', status: 409, message: 'op-1 was used' });
    expect(third).toMatchObject({ allowed: false });
    expect(received).toHaveLength(1);
  });

  it('answers an empty list with an empty list, and asks nothing', async () => {
    await expect(client().checkBatch([])).resolves.toEqual([]);
    expect(received).toHaveLength(0);
  });

  it('names every check that had no operation id', async () => {
    answerJson(200, { decisions: [DECISION, DECISION] });
    await client().checkBatch([REQUEST, { ...REQUEST, operationId: 'mine' }]);
    const { checks } = JSON.parse(received[0]?.body ?? '') as { checks: { operationId: string }[] };
    expect(checks[0]?.operationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(checks[1]?.operationId).toBe('mine');
  });

  it.each([
    ['too few decisions', [DECISION]],
    ['something that is no decision', [DECISION, { hello: 1 }]],
    ['an error without a code', [DECISION, { error: 'no' }]],
  ])('takes %s for an unexpected answer', async (_what, decisions) => {
    answerJson(200, { decisions });
    const error = await failure(client().checkBatch([REQUEST, REQUEST]));
    expect(error.code).toBe('unexpected-answer');
  });
});

describe('usage', () => {
  it('asks for the resource and the subject, escaped', async () => {
    answerJson(200, { resource: 'ocr', subject: {}, limits: [], degraded: null, rulesVersion: 1 });
    const usage = await client().usage({ resource: 'ocr', subject: { user: 'ü&1', grade: 'a b' } });
    expect(usage.limits).toEqual([]);
    const { searchParams, pathname } = new URL(received[0]?.url ?? '', origin());
    expect(received[0]?.method).toBe('GET');
    expect(pathname).toBe('/usage');
    expect([...searchParams]).toEqual([
      ['resource', 'ocr'],
      ['user', 'ü&1'],
      ['grade', 'a b'],
    ]);
  });

  it('leaves out an attribute that is undefined', async () => {
    answerJson(200, { resource: 'ocr', subject: {}, limits: [], degraded: null, rulesVersion: 1 });
    const subject = { user: 'un', grade: undefined } as unknown as Record<string, string>;
    await client().usage({ resource: 'ocr', subject });
    expect(received[0]?.url).toBe('/usage?resource=ocr&user=un');
  });

  it.each([[null], [3], [true], [['a', 'b']], [{ id: 1 }]])(
    'never asks for the text of a value that is no string: %j',
    async (grade) => {
      const error = await failure(client().usage({ resource: 'ocr', subject: { grade } as never }));
      expect(error).toMatchObject({
        code: 'invalid-request',
        errors: [{ path: 'grade', message: 'must be a string' }],
      });
      expect(received).toHaveLength(0);
    },
  );

  it('never asks for another subject in place of one that a URL cannot carry', async () => {
    answerJson(200, { limits: [] });
    const error = await failure(client().usage({ resource: 'ocr', subject: { user: '\ud800' } }));
    expect(error.code).toBe('invalid-request');
    expect(received).toHaveLength(0);
  });
});
