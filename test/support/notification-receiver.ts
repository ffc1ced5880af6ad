import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedNotification {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
  /** By `performance.now()`. */
  readonly at: number;
}

/** Answers a notification as the test wants, or leaves it without an answer. `count` is how many there have been. */
type Answer = (response: ServerResponse, count: number) => void;

/** Where a webhook points to: a real HTTP server that keeps what it receives. */
export class NotificationReceiver {
  readonly notifications: ReceivedNotification[] = [];
  readonly #server: Server;

  private constructor(answer: Answer) {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
      const { headers } = request;
      this.notifications.push({ headers, text, body: JSON.parse(text), at: performance.now() });
      answer(response, this.notifications.length);
    });
  }

  static async start(
    answer: Answer = (response) => response.end('thank you'),
  ): Promise<NotificationReceiver> {
    const receiver = new NotificationReceiver(answer);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alarms`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** As docs/alarms.md asks of receivers. */
export function isAuthentic(
  { headers, text }: Pick<ReceivedNotification, 'headers' | 'text'>,
  secret: string,
): boolean {
  const timestamp = String(headers['sundial-timestamp']);
  const expected = `v1=${createHmac('sha256', secret).update(`${timestamp}.${text}`).digest('hex')}`;
  const given = Buffer.from(String(headers['sundial-signature']));
  const isRecent = Math.abs(Date.now() / 1_000 - Number(timestamp)) < 300;
  return isRecent && given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}
