import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postRequest } from '../../../test/support/http-connection.js';
import { goodput } from './goodput.js';
import { latency } from './latency.js';
import { reserveAndCommit } from './reserve-and-commit.js';
import { throughput } from './throughput.js';

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

describe('latency', () => {
  it('charges a stalled server for every request that was due meanwhile', async () => {
    const stalledUntil = performance.now() + 300;
    const port = await serve((response) => {
      setTimeout(() => ok(response), Math.max(0, stalledUntil - performance.now()));
    });
    const load = { port, requests, connections: 2, durationMs: 200, ratePerSecond: 500 };
    const { p50 } = await latency(load);
    expect(p50).toBeGreaterThan(100);
  });

  it('sends as many requests as were due, on any connection that is free', async () => {
    let served = 0;
    const port = await serve((response) => {
      served++;
      ok(response);
    });
    await latency({ port, requests, connections: 4, durationMs: 100, ratePerSecond: 1_000 });
    expect(served).toBe(100);
  });
});

describe('goodput', () => {
  const UNDECIDED = '{"degraded":{}}';
  const answers = (bodies: readonly (string | number)[]) => {
    let next = 0;
    return serve((response) => {
      const body = bodies[next++ % bodies.length]!;
      if (typeof body === 'number') response.statusCode = body;
      const text = typeof body === 'string' ? body : '{}';
      response.setHeader('content-length', text.length).end(text);
    });
  };

  it('separates what the store decided from what was shed and from what was guessed', async () => {
    const port = await answers(['{"degraded":null}', 503, UNDECIDED]);
    const { good, shed, bad, offered } = await goodput({ port, requests, connections: 3, durationMs: 200 });
    expect(good).toBeGreaterThan(0);
    expect(Math.abs(good - shed)).toBeLessThanOrEqual(15);
    expect(Math.abs(good - bad)).toBeLessThanOrEqual(15);
    expect(offered).toBeGreaterThanOrEqual(good + shed + bad);
  });

  it('sends nothing that finds no free connection, and waits for no answer after its time', async () => {
    let asked = 0;
    const port = await serve(() => void asked++);
    const startedAt = performance.now();
    const load = { port, requests, connections: 3, durationMs: 200 };
    expect(await goodput(load, 1_000)).toMatchObject({ offered: 1_000, good: 0, shed: 0, bad: 0 });
    expect(asked).toBe(3);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('throughput', () => {
  it('reads answers that arrive in pieces', async () => {
    const port = await serve((response) => {
      response.setHeader('content-length', 2).write('{');
      setTimeout(() => response.end('}'), 1);
    });
    const { perSecond } = await throughput({ port, requests, connections: 2, durationMs: 50 });
    expect(perSecond).toBeGreaterThan(0);
  });

  it('fails on any answer but a 200, since it would measure errors', async () => {
    const port = await serve((response) => {
      response.statusCode = 500;
      ok(response);
    });
    const load = throughput({ port, requests, connections: 2, durationMs: 50 });
    await expect(load).rejects.toThrow('Not a 200');
  });
});

describe('reserveAndCommit', () => {
  const load = { requests: [postRequest('/reservations', { any: 'body' })], connections: 2, durationMs: 50 };
  const serveReservations = async (answer: (path: string) => object) => {
    const paths: string[] = [];
    server = createServer((request, response) => {
      paths.push(`${request.method} ${request.url}`);
      const text = JSON.stringify(answer(request.url ?? ''));
      request.resume().once('end', () => response.setHeader('content-length', text.length).end(text));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { paths, port: (server.address() as AddressInfo).port };
  };

  it('counts pairs of a reserve and the commit of what it reserved', async () => {
    let reserved = 0;
    const { paths, port } = await serveReservations((path) =>
      path === '/reservations'
        ? { allowed: true, reservation: { id: `r-${reserved++}`, state: 'held' } }
        : {},
    );
    const { perSecond } = await throughput({ ...load, port }, reserveAndCommit);
    expect(perSecond).toBeGreaterThan(0);
    expect(paths).toHaveLength(2 * reserved);
    const commits = paths.filter((path) => path !== 'POST /reservations');
    expect(commits.sort()).toEqual(
      Array.from({ length: reserved }, (_, index) => `POST /reservations/r-${index}/commit`).sort(),
    );
  });

  it('fails where nothing was reserved', async () => {
    const { port } = await serveReservations(() => ({ allowed: false, reservation: null }));
    await expect(throughput({ ...load, port }, reserveAndCommit)).rejects.toThrow('Nothing was reserved');
  });
});
