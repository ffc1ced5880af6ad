import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';
import { isAuthentic, NotificationReceiver } from '../../../../test/support/notification-receiver.js';
import { MAX_WAITING, Webhook, type WebhookOptions } from './webhook.js';
import { isWebhookUrl } from '../config/webhook-target.js';

const SECRET = 'sixteen-characters-or-more';

let receiver: NotificationReceiver | undefined;
let webhook: Webhook | undefined;
afterEach(() => {
  webhook?.close();
  receiver?.stop();
  [webhook, receiver] = [undefined, undefined];
});

const ok = (response: ServerResponse) => response.end('thank you');
const status = (code: number) => (response: ServerResponse) =>
  response.writeHead(code, { location: 'http://127.0.0.1:1/' }).end();

async function pushing(
  answer: (response: ServerResponse, count: number) => void,
  options: Partial<WebhookOptions> = {},
): Promise<{ webhook: Webhook; numbers: () => number[] }> {
  const { notifications, url } = (receiver = await NotificationReceiver.start(answer));
  webhook = new Webhook({ url, secret: SECRET, firstRetryMs: 1, attemptLimitMs: 100, ...options });
  return { webhook, numbers: () => notifications.map(({ body }) => body.number) };
}

describe('a webhook', () => {
  it('posts JSON that its receiver can distinguish from a forgery and from a replay', async () => {
    const { webhook } = await pushing(ok);
    void webhook.push({ number: 1, text: 'Grüße' });
    await eventually(() => webhook.count('delivered') === 1);
    const notification = receiver!.notifications[0]!;
    expect(notification.headers['content-type']).toBe('application/json');
    expect(notification.body).toEqual({ number: 1, text: 'Grüße' });
    expect(isAuthentic(notification, SECRET)).toBe(true);
    expect(isAuthentic(notification, 'secret-of-another-receiver')).toBe(false);
    expect(isAuthentic({ ...notification, text: notification.text.replace('1', '2') }, SECRET)).toBe(false);
    const other = String(Number(notification.headers['sundial-timestamp']) + 1);
    const replayed = { ...notification, headers: { ...notification.headers, 'sundial-timestamp': other } };
    expect(isAuthentic(replayed, SECRET)).toBe(false);
  });

  it('tries again after an error, and keeps the order', async () => {
    const { webhook, numbers } = await pushing((response, count) => status(count < 3 ? 503 : 200)(response));
    for (const number of [1, 2, 3]) void webhook.push({ number });
    await eventually(() => webhook.count('delivered') === 3);
    expect(numbers()).toEqual([1, 1, 1, 2, 3]);
    expect(webhook.count('retried')).toBe(2);
  });

  it('tries again when a receiver hangs', async () => {
    const { webhook, numbers } = await pushing((response, count) => count > 1 && response.end());
    void webhook.push({ number: 1 });
    await eventually(() => webhook.count('delivered') === 1);
    expect(numbers()).toEqual([1, 1]);
  });

  it.each([400, 401, 404, 410, 301, 307])(
    'takes %i for a final answer, and follows no redirect',
    async (code) => {
      const { webhook, numbers } = await pushing(status(code));
      void webhook.push({ number: 1 });
      void webhook.push({ number: 2 });
      await eventually(() => webhook.count('rejected') === 2);
      expect(numbers()).toEqual([1, 2]);
    },
  );

  it('gives up a notification after eight attempts, and goes on with the next', async () => {
    const troubles: string[] = [];
    const { webhook, numbers } = await pushing(status(500), {
      onTrouble: (outcome, reason) => troubles.push(`${outcome}: ${reason}`),
    });
    void webhook.push({ number: 1 });
    void webhook.push({ number: 2 });
    await eventually(() => webhook.count('given-up') === 1 && numbers().includes(2));
    expect(numbers().filter((number) => number === 1)).toHaveLength(8);
    expect(troubles.slice(0, 8)).toEqual([
      ...Array<string>(7).fill('retried: it answered 500'),
      'given-up: it answered 500',
    ]);
  });

  it('waits twice as long after each attempt, half of it left to chance', async () => {
    const { webhook, numbers } = await pushing(status(500), { firstRetryMs: 40, random: () => 1 });
    const startedAt = performance.now();
    void webhook.push({ number: 1 });
    await eventually(() => numbers().length === 4);
    // 20, 40 and 80 ms are the shortest pauses.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(135);
  });

  it('keeps a bounded number of notifications for a receiver that is down, the newest', async () => {
    webhook = new Webhook({ url: 'http://127.0.0.1:1', secret: SECRET });
    const startedAt = performance.now();
    for (let number = 0; number <= MAX_WAITING + 2; number++) void webhook.push({ number });
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
    void webhook.push({ number: 1 });
    await eventually(() => reasons.length > 0);
    expect(reasons.join()).not.toContain('s3cret');
    expect(reasons.join()).not.toBe('');
  });

  it('sends nothing more once it is closed', async () => {
    const { webhook, numbers } = await pushing(status(500), { firstRetryMs: 50 });
    void webhook.push({ number: 1 });
    await eventually(() => numbers().length === 1);
    webhook.close();
    void webhook.push({ number: 2 });
    expect(webhook.waiting).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(numbers()).toEqual([1]);
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
