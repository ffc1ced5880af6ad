import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  MAX_BATCH_BODY_BYTES,
  MAX_BATCH_BYTES,
  MAX_LARGE_BODY_BYTES,
  MAX_QUEUED_A_SOCKET,
  MAX_RULE_SET_BODY_BYTES,
} from '../../apps/quota-service/src/http/bounds.js';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const BODY = JSON.stringify(CHECK);
const REQUEST = `POST /check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
/** A batch whose body never comes. */
const UNFINISHED =
  'POST /check/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';
/** What is heard of a connection that sends a request again as soon as it is answered. */
const ANSWER = /HTTP\/1\.1 (\d{3}) /g;

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start({}, 'redis');
});
afterAll(() => service.stop());

const batch = () => service.api.post('/check/batch').send({ checks: [CHECK] });

function open(bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)));
    socket.on('error', reject);
  });
}

async function metric(name: string): Promise<number> {
  const { text } = await service.api.get('/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

/** The scrape itself is one. */
const inFlight = async () => (await metric('sundial_in_flight')) - 1;

/** Connections that send their next request as soon as the last one is answered, whatever the answer is. */
async function closedLoop(connections: number, ms: number) {
  const statuses = new Map<string, number>();
  const until = performance.now() + ms;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(REQUEST)));
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('data', (chunk: Buffer) => {
            for (const [, status] of chunk.toString('latin1').matchAll(ANSWER)) {
              statuses.set(status!, (statuses.get(status!) ?? 0) + 1);
              if (performance.now() < until) socket.write(REQUEST);
              else resolve();
            }
          });
          socket.on('close', () => resolve());
        }),
    ),
  );
  for (const socket of sockets) socket.destroy();
  return statuses;
}

describe('more connections than the node can answer at once', () => {
  it('wait for their turns, are decided by the store, and leave health and metrics alone', async () => {
    const flood = closedLoop(800, 2_000);
    const health: number[] = [];
    for (let n = 0; n < 10; n++) {
      await sleep(100);
      health.push(
        (await service.api.get('/health/ready')).status,
        (await service.api.get('/metrics')).status,
      );
    }
    const statuses = await flood;
    expect(new Set(health)).toEqual(new Set([200]));
    // How many get their turn depends on the machine; none is answered anything else.
    expect([...statuses.keys()].filter((status) => status !== '200' && status !== '503')).toEqual([]);
    expect(statuses.get('200')).toBeGreaterThan(800);
    const { text } = await service.api.get('/metrics');
    expect(text).not.toMatch(/^sundial_degraded_decisions_total\{.*\} [1-9]/m);
    expect((await service.api.get('/health/ready')).body.store).toMatchObject({ mode: 'exact' });
  });

  it('are all read again when the flood is over', async () => {
    await closedLoop(800, 500);
    await eventually(async () => (await inFlight()) === 0);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.api.post('/check').send(CHECK)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('a connection that pipelines more than it reads', () => {
  it('is answered in order and completely, and holds only so many requests at once', async () => {
    const socket = await open('');
    let received = '';
    let most = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    const count = 20 * MAX_QUEUED_A_SOCKET;
    const numbered = Array.from({ length: count }, (_, n) =>
      REQUEST.replace('host: localhost', `host: localhost\r\nx-request-id: n${n}`),
    );
    for (const request of numbered) {
      socket.write(request);
      await sleep(0);
    }
    await eventually(async () => {
      most = Math.max(most, await inFlight());
      return received.match(ANSWER)?.length === count;
    });
    socket.destroy();
    const ids = [...received.matchAll(/x-request-id: n(\d+)/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(most).toBeLessThanOrEqual(2 * MAX_QUEUED_A_SOCKET);
  });
});

describe('batches', () => {
  /** 17 small batches at once got a 503, and 16 whose callers read no answers closed the route. */
  it('are served beside any number of others whose bodies never come', async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => open(UNFINISHED)));
    await eventually(async () => (await inFlight()) === sockets.length);
    expect((await batch()).status).toBe(200);
    expect((await service.api.post('/check').send(CHECK)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await inFlight()) === 0);
  });

  it('wait for one another, and none of their checks is decided without the store', async () => {
    const checks = Array.from({ length: 1_000 }, (_, n) => ({ resource: 'ocr', subject: { user: `b${n}` } }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => service.api.post('/check/batch').send({ checks })),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      const decisions = body.decisions as { degraded?: unknown }[];
      expect(decisions.filter(({ degraded }) => degraded !== null)).toEqual([]);
    }
  });

  it('also make room when several on one connection are cut off', async () => {
    for (let round = 0; round < 16; round++) {
      const body = JSON.stringify({ checks: [CHECK] });
      const whole = `${UNFINISHED.replace('100', String(body.length))}${body}`;
      (await open(`${whole}${whole}${UNFINISHED}`)).destroy();
    }
    await eventually(async () => (await inFlight()) === 0);
    expect((await batch()).status).toBe(200);
  });
});

describe('batches that are cut off in the middle', () => {
  /** Their bytes were counted for ever: after 64 MiB of them every batch was shed. */
  it('make room for others', async () => {
    const head = UNFINISHED.replace('100', String(MAX_BATCH_BODY_BYTES));
    const most = MAX_BATCH_BYTES / MAX_BATCH_BODY_BYTES;
    for (let round = 0; round <= most; round++) {
      const socket = await open(head + ' '.repeat(MAX_BATCH_BODY_BYTES - 1));
      await eventually(async () => (await inFlight()) === 1);
      socket.destroy();
      await eventually(async () => (await inFlight()) === 0);
    }
    expect((await batch()).status).toBe(200);
  });
});

describe('batches that arrive all at once', () => {
  /** Each was let in while there was room, and then all were read: 1 MiB, now 4 MiB, times all connections. */
  it('are read as far as there is room, and all are decided in the end', async () => {
    const room = MAX_BATCH_BYTES + 16 * MAX_BATCH_BODY_BYTES;
    // Few checks in many bytes.
    const entry = BODY.padEnd(31 * 1024);
    const entries = Math.floor((MAX_BATCH_BODY_BYTES - 16) / (entry.length + 1));
    const body = `{"checks":[${new Array(entries).fill(entry).join()}]`.padEnd(MAX_BATCH_BODY_BYTES - 1);
    const head = UNFINISHED.replace('100', String(MAX_BATCH_BODY_BYTES));
    const sockets = await Promise.all(Array.from({ length: 40 }, () => open(head)));
    await eventually(async () => (await inFlight()) === sockets.length);
    let received = '';
    for (const socket of sockets) {
      socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
      socket.write(body);
    }
    let held = 0;
    // Nothing more comes.
    await eventually(async () => {
      const before = held;
      await sleep(200);
      held = sockets.reduce(
        (sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength,
        0,
      );
      return held === before;
    });
    // Some lies in the buffers of both ends of a connection, 5 MiB at most here.
    expect(service.heldBytes).toBeLessThan(room + sockets.length * 64 * 1024);
    expect(service.heldBytes).toBeGreaterThan(MAX_BATCH_BYTES / 2);
    for (const socket of sockets) socket.write('}');
    await eventually(() => Promise.resolve(received.match(ANSWER)?.length === sockets.length), {
      withinMs: 30_000,
    });
    expect([...new Set(received.match(ANSWER))]).toEqual(['HTTP/1.1 200 ']);
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});

describe('whole sets of rules', () => {
  const LARGEST = MAX_LARGE_BODY_BYTES / MAX_RULE_SET_BODY_BYTES;
  const unfinished = (length: string) =>
    `PUT /admin/rules HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;
  const dryRun = () => service.api.put('/admin/rules?dryRun=true').send({ rules: [] });

  it.each([
    ['announced', `content-length: ${MAX_RULE_SET_BODY_BYTES}`],
    ['of any length', 'transfer-encoding: chunked'],
  ])('wait unread while two large ones %s arrive, and are shed after a second', async (_what, length) => {
    const sockets = await Promise.all(Array.from({ length: LARGEST }, () => open(unfinished(length))));
    await eventually(async () => (await inFlight()) === LARGEST);
    const startedAt = performance.now();
    const { status, body, headers } = await dryRun();
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'overloaded', '1']);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    // One rule is small, and is written beside any number of sets.
    expect((await service.api.delete('/admin/rules/none')).status).toBe(404);
    const waiting = dryRun().then((answer) => answer.status);
    await sleep(100);
    sockets.pop()!.destroy();
    expect(await waiting).toBe(200);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await inFlight()) === 0);
  });

  it('make room when they are answered, refused or cut off', async () => {
    // Of nearly the most bytes that a set may have.
    const noRules = new Array(600).fill('x'.repeat(27_000));
    for (let round = 0; round < 2 * LARGEST; round++) {
      const refused = await service.api.put('/admin/rules').send({ rules: noRules });
      expect(refused.status).toBe(400);
      const tooLarge = await service.api.put('/admin/rules').send({ rules: [...noRules, ...noRules] });
      expect(tooLarge.status).toBe(413);
      expect((await dryRun()).status).toBe(200);
      (await open(unfinished(`content-length: ${MAX_RULE_SET_BODY_BYTES}`))).destroy();
    }
    await eventually(async () => (await inFlight()) === 0);
    expect((await dryRun()).status).toBe(200);
  });

  it('are many at once when they are small', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => dryRun()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});

describe('a caller that never finishes its headers', () => {
  it('is answered so, and its connection is closed', async () => {
    const socket = await open('POST /check HTTP/1.1\r\nhost: localhost\r\nx-slow');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await new Promise((resolve) => socket.on('close', resolve));
    expect(received).toMatch(/^HTTP\/1.1 408 [^]*"code":"request-timeout"/);
  });
});
