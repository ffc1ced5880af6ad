import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { residentMib } from '../support/resident-memory.js';
import { ServiceProcess } from '../support/service-process.js';

const REQUESTS = 1_000;
const MAX_GROWTH_MIB = 50;

let service: ServiceProcess;
let socket: Socket | undefined;
beforeAll(async () => {
  service = await ServiceProcess.start({
    env: { SUNDIAL_CHECK_KEYS: '0123456789abcdef', SUNDIAL_ADMIN_KEYS: 'fedcba9876543210' },
  });
});
afterAll(() => service.stop());
afterEach(() => {
  socket?.destroy();
  socket = undefined;
});
const KEY = { authorization: 'Bearer 0123456789abcdef' };

async function refusals(): Promise<number> {
  const metrics = await (await fetch(`${service.url}/metrics`, { headers: KEY })).text();
  return Number(/^sundial_refusals_total\{code="overloaded"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

// Each answer held a copy of its own: 1,644 MB for the bundle of 1.5 MB, by one connection without a key.
describe('a caller without a key who asks often on one connection, and reads nothing', () => {
  it.each(['/docs/swagger-ui-bundle.js', '/openapi.json'])('costs no copies of %s', async (path) => {
    // Once, so that it is in memory.
    await (await fetch(service.url + path)).arrayBuffer();
    const before = await residentMib(service.pid);
    const { port } = new URL(service.url);
    socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(REQUESTS));
    let most = before;
    for (let look = 0; look < 20; look++) {
      await sleep(100);
      most = Math.max(most, await residentMib(service.pid));
    }
    expect(most - before).toBeLessThan(MAX_GROWTH_MIB);
    expect((await service.fetchJson('GET', '/health/live')).status).toBe(200);
  });
});

// Node.js parses all that one read brings: 200 connections with 512 KB of the shortest requests made checks wait for 5.8 s,
// one read after the other.
it.each(['/health/live', '/nothing'])(
  'connections that pipeline GET %s beyond measure are ended at their first read',
  async (path) => {
    const before = await refusals();
    const { port } = new URL(service.url);
    const flood = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(12_000));
    const sockets = Array.from({ length: 50 }, () => connect(Number(port), '127.0.0.1'));
    let ended = 0;
    for (const each of sockets) {
      each.on('error', () => undefined).once('close', () => ended++);
      each.resume();
      each.write(flood);
    }
    await eventually(() => ended === sockets.length, { withinMs: 20_000 });
    const check = { resource: 'ocr', subject: { user: 'u1' } };
    expect((await service.fetchJson('POST', '/check', check, KEY)).status).toBe(200);
    expect((await refusals()) - before).toBe(sockets.length);
  },
  30_000,
);

it('answers callers that pipeline a handful', async () => {
  const { port } = new URL(service.url);
  socket = connect(Number(port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  for (let round = 1; round <= 5; round++) {
    socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(32));
    await eventually(async () => text.split('HTTP/1.1 200 OK').length - 1 === 32 * round);
  }
});
