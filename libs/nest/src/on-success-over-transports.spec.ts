import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { ApolloDriver } from '@nestjs/apollo';
import { Controller, Get, Injectable, Logger, Query, StreamableFile, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, GraphQLModule, Query as GraphqlQuery, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { concat, lastValueFrom, type Observable, of, throwError, toArray } from 'rxjs';
import { WebSocket } from 'ws';
import { eventually } from '../../../test/support/eventually.js';
import { freePort } from '../../../test/support/free-port.js';
import { QuotaModule } from './quota.module.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { Subject } from './subject.decorator.js';
import { FakeQuota } from './testing/fake-quota.js';

const ON_SUCCESS = { resource: 'llm', count: 'on-success' } as const;

@Injectable()
class LlmService {
  @RiskLimit(ON_SUCCESS)
  async answer(@Subject('user') user: string, fails = false): Promise<string> {
    if (fails) throw new Error('torn');
    return `for ${user}`;
  }

  @RiskLimit<LlmService['tokens']>({ ...ON_SUCCESS, actualPerItem: () => ({ amount: 1 }) })
  async tokens(@Subject('user') _user: string, fails = false): Promise<Observable<string>> {
    return fails
      ? concat(
          of('a'),
          throwError(() => new Error('torn')),
        )
      : of('a', 'b', 'c');
  }

  @RiskLimit<LlmService['file']>({
    ...ON_SUCCESS,
    actual: ({ items, end }) => ({ amount: end === 'stopped' ? 50 : items }),
  })
  async file(@Subject('user') _user: string, chunks: number): Promise<StreamableFile> {
    const chunk = Buffer.alloc(16 * 1024, 'x');
    return new StreamableFile(
      Readable.from(
        (async function* () {
          for (let sent = 0; sent < chunks; sent++) yield chunk;
        })(),
      ),
    );
  }
}

@Controller()
class LlmController {
  constructor(private readonly llm: LlmService) {}

  @Get('answer')
  answer(@Query('user') user: string, @Query('fails') fails?: string): Promise<string> {
    return this.llm.answer(user, fails === 'yes');
  }

  @Get('last-token')
  lastToken(@Query('user') user: string): Promise<Observable<string>> {
    return this.llm.tokens(user);
  }

  @Get('file')
  file(@Query('user') user: string, @Query('chunks') chunks: string): Promise<StreamableFile> {
    return this.llm.file(user, Number(chunks));
  }

  @MessagePattern('tokens')
  @RiskLimit<LlmController['message']>({ ...ON_SUCCESS, subject: ({ user }) => ({ user }) })
  async message(@Payload() { fails }: { user: string; fails?: boolean }): Promise<Observable<string>> {
    return fails ? throwError(() => new Error('torn')) : of('a', 'b', 'c');
  }
}

@WebSocketGateway()
class LlmGateway {
  constructor(private readonly llm: LlmService) {}

  @SubscribeMessage('answer')
  async answer(@MessageBody() { user, fails }: { user: string; fails?: boolean }): Promise<object> {
    return { event: 'done', data: await this.llm.answer(user, fails) };
  }
}

@Resolver()
class LlmResolver {
  constructor(private readonly llm: LlmService) {}

  @GraphqlQuery(() => String)
  answer(
    @Args('user', { type: () => String }) user: string,
    @Args('fails', { type: () => Boolean, nullable: true }) fails?: boolean,
  ): Promise<string> {
    return this.llm.answer(user, fails);
  }
}

/** Ends what a test started, the last first. */
const ends: (() => unknown)[] = [];
let quota: FakeQuota;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  quota = FakeQuota.counting(1_000);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const moduleOf = (parts: { controllers?: Type[]; providers?: Type[]; imports?: object[] }) => ({
  module: class {},
  imports: [QuotaModule.forRoot({ engine: quota }), ...((parts.imports ?? []) as never[])],
  controllers: parts.controllers ?? [],
  providers: [LlmService, ...(parts.providers ?? [])],
});

async function start(parts: Parameters<typeof moduleOf>[0], adapter = new FastifyAdapter() as never) {
  const app = await NestFactory.create(moduleOf(parts), adapter, { logger: false });
  ends.push(() => app.close());
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

const used = (user: string) => quota.used({ resource: 'llm', subject: { user } })['units'];
/** Streams settle when the server knows that they are over. */
const usedInTheEnd = (user: string, units: number) =>
  eventually(() => used(user) === units, { what: `${user} has used ${units}` });

describe.each([
  ['Fastify', () => new FastifyAdapter()],
  ['Express', () => new ExpressAdapter()],
])('over HTTP on %s', (_platform, adapter) => {
  let url: string;
  beforeEach(async () => {
    url = await start({ controllers: [LlmController] }, adapter() as never);
  });

  it('an answer counts, an error gives back', async () => {
    expect(await (await fetch(`${url}/answer?user=u1`)).text()).toBe('for u1');
    expect(used('u1')).toBe(1);
    expect((await fetch(`${url}/answer?user=u1&fails=yes`)).status).toBe(500);
    expect(used('u1')).toBe(1);
  });

  it('an Observable counts when it has completed', async () => {
    expect(await (await fetch(`${url}/last-token?user=u2`)).text()).toBe('c');
    expect(used('u2')).toBe(3);
  });

  it('a file counts when it was sent', async () => {
    const file = await fetch(`${url}/file?user=u3&chunks=4`);
    expect((await file.arrayBuffer()).byteLength).toBe(4 * 16 * 1024);
    await usedInTheEnd('u3', 4);
  });

  it('a file whose reader goes away counts what was used', async () => {
    const asked = httpRequest(`${url}/file?user=u4&chunks=100000`, (answer) => {
      answer.once('data', () => asked.destroy());
    });
    asked.on('error', () => undefined);
    asked.end();
    await usedInTheEnd('u4', 50);
  });
});

describe('over a microservice', () => {
  it('an Observable counts at its end, and gives back where it fails', async () => {
    const options = { host: '127.0.0.1', port: await freePort() };
    const app = await NestFactory.createMicroservice(moduleOf({ controllers: [LlmController] }), {
      transport: Transport.TCP,
      options,
      logger: false,
    });
    ends.push(() => app.close());
    await app.listen();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    ends.push(() => client.close());
    const tokens = client.send<string>('tokens', { user: 'u1' }).pipe(toArray());
    expect(await lastValueFrom(tokens)).toEqual(['a', 'b', 'c']);
    expect(used('u1')).toBe(1);
    await expect(lastValueFrom(client.send('tokens', { user: 'u2', fails: true }))).rejects.toBeDefined();
    await usedInTheEnd('u2', 0);
  });
});

describe('over WebSocket', () => {
  it('an answer counts, an error gives back', async () => {
    const socket = new WebSocket((await start({ providers: [LlmGateway] })).replace('http', 'ws'));
    ends.push(() => socket.terminate());
    await new Promise((opened) => socket.once('open', opened));
    const ask = (data: object) =>
      new Promise<{ event: string }>((answered) => {
        socket.once('message', (text) => answered(JSON.parse(String(text)) as { event: string }));
        socket.send(JSON.stringify({ event: 'answer', data }));
      });
    expect(await ask({ user: 'u1' })).toEqual({ event: 'done', data: 'for u1' });
    expect(used('u1')).toBe(1);
    expect((await ask({ user: 'u1', fails: true })).event).toBe('exception');
    expect(used('u1')).toBe(1);
  });
});

describe('over GraphQL', () => {
  it('an answer counts, an error gives back', async () => {
    const graphql = GraphQLModule.forRoot({ driver: ApolloDriver, autoSchemaFile: true });
    const url = await start({ providers: [LlmResolver], imports: [graphql] });
    const ask = async (query: string): Promise<{ errors?: unknown[] }> => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ query: `{ ${query} }` });
      return (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json() as Promise<object>;
    };
    expect(await ask('answer(user: "u1")')).toEqual({ data: { answer: 'for u1' } });
    expect(used('u1')).toBe(1);
    expect((await ask('answer(user: "u1", fails: true)')).errors).toHaveLength(1);
    expect(used('u1')).toBe(1);
  });
});
