import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../../../test/support/eventually.js';
import { MAX_WAITING, Webhook, type WebhookOptions } from './webhook.js';
import { isWebhookUrl } from './webhook-url.js';

const SECRET = 'sixteen-characters-or-more';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Receives notices and answers as the test wants: a status, or not at all. */
class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;

  private constructor(answer: (count: number, response: ServerResponse) => void) {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      this.received.push({ headers: request.headers, body });
      answer(this.received.length, response);
    });
  }

  static async start(answer: (count: number, response: ServerResponse) => void): Promise<Receiver> {
    const receiver = new Receiver(answer);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alarms`;
  }

  get numbers(): readonly number[] {
    return this.received.map(({ body }) => (JSON.parse(body) as { number: number }).number);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let receiver: Receiver | undefined;
let webhook: Webhook | undefined;
afterEach(() => {
  webhook?.close();
  receiver?.stop();
  [webhook, receiver] = [undefined, undefined];
});

const ok = (_count: number, response: ServerResponse) => response.end('thank you');
const status = (code: number) => (_count: number, response: ServerResponse) => {
  response.writeHead(code, { location: 'http://127.0.0.1:1/' }).end();
};

async function pushing(
  answer: (count: number, response: ServerResponse) => void,
  options: Partial<WebhookOptions> = {},
): Promise<{ receiver: Receiver; webhook: Webhook }> {
  receiver = await Receiver.start(answer);
  webhook = new Webhook({
    url: receiver.url,
    secret: SECRET,
    firstRetryMs: 1,
    attemptLimitMs: 100,
    ...options,
  });
  return { receiver, webhook };
}

/** As docs/alarms.md tells receivers to do it. */
function isAuthentic({ headers, body }: Received, secret: string): boolean {
  const timestamp = String(headers['sundial-timestamp']);
  const expected = `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
  const given = Buffer.from(String(headers['sundial-signature']));
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}

describe('a webhook', () => {
  it('posts JSON that its receiver can tell from a forgery and from a replay', async () => {
    const { receiver, webhook } = await pushing(ok);
    webhook.push({ number: 1, text: 'Grüße' });
    await eventually(() => webhook.count('delivered') === 1);
    const [notice] = receiver.received;
    expect(notice!.headers['content-type']).toBe('application/json');
    expect(JSON.parse(notice!.body)).toEqual({ number: 1, text: 'Grüße' });
    expect(isAuthentic(notice!, SECRET)).toBe(true);
    expect(isAuthentic(notice!, 'another-secret-of-someone')).toBe(false);
    expect(isAuthentic({ ...notice!, body: notice!.body.replace('1', '2') }, SECRET)).toBe(false);
    const later = { ...notice!.headers, 'sundial-timestamp': String(Date.now()) };
    expect(isAuthentic({ ...notice!, headers: later }, SECRET)).toBe(false);
    expect(Math.abs(Date.now() / 1_000 - Number(notice!.headers['sundial-timestamp']))).toBeLessThan(5);
  });

  it('tries again after an error, and keeps the order', async () => {
    const { receiver, webhook } = await pushing((count, response) =>
      status(count < 3 ? 503 : 200)(count, response),
    );
    for (const number of [1, 2, 3]) webhook.push({ number });
    await eventually(() => webhook.count('delivered') === 3);
    expect(receiver.numbers).toEqual([1, 1, 1, 2, 3]);
    expect(webhook.count('retried')).toBe(2);
  });

  it('tries again when a receiver hangs', async () => {
    const { receiver, webhook } = await pushing((count, response) => count > 1 && response.end());
    webhook.push({ number: 1 });
    await eventually(() => webhook.count('delivered') === 1);
    expect(receiver.numbers).toEqual([1, 1]);
  });

  it.each([400, 401, 404, 410, 301, 307])(
    'takes %i for a final answer, and follows no redirect',
    async (code) => {
      const { receiver, webhook } = await pushing(status(code));
      webhook.push({ number: 1 });
      webhook.push({ number: 2 });
      await eventually(() => webhook.count('rejected') === 2);
      expect(receiver.numbers).toEqual([1, 2]);
    },
  );

  it('gives up a notice after eight attempts, and goes on with the next', async () => {
    const troubles: string[] = [];
    const { receiver, webhook } = await pushing(status(500), {
      onTrouble: (outcome, reason) => troubles.push(`${outcome}: ${reason}`),
    });
    webhook.push({ number: 1 });
    webhook.push({ number: 2 });
    await eventually(() => webhook.count('given-up') === 1 && receiver.numbers.includes(2));
    expect(receiver.numbers.filter((number) => number === 1)).toHaveLength(8);
    expect(troubles.slice(0, 8)).toEqual([
      ...Array<string>(7).fill('retried: it answered 500'),
      'given-up: it answered 500',
    ]);
  });

  it('waits twice as long after each attempt, half of it left to chance', async () => {
    const { webhook, receiver } = await pushing(status(500), { firstRetryMs: 40, random: () => 1 });
    const startedAt = performance.now();
    webhook.push({ number: 1 });
    await eventually(() => receiver.received.length === 4);
    // 20, 40 and 80 ms are the shortest pauses.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(135);
  });

  it('keeps a bounded number of notices for a receiver that is down, the newest', async () => {
    webhook = new Webhook({ url: 'http://127.0.0.1:1', secret: SECRET });
    const startedAt = performance.now();
    for (let number = 0; number <= MAX_WAITING + 2; number++) webhook.push({ number });
    expect(performance.now() - startedAt).toBeLessThan(500);
    // The first is being sent.
    expect(webhook.waiting).toBe(MAX_WAITING);
    expect(webhook.count('dropped')).toBe(2);
  });

  it('says why in the log and never where, since the address may hold a token', async () => {
    const reasons: string[] = [];
    webhook = new Webhook({
      url: 'http://127.0.0.1:1/s3cret',
      secret: SECRET,
      onTrouble: (_outcome, reason) => reasons.push(reason),
    });
    webhook.push({ number: 1 });
    await eventually(() => reasons.length > 0);
    expect(reasons.join()).not.toContain('s3cret');
    expect(reasons.join()).not.toBe('');
  });

  it('sends nothing more once it is closed', async () => {
    const { receiver, webhook } = await pushing(status(500), { firstRetryMs: 50 });
    webhook.push({ number: 1 });
    await eventually(() => receiver.received.length === 1);
    webhook.close();
    webhook.push({ number: 2 });
    expect(webhook.waiting).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(receiver.numbers).toEqual([1]);
  });
});

describe('the address of a webhook', () => {
  it.each([
    'https://hooks.example.org/x?y=z',
    'http://127.0.0.1:9000/',
    'http://localhost',
    'http://[::1]:80/a',
  ])('may be %s', (url) => expect(isWebhookUrl(url)).toBe(true));
  it.each([
    'http://hooks.example.org',
    'http://127.0.0.1.example.org',
    'http://10.0.0.1',
    'https://user:password@hooks.example.org',
    'ftp://localhost',
    'file:///etc/passwd',
    'hooks.example.org',
  ])('may not be %s', (url) => expect(isWebhookUrl(url)).toBe(false));
});
