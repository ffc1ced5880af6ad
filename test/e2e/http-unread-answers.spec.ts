import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

/** Longer than a busy machine takes to make the answers: until then none is hung up on. */
const STALLED_MS = 12_000;
const CALLERS = 100;
const RULES = [1, 2, 3].map((n) => ({
  id: `wide-${n}`,
  resource: 'wide',
  per: ['user'],
  limits: ['hour', 'day', 'week', 'month'].map((window) => ({ window, max: 9 })),
}));
const CHECK = '{"resource":"wide","subject":{"user":"u1"},"amount":0}';
const CHECKS = `{"checks":[${Array(1_000).fill(CHECK).join()}]}`;
const BATCH = `POST /check/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${CHECKS.length}\r\n\r\n${CHECKS}`;
/** More than the buffers of a socket's both ends hold: answers of 2.7 MB each. */
const BATCHES_A_SOCKET = 4;

/** For all of them: what is looked at is how long they may be unread. */
const ROOM = { SUNDIAL_MAX_UNREAD_BYTES: String(1024 * 1024 * 1024) };
/** Of many callers at once some are turned away with 503. */
const LEAST_UNREAD = 5;

// 16 unread answers closed `/check/batch` for all callers, for as long as their callers liked.
describe('callers who ask for batches and read no answers', () => {
  let service: RunningService;
  const sockets: { readonly socket: Socket; closedAt: number | undefined }[] = [];
  afterEach(async () => {
    for (const { socket } of sockets.splice(0)) socket.destroy();
    await service.stop();
  });

  function askAndReadNothing(): void {
    const socket = connect(service.port, '127.0.0.1');
    const state: (typeof sockets)[number] = { socket, closedAt: undefined };
    sockets.push(state);
    socket.on('error', () => (state.closedAt ??= performance.now()));
    socket.on('close', () => (state.closedAt ??= performance.now()));
    socket.pause();
    socket.write(BATCH.repeat(BATCHES_A_SOCKET));
  }

  async function inFlight(): Promise<number> {
    const { text } = await service.api.get('/metrics');
    return Number(/^sundial_in_flight (\d+)$/m.exec(text)![1]);
  }

  async function batchMs(): Promise<number> {
    const at = performance.now();
    const { status, body } = await service.api
      .post('/check/batch')
      .send({ checks: [{ resource: 'ocr', subject: { user: 'u1' }, amount: 0 }] });
    expect([status, body.decisions.length]).toEqual([200, 1]);
    return performance.now() - at;
  }

  /** Of requests that were read; others wait in the system's buffers. */
  async function untilNothingMoves(): Promise<number> {
    let [count, since] = [await inFlight(), performance.now()];
    while (performance.now() - since < 300) {
      await sleep(50);
      const now = await inFlight();
      if (now !== count) [count, since] = [now, performance.now()];
    }
    return count;
  }

  it(`${CALLERS} of them keep no others from batches, and are hung up on`, async () => {
    service = await RunningService.start(ROOM, 'embedded', { stalledSocketMs: STALLED_MS });
    for (const rule of RULES) await service.api.post('/admin/rules').send(rule).expect(201);
    // A busy machine may turn all of them away: they come again then.
    await eventually(
      async () => {
        for (let n = 0; n < CALLERS; n++) askAndReadNothing();
        // This one, and answers that are not read.
        return (await untilNothingMoves()) > LEAST_UNREAD;
      },
      { withinMs: 20_000 },
    );
    for (let n = 0; n < 10; n++) expect(await batchMs()).toBeLessThan(2_000);
    // A socket that is not read does not see its other end close: what the service holds is looked at.
    await eventually(async () => (await inFlight()) <= 1, { withinMs: 30_000 });
    expect(await batchMs()).toBeLessThan(2_000);
  }, 90_000);
});
