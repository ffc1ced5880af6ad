import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_BATCHES_IN_FLIGHT } from '../../apps/quota-service/src/http/bounds.js';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
/** A batch whose body never comes. */
const UNFINISHED =
  'POST /check/batch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

const batch = () => service.api.post('/check/batch').send({ checks: [CHECK] });

function open(bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)));
    socket.on('error', reject);
  });
}

async function inFlight(): Promise<number> {
  const { text } = await service.api.get('/metrics');
  // The scrape itself is one.
  return Number(/^sundial_in_flight (\d+)$/m.exec(text)?.[1]) - 1;
}

describe('as many batches as a node takes at once', () => {
  it('turn further ones away with 503 and a time, leave checks alone, and make room when they are gone', async () => {
    const sockets = await Promise.all(Array.from({ length: MAX_BATCHES_IN_FLIGHT }, () => open(UNFINISHED)));
    await eventually(async () => (await inFlight()) === MAX_BATCHES_IN_FLIGHT);

    const refused = await batch();
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'overloaded', status: 503 });
    expect(refused.headers['retry-after']).toBe('1');
    expect((await service.api.post('/check').send(CHECK)).status).toBe(200);

    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await inFlight()) === 0);
    expect((await batch()).status).toBe(200);
  });

  /** Node tells nothing about an answer that waits behind another when the socket closes. */
  it('also make room when several on one connection are cut off', async () => {
    for (let round = 0; round < MAX_BATCHES_IN_FLIGHT; round++) {
      const body = JSON.stringify({ checks: [CHECK] });
      const whole = `${UNFINISHED.replace('100', String(body.length))}${body}`;
      (await open(`${whole}${whole}${UNFINISHED}`)).destroy();
    }
    await eventually(async () => (await inFlight()) === 0);
    expect((await batch()).status).toBe(200);
  });
});

describe('a caller that never finishes its headers', () => {
  it('is told so and hung up on', async () => {
    const socket = await open('POST /check HTTP/1.1\r\nhost: x\r\nx-slow');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await new Promise((resolve) => socket.on('close', resolve));
    expect(received).toMatch(/^HTTP\/1.1 408 [^]*"code":"request-timeout"/);
  });
});
