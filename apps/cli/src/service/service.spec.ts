import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Service } from './service.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Something that answers HTTP, and what asks it. */
async function serving(listener: RequestListener, keys: { adminKey?: string; checkKey?: string } = {}) {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return new Service({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...keys });
}

const problem =
  (status: number, code: string, detail: string): RequestListener =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ code, detail, status }));

describe('a service, as commands ask it', () => {
  it('gets the key of the one it is asked for', async () => {
    const seen: (string | undefined)[] = [];
    const service = await serving(
      ({ headers }, response) => {
        seen.push(headers.authorization);
        response.end('{}');
      },
      { adminKey: 'root', checkKey: 'app' },
    );
    await service.get('/admin/drills');
    await service.post('/receipts/verify', {}, 'caller');
    expect(seen).toEqual(['Bearer root', 'Bearer app']);
  });

  it('says which key is missing where it refuses one', async () => {
    const service = await serving(problem(401, 'wrong-key', 'This key is not known here.'));
    await expect(service.get('/admin/rules')).rejects.toThrow(
      'The service refused GET /admin/rules (wrong-key). It needs an admin key: set SUNDIAL_KEY, or give --key-file.',
    );
  });

  it('lists every error of an input', async () => {
    const errors = [
      { path: 'limits.0.max', message: 'must be a whole number' },
      { path: '', message: '… and 3 more' },
    ];
    const body = JSON.stringify({ code: 'invalid-rule', title: 'The rule is not valid', errors });
    const service = await serving((_, response) => response.writeHead(400).end(body));
    await expect(service.put('/admin/rules/a?dryRun=true', {})).rejects.toMatchObject({
      message:
        'PUT /admin/rules/a: The rule is not valid (invalid-rule)\n  limits.0.max: must be a whole number\n  body: … and 3 more',
      errors,
    });
  });

  it('hands on what it says against a request', async () => {
    const service = await serving(problem(400, 'invalid-request', 'until: must be in the future'));
    const refused = service.put('/admin/drills/ocr', {});
    await expect(refused).rejects.toThrow(
      'PUT /admin/drills/ocr: until: must be in the future (invalid-request)',
    );
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it.each([
    ['a page', 200, 'text/html', '<html>'],
    ['a redirect', 302, 'application/json', '{}'],
    ['an error that is no problem', 502, 'text/plain', 'Bad Gateway'],
  ])('is none where %s answers', async (_, status, type, body) => {
    const service = await serving((_request, response) =>
      response.writeHead(status, { 'content-type': type, location: '/' }).end(body),
    );
    await expect(service.get('/health/ready')).rejects.toThrow(
      `/health/ready answered ${status} with ${type}: is it a Sundial service?`,
    );
  });

  it('can not be reached where nothing listens', async () => {
    const service = await serving(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    await expect(service.get('/health/ready')).rejects.toThrow(/can't be reached: .*ECONNREFUSED/);
  });

  it('tells how far its clock is ahead', async () => {
    const service = await serving((_, response) =>
      response.setHeader('date', new Date(Date.now() + 90_000).toUTCString()).end('{}'),
    );
    await service.get('/health/ready');
    expect(Math.abs(service.skewMs - 90_000)).toBeLessThan(2_000);
  });
});
