import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';
import { LiveStream } from './live-stream.js';

const FRAME_BYTES = 256 * 1024;
const frame = (id: number) => `id: ${id}\ndata: ${'x'.repeat(FRAME_BYTES)}\n\n`;

const server = createServer();
let socket: Socket;
let received: string;
let response: ServerResponse;
beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  received = '';
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
});
afterEach(() => {
  socket.destroy();
  server.close();
});

function open(frames = 1_000): { stream: LiveStream; isClosed: () => boolean } {
  let isClosed = false;
  const reader = { response, headers: {}, browser: undefined, actor: 'a', frames, isAdmitted: () => true };
  return { stream: new LiveStream(reader, () => (isClosed = true)), isClosed: () => isClosed };
}

describe('a reader that takes nothing', () => {
  it('is kept one frame at most, and later sees from the ids what it missed', async () => {
    const { stream } = open();
    socket.pause();
    for (let id = 1; id <= 200; id++) {
      stream.send(frame(id));
      if (id % 20 === 0) await sleep(1);
      expect(response.writableLength).toBeLessThan(2 * FRAME_BYTES);
    }
    socket.resume();
    await eventually(() => response.writableLength === 0);
    stream.send(frame(201));
    await eventually(() => received.endsWith('x\n\n\r\n'));
    const ids = [...received.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids.at(-1)).toBe(201);
    expect(ids.length).toBeLessThan(100);
  });

  it('is not waited for when the node leaves', async () => {
    const { stream, isClosed } = open();
    socket.pause();
    for (let id = 1; id <= 40; id++) stream.send(frame(id));
    await eventually(() => response.writableLength > 0);
    stream.end('shutting-down');
    await eventually(isClosed);
  });
});

describe('a stream', () => {
  it('of so many frames ends after them, and sends nothing after its end', async () => {
    const { stream, isClosed } = open(2);
    for (let id = 1; id <= 3; id++) {
      await eventually(() => response.writableLength === 0);
      stream.send(`id: ${id}\ndata: {}\n\n`);
    }
    await eventually(isClosed);
    expect(received).toMatch(
      /retry: 1000\n\n[^]*id: 1\n[^]*id: 2\n[^]*event: end\ndata: \{"reason":"complete"\}/,
    );
    expect(received).not.toContain('id: 3');
  });
});
