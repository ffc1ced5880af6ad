import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Decision } from '@sundial/contract';
import { QuotaClientError } from './answers/quota-client-error.js';
import type { QuotaClientOptions } from './quota-client-options.js';
import { QuotaClient } from './quota-client.js';

const REQUEST = { resource: 'ocr', subject: { user: 'u1' } };
const NAMED = { ...REQUEST, operationId: 'op-1' };
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
let answer: (response: ServerResponse, body: string) => void;
let clients: QuotaClient[];

beforeEach(async () => {
  received = [];
  clients = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response, body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  await Promise.all(clients.map((each) => each.close({ timeoutMs: 0 })));
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

function origin(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(options: Partial<QuotaClientOptions> = {}): QuotaClient {
  const made = new QuotaClient({ url: origin(), deadlineMs: 2_000, ...options });
  clients.push(made);
  return made;
}

/** A decision on the operation that is asked about. */
function answerDecision(fields: Partial<Decision> = {}): void {
  answer = (response, body) => {
    const { operationId } = JSON.parse(body) as { operationId: string };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...DECISION, operationId, ...fields }));
  };
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
    answerDecision();
    const decision = await client().check({ ...REQUEST, amount: 2, operationId: 'op-1' });
    expect(decision).toEqual(DECISION);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'POST', url: '/check' });
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ ...REQUEST, amount: 2, operationId: 'op-1' });
  });

  it('makes a different operation id for every check without one', async () => {
    answerDecision();
    await client().check(REQUEST);
    await client().check(REQUEST);
    const ids = received.map(({ body }) => (JSON.parse(body) as { operationId: string }).operationId);
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('hands a refusal back as an answer', async () => {
    answerDecision({ allowed: false, reason: 'limit-reached', retryAfterMs: 5 });
    await expect(client().check(REQUEST)).resolves.toMatchObject({ allowed: false, retryAfterMs: 5 });
  });

  it('sends the key, and none when it has none', async () => {
    answerDecision();
    await client({ key: 's3cret' }).check(REQUEST);
    await client().check(REQUEST);
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer s3cret', undefined]);
  });

  it('keeps the path of its url', async () => {
    answerDecision();
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
    await client({ fetch: own }).check(NAMED);
    expect(urls).toEqual([`${origin()}/check`]);
    expect(received).toHaveLength(0);
  });

  it('asks through a global fetch that was replaced after the client was made', async () => {
    answerDecision();
    const quota = client();
    const replaced = jest.spyOn(globalThis, 'fetch');
    await quota.check(REQUEST);
    expect(replaced).toHaveBeenCalledTimes(1);
    replaced.mockRestore();
  });

  it('keeps its connection alive between checks', async () => {
    let connections = 0;
    server.on('connection', () => (connections += 1));
    answerDecision();
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

  it('with errors of another shape refuses each of the checks that shared its request', async () => {
    answerProblem(400, {
      code: 'invalid-request',
      errors: [null, 5, { path: 7 }, { path: 'a', message: 'b' }],
    });
    const quota = client();
    const errors = await Promise.all([1, 2].map(() => failure(quota.check(REQUEST))));
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'invalid-request', errors: [{ path: 'a', message: 'b' }] });
    }
    expect(received.map(({ url }) => url)).toEqual(['/check/batch', '/check', '/check']);
  });

  it.each([
    [409, 'operation-conflict'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
  ])('of status %d and code %s is for the caller to mend: repeating cannot help', async (status, code) => {
    answerProblem(status, { code, title: 'No', status });
    await expect(failure(client().check(REQUEST))).resolves.toMatchObject({ code, status, retryable: false });
  });

  it.each([
    [429, 'too-many-requests'],
    [503, 'shedding'],
  ])('of status %d and code %s is no error of the caller: the fallback decides', async (status, code) => {
    answerProblem(status, { code, title: 'No', status });
    const degraded = { cause: 'unreachable', policy: 'allow' };
    await expect(client().check(REQUEST)).resolves.toMatchObject({
      allowed: true,
      reason: 'degraded',
      degraded,
    });
  });
});

describe('checkBatch', () => {
  it('asks once and answers in order, an error in the place of a check that has one', async () => {
    const conflict = { code: 'operation-conflict', title: 'Used', status: 409, detail: 'op-1 was used' };
    answerJson(200, {
      decisions: [DECISION, { operationId: 'op-1', error: conflict }, { ...DECISION, allowed: false }],
    });
    const [first, second, third] = await client().checkBatch([NAMED, NAMED, NAMED]);
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
    answer = (response, body) => {
      const asked = (JSON.parse(body) as { checks: { operationId: string }[] }).checks;
      const decisions = asked.map(({ operationId }) => ({ ...DECISION, operationId }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ decisions }));
    };
    await client().checkBatch([REQUEST, { ...REQUEST, operationId: 'mine' }]);
    const { checks } = JSON.parse(received[0]?.body ?? '') as { checks: { operationId: string }[] };
    expect(checks[0]?.operationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(checks[1]?.operationId).toBe('mine');
  });

  it.each([
    ['too few decisions', [DECISION]],
    ['something that is no decision', [DECISION, { hello: 1 }]],
    ['an error without a code', [DECISION, { error: 'no' }]],
    ['a decision on another operation', [DECISION, { ...DECISION, operationId: 'op-2' }]],
  ])('takes %s for no answer: the fallback decides each', async (_what, decisions) => {
    answerJson(200, { decisions });
    const each = expect.objectContaining({ reason: 'degraded', operationId: 'op-1' });
    await expect(client().checkBatch([NAMED, NAMED])).resolves.toEqual([each, each]);
  });

  it('decides an entry that the service could not by the fallback, and only that one', async () => {
    const error = { code: 'drill-fault', title: 'A drill', status: 500, detail: 'It is a drill' };
    answerJson(200, { decisions: [DECISION, { operationId: 'op-1', error }] });
    const [first, second] = await client({ fallback: 'deny' }).checkBatch([NAMED, NAMED]);
    expect(first).toEqual(DECISION);
    expect(second).toMatchObject({ allowed: false, degraded: { cause: 'unreachable', policy: 'deny' } });
  });

  it('refuses bad input also where no service answers, all errors named', async () => {
    answer = (response) => response.socket?.destroy();
    const bad = [NAMED, { resource: '', subject: { user: '' }, amount: -1 }];
    const error = await failure(client({ retries: 0 }).checkBatch(bad));
    const paths = ['checks.1.resource', 'checks.1.subject.user', 'checks.1.amount'];
    expect(error.errors.map(({ path }) => path)).toEqual(paths);
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
