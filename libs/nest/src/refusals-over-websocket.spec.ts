import { type ArgumentsHost, Catch, Injectable, Logger, type Type, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaEngine } from '@sundial/engine';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { OCR_REFUSAL, openOcrEngine } from '../../../test/support/ocr-engine.js';
import { QuotaModule } from './quota.module.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { Subject } from './subject.decorator.js';

@Injectable()
class OcrService {
  @RiskLimit({ resource: 'ocr' })
  async submit(@Subject('user') user: unknown): Promise<string> {
    return `ocr for ${String(user)}`;
  }
}

/** As much as a filter uses of a client of either kind. */
interface Client {
  readonly readyState?: number;
  send(text: string): void;
  emit(event: string, data: unknown): void;
}

@Catch(RiskLimitExceededException)
class OwnFilter {
  catch({ decision }: RiskLimitExceededException, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient<Client>();
    if (client.readyState === undefined) client.emit('own', decision.reason);
    else client.send(JSON.stringify({ event: 'own', data: decision.reason }));
  }
}

@WebSocketGateway()
class OcrGateway {
  constructor(private readonly ocr: OcrService) {}

  @SubscribeMessage('handler')
  @RiskLimit({ resource: 'ocr' })
  async handler(@MessageBody('user') @Subject('user') user: string): Promise<object> {
    return { event: 'done', data: user };
  }

  @SubscribeMessage('service')
  async service(@MessageBody('user') user: unknown): Promise<object> {
    return { event: 'done', data: await this.ocr.submit(user) };
  }

  @UseFilters(OwnFilter)
  @SubscribeMessage('own')
  async own(@MessageBody('user') user: string): Promise<object> {
    return { event: 'done', data: await this.ocr.submit(user) };
  }

  @SubscribeMessage('misuse')
  async misuse(): Promise<unknown> {
    return this.ocr.submit(new Date(0));
  }
}

/** Sends a message and answers with the next event that arrives. */
type Ask = (event: string, data?: unknown) => Promise<{ event: string; data: unknown }>;

/** Ends what a test started, the last first. */
const ends: (() => unknown)[] = [];
let engine: QuotaEngine;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  engine = await openOcrEngine();
  ends.push(() => engine.close());
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(Adapter: Type<WsAdapter | IoAdapter>): Promise<string> {
  const module = {
    module: class {},
    imports: [QuotaModule.forRoot({ engine })],
    providers: [OcrGateway, OcrService],
  };
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: false });
  ends.push(() => app.close());
  app.useWebSocketAdapter(new Adapter(app));
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

async function overWs(): Promise<Ask> {
  const socket = new WebSocket((await start(WsAdapter)).replace('http', 'ws'));
  ends.push(() => socket.terminate());
  await new Promise((opened) => socket.once('open', opened));
  return (event, data) =>
    new Promise((answered) => {
      socket.once('message', (text) =>
        answered(JSON.parse(String(text)) as { event: string; data: unknown }),
      );
      socket.send(JSON.stringify({ event, data }));
    });
}

async function socketIo(): Promise<Socket> {
  const socket = io(await start(IoAdapter), { transports: ['websocket'], reconnection: false });
  ends.push(() => socket.disconnect());
  await new Promise<void>((connected) => socket.once('connect', connected));
  return socket;
}

async function overSocketIo(): Promise<Ask> {
  const socket = await socketIo();
  return (event, data) =>
    new Promise((answered) => {
      const listen = (name: string, content: unknown): void => {
        socket.offAny(listen);
        answered({ event: name, data: content });
      };
      socket.onAny(listen);
      socket.emit(event, data);
    });
}

describe.each([
  ['ws', overWs],
  ['Socket.IO', overSocketIo],
])('a message to a gateway on %s', (_platform, connect) => {
  it.each([['handler'], ['service']])(
    'that is refused by a limited %s is answered with the refusal',
    async (event) => {
      const ask = await connect();
      const data = { user: 'u1' };
      expect((await ask(event, data)).event).toBe('done');
      expect(await ask(event, data)).toEqual({
        event: 'exception',
        data: { ...OCR_REFUSAL, cause: { pattern: event, data } },
      });
    },
  );

  it('goes to a filter of the handler first', async () => {
    const ask = await connect();
    await ask('own', { user: 'u1' });
    expect(await ask('own', { user: 'u1' })).toEqual({ event: 'own', data: 'limit-reached' });
  });

  it.each([
    ['a list', ['a', 'b']],
    ['an object', { x: 1 }],
    ['an empty string', ''],
    ['a string of 3,000 characters', 'x'.repeat(3_000)],
    ['a boolean', true],
    ['a broken number', 1.5],
    ['nothing', undefined],
  ])('whose subject is %s gets the reason', async (_what, user) => {
    const ask = await connect();
    for (const event of ['handler', 'service']) {
      expect(await ask(event, { user })).toEqual({
        event: 'exception',
        data: expect.objectContaining({
          status: 400,
          code: 'invalid-request',
          message: expect.stringMatching(/^subject\.user: /),
          errors: [{ path: 'subject.user', message: expect.any(String) }],
        }),
      });
    }
  });

  it('that the program spoils is an internal error', async () => {
    const ask = await connect();
    expect(await ask('misuse', { user: 'u1' })).toMatchObject({
      event: 'exception',
      data: { status: 'error', message: 'Internal server error' },
    });
  });
});

describe('a message that waits for its acknowledgement', () => {
  it('is acknowledged with the refusal', async () => {
    const socket = await socketIo();
    const data = { user: 'u1' };
    socket.emit('service', data);
    await new Promise((done) => socket.once('done', done));
    const answer: unknown = await socket.timeout(5_000).emitWithAck('service', data);
    expect(answer).toEqual({ ...OCR_REFUSAL, cause: { pattern: 'service', data } });
  });
});
