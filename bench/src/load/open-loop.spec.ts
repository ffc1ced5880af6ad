import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closedLoop } from './closed-loop.js';
import { postRequest } from './connection.js';
import { openLoop } from './open-loop.js';

const requests = [postRequest('/check', { any: 'body' })];
let server: Server | undefined;

async function serve(answer: (response: ServerResponse) => void): Promise<number> {
  server = createServer((request, response) => {
    request.resume().once('end', () => answer(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function ok(response: ServerResponse): void {
  response.setHeader('content-length', 2).end('{}');
}

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

describe('openLoop', () => {
  it('charges a stalled server for every request that was due meanwhile', async () => {
    const stalledUntil = performance.now() + 300;
    const port = await serve((response) => {
      setTimeout(() => ok(response), Math.max(0, stalledUntil - performance.now()));
    });
    const load = { port, requests, connections: 2, durationMs: 200, ratePerSecond: 500 };
    const { p50 } = await openLoop(load);
    expect(p50).toBeGreaterThan(100);
  });

  it('sends as many requests as were due, whoever is free', async () => {
    let served = 0;
    const port = await serve((response) => {
      served++;
      ok(response);
    });
    await openLoop({ port, requests, connections: 4, durationMs: 100, ratePerSecond: 1_000 });
    expect(served).toBe(100);
  });
});

describe('closedLoop', () => {
  it('reads answers that arrive in pieces', async () => {
    const port = await serve((response) => {
      response.setHeader('content-length', 2).write('{');
      setTimeout(() => response.end('}'), 1);
    });
    const { perSecond } = await closedLoop({ port, requests, connections: 2, durationMs: 50 });
    expect(perSecond).toBeGreaterThan(0);
  });

  it('fails on any answer but a 200, since it would measure errors', async () => {
    const port = await serve((response) => {
      response.statusCode = 500;
      ok(response);
    });
    const load = closedLoop({ port, requests, connections: 2, durationMs: 50 });
    await expect(load).rejects.toThrow('Not a 200');
  });
});
