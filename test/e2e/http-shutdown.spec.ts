import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { EventStream } from '../support/event-stream.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { inTurns } from '../support/in-turns.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const BODY = JSON.stringify({ resource: 'ocr', subject: { user: 'slow' } });

let service: ServiceProcess;
afterEach(() => service?.stop('SIGKILL'));

/** A check that is in flight until the rest of its body is sent. */
class SlowCheck {
  received = '';
  readonly closed: Promise<void>;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async begin(): Promise<SlowCheck> {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    const check = new SlowCheck(socket);
    socket.write(
      `POST /check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n{`,
    );
    await eventually(async () => (await inFlight()) === 1);
    return check;
  }

  finish(): Promise<void> {
    this.socket.write(BODY.slice(1));
    return this.closed;
  }
}

async function inFlight(): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/^sundial_in_flight (\d+)$/m.exec(text)?.[1]) - 1;
}

const status = async (method: string, path: string, body?: unknown) =>
  (await service.fetchJson(method, path, body)).status;

/** `docker stop` kills after 10 s; a busy machine may need some of it. */
const STOP_LIMIT_MS = 9_500;
/** Each is left with some ten thousand checks: a machine has a core for each. */
const SERVICES_AT_ONCE = 2;
const HEAD = 'HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
const CHECKS = JSON.stringify({ checks: new Array(1_000).fill(CHECK) });
const WHOLE_BATCH = `POST /check/batch ${HEAD}content-length: ${CHECKS.length}\r\n\r\n${CHECKS}`;

/** What clients may leave a service with. Each of them reads nothing. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  'nothing sent': [''],
  'half a head': ['POST /check HTTP/1.1\r\nhost: loc'],
  'half a body': [`POST /check ${HEAD}content-length: 100\r\n\r\n{`],
  'half a batch': [`POST /check/batch ${HEAD}content-length: 4000000\r\n\r\n${CHECKS.slice(0, 60_000)}`],
  'half a chunk': [`POST /check/batch ${HEAD}transfer-encoding: chunked\r\n\r\n8000\r\nx`],
  'idle, kept alive': ['GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  'unread answers': [WHOLE_BATCH.repeat(10)],
  'more and more requests': [WHOLE_BATCH, WHOLE_BATCH, WHOLE_BATCH, WHOLE_BATCH],
  'a stream that goes on': ['GET /admin/live HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  'a request that is no HTTP': ['CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n'],
};

/** Connections that are closed by the service, or never. */
function leaveBehind(url: string): Socket[] {
  return Object.values(CLIENTS).flatMap((writings) =>
    Array.from({ length: 2 }, () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => undefined).pause();
      for (const bytes of writings) socket.write(bytes);
      return socket;
    }),
  );
}

describe('a stop takes no longer than `docker stop` waits, with the default settings,', () => {
  it('whatever clients do and whatever Redis does', async () => {
    const [healthy, frozen, killed, slow] = await Promise.all(
      Array.from({ length: 4 }, () => RedisProcess.start()),
    );
    const proxy = await TcpProxy.start(slow!.port);
    const stores: Readonly<Record<string, readonly [env: Record<string, string>, fault: () => unknown]>> = {
      embedded: [{}, () => undefined],
      healthy: [{ REDIS_URL: healthy!.url }, () => undefined],
      frozen: [{ REDIS_URL: frozen!.url }, () => frozen!.freeze()],
      killed: [{ REDIS_URL: killed!.url }, () => killed!.kill()],
      'a few bytes at a time': [{ REDIS_URL: `redis://127.0.0.1:${proxy.port}` }, () => proxy.trickle(20)],
    };
    const stopped = new Map<string, object>();
    await inTurns(Object.entries(stores), SERVICES_AT_ONCE, async ([store, [env, fault]]) => {
      const one = await ServiceProcess.start({ env });
      const sockets = leaveBehind(one.url);
      await sleep(500);
      await fault();
      await sleep(500);
      const startedAt = performance.now();
      const exit = await one.stop('SIGTERM');
      const tookMs = performance.now() - startedAt;
      for (const socket of sockets) socket.destroy();
      stopped.set(store, { exit, isInTime: tookMs < STOP_LIMIT_MS, tookMs: Math.round(tookMs) });
    });
    proxy.stop();
    await Promise.all([healthy, frozen, killed, slow].map((redis) => redis!.stop()));
    const inTime = { exit: 0, isInTime: true, tookMs: expect.any(Number) };
    expect(stopped).toEqual(new Map(Object.keys(stores).map((store) => [store, inTime])));
  }, 120_000);
});

