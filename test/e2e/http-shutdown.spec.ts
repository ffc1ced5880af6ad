import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const BODY = JSON.stringify({ resource: 'ocr', subject: { user: 'slow' } });

let service: ServiceProcess;
afterEach(() => service.stop('SIGKILL'));

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

describe('after SIGTERM', () => {
  it('readiness fails first, requests are served for the lame-duck time, then refused; those in flight finish', async () => {
    service = await ServiceProcess.start({ env: { SUNDIAL_LAME_DUCK_MS: '1000' } });
    const slow = await SlowCheck.begin();
    void service.stop('SIGTERM');

    await eventually(async () => (await status('GET', '/health/ready')) === 503);
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
    expect(service.stdout).toContain('"inFlight":1,"msg":"grace is over');
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
