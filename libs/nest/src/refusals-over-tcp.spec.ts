import {
  type ArgumentsHost,
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  Logger,
  UseFilters,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  type ClientProxy,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaEngine } from '@sundial/engine';
import { lastValueFrom, throwError, timeout } from 'rxjs';
import { OCR_REFUSAL, openOcrEngine } from '../../../test/support/ocr-engine.js';
import { freePort } from '../../../test/support/free-port.js';
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

@Catch(RiskLimitExceededException)
class OwnFilter {
  catch(exception: RiskLimitExceededException, host: ArgumentsHost): unknown {
    return throwError(() => ({ own: exception.decision.reason, host: host.getType() }));
  }
}

@Catch(HttpException)
class OwnHttpFilter {
  catch(exception: HttpException, host: ArgumentsHost): unknown {
    return host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: string): unknown } }>()
      .status(402)
      .send(exception.name);
  }
}

@Controller()
class OcrController {
  constructor(private readonly ocr: OcrService) {}

  @MessagePattern('handler')
  @RiskLimit({ resource: 'ocr' })
  async handler(@Payload('user') @Subject('user') user: string): Promise<string> {
    return user;
  }

  @MessagePattern('service')
  service(@Payload('user') user: unknown): Promise<string> {
    return this.ocr.submit(user);
  }

  @UseFilters(OwnFilter)
  @MessagePattern('own')
  own(@Payload('user') user: string): Promise<string> {
    return this.ocr.submit(user);
  }

  @MessagePattern('misuse')
  misuse(): Promise<string> {
    return this.ocr.submit(new Date(0));
  }

  @Get('ocr')
  http(): Promise<string> {
    return this.ocr.submit('web');
  }
}

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

const moduleOf = () => ({
  module: class {},
  imports: [QuotaModule.forRoot({ engine })],
  controllers: [OcrController],
  providers: [OcrService],
});

function clientOf(port: number): ClientProxy {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  ends.push(() => client.close());
  return client;
}

async function standalone(...filters: object[]): Promise<ClientProxy> {
  const options = { host: '127.0.0.1', port: await freePort() };
  const app = await NestFactory.createMicroservice(moduleOf(), {
    transport: Transport.TCP,
    options,
    logger: false,
  });
  ends.push(() => app.close());
  app.useGlobalFilters(...(filters as never[]));
  await app.listen();
  return clientOf(options.port);
}

async function hybrid(
  inheritAppConfig: boolean,
  ...filters: object[]
): Promise<{ client: ClientProxy; url: string }> {
  const options = { host: '127.0.0.1', port: await freePort() };
  const app = await NestFactory.create(moduleOf(), new FastifyAdapter(), { logger: false });
  ends.push(() => app.close());
  app.useGlobalFilters(...(filters as never[]));
  app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { client: clientOf(options.port), url: await app.getUrl() };
}

/** What a call is answered: never nothing. */
function send(client: ClientProxy, pattern: string, data: unknown = { user: 'u1' }): Promise<unknown> {
  return lastValueFrom(client.send<unknown>(pattern, data).pipe(timeout(5_000))).catch((error: unknown) => ({
    error,
  }));
}

describe.each([
  ['a microservice', () => standalone()],
  ['a hybrid application', async () => (await hybrid(false)).client],
  [
    'a hybrid application whose microservice inherits its configuration',
    async () => (await hybrid(true)).client,
  ],
])('a call over TCP to %s', (_what, connect) => {
  it.each([['handler'], ['service']])(
    'that is refused by a limited %s is answered with the refusal',
    async (pattern) => {
      const client = await connect();
      expect(await send(client, pattern)).toEqual(pattern === 'handler' ? 'u1' : 'ocr for u1');
      expect(await send(client, pattern)).toEqual({ error: OCR_REFUSAL });
    },
  );

  it('goes to a filter of the handler first', async () => {
    const client = await connect();
    await send(client, 'own');
    expect(await send(client, 'own')).toEqual({ error: { own: 'limit-reached', host: 'rpc' } });
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
    const client = await connect();
    for (const pattern of ['handler', 'service']) {
      expect(await send(client, pattern, { user })).toEqual({
        error: expect.objectContaining({
          status: 400,
          code: 'invalid-request',
          message: expect.stringMatching(/^subject\.user: /),
          errors: [{ path: 'subject.user', message: expect.any(String) }],
        }),
      });
    }
  });

  it('that the program spoils is an internal error', async () => {
    expect(await send(await connect(), 'misuse')).toEqual({
      error: { status: 'error', message: 'Internal server error' },
    });
  });
});

describe('a global filter of the application', () => {
  it('is asked before Sundial in a microservice', async () => {
    const client = await standalone(new OwnFilter());
    await send(client, 'service');
    expect(await send(client, 'service')).toEqual({ error: { own: 'limit-reached', host: 'rpc' } });
  });

  it('is asked over HTTP, also in a controller that has message handlers', async () => {
    const { client, url } = await hybrid(false, new OwnHttpFilter());
    expect((await fetch(`${url}/ocr`)).status).toBe(200);
    expect((await fetch(`${url}/ocr`)).status).toBe(402);
    await send(client, 'service');
    expect(await send(client, 'service')).toEqual({ error: OCR_REFUSAL });
  });
});