describe('after SIGTERM', () => {
  it('readiness fails first, requests are served for the lame-duck time, then refused; those in flight finish', async () => {
    service = await ServiceProcess.start({ env: { SUNDIAL_LAME_DUCK_MS: '1000' } });
    const live = await EventStream.open(`${service.url}/admin/live`);
    const slow = await SlowCheck.begin();
    void service.stop('SIGTERM');

    await eventually(async () => (await status('GET', '/health/ready')) === 503);
    expect(await live.ended()).toEqual({ end: { reason: 'shutting-down' } });
    expect(await status('GET', '/admin/live?frames=1')).toBe(503);
    const served = await service.fetchJson('POST', '/check', CHECK);
    expect(served.status).toBe(200);
    expect(served.headers.get('connection')).toBe('close');
    expect(await status('GET', '/health/live')).toBe(200);

    const refused = await eventually(async () => {
      const answer = await service.fetchJson('POST', '/check', CHECK);
      return answer.status === 503 && answer;
    });
    expect(refused.body).toMatchObject({ code: 'shutting-down', status: 503 });
    expect(refused.headers.get('retry-after')).toBe('1');

    await slow.finish();
    expect(slow.received).toMatch(/^HTTP\/1.1 200 [^]*"allowed":true/);
    expect(await service.exit).toBe(0);
  });

  it('requests that do not finish within the grace are cut off, and the exit is still clean', async () => {
    service = await ServiceProcess.start({
      env: { SUNDIAL_LAME_DUCK_MS: '0', SUNDIAL_SHUTDOWN_GRACE_MS: '300' },
    });
    const slow = await SlowCheck.begin();
    void service.stop('SIGTERM');
    await slow.closed;
    expect(slow.received).toBe('');
    expect(await service.exit).toBe(0);
    expect(service.stdout).toContain('"inFlight":1,"msg":"the shutdown grace is over');
  });

  it('a start that is under way is ended too', async () => {
    // A Redis that never answers is waited for; as process 1 of a container a start that hears no signal would go on.
    const silent = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
      0,
      '127.0.0.1',
    );
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    service = await ServiceProcess.launch({ env: { REDIS_URL: `redis://127.0.0.1:${port}` } });
    await once(silent, 'connection');
    expect(await service.stop('SIGTERM')).toBe(0);
    expect(service.stdout).not.toContain('listening');
    silent.close();
  });

  it('a second signal ends it at once', async () => {
    service = await ServiceProcess.start({ env: { SUNDIAL_LAME_DUCK_MS: '60000' } });
    void service.stop('SIGTERM');
    await eventually(async () => (await status('GET', '/health/ready')) === 503);
    void service.stop('SIGINT');
    expect(await service.exit).toBe(1);
  });

  it('nothing that was counted is lost', async () => {
    const directory = await temporaryDirectory();
    const env = { SUNDIAL_LAME_DUCK_MS: '0', SUNDIAL_DATA_DIR: directory.path };
    service = await ServiceProcess.start({ env });
    await service.fetchJson('POST', '/check', {
      ...CHECK,
      resource: 'speech-scoring',
      subject: { user: 'u1', grade: '3' },
    });
    expect(await service.stop('SIGTERM')).toBe(0);
    service = await ServiceProcess.start({ env });
    const { body } = await service.fetchJson('GET', '/usage?resource=speech-scoring&user=u1&grade=3');
    expect(body.limits).toMatchObject([{ used: 1 }, { used: 1 }]);
    await directory.remove();
  });
});
