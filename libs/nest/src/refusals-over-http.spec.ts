import {
  Body,
  Controller,
  Get,
  Headers,
  type INestApplication,
  Injectable,
  Logger,
  type LoggerService,
  Post,
  Query,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaEngine } from '@sundial/engine';
import { OCR_ON_DENY, openOcrEngine } from '../../../test/support/ocr-engine.js';
import { QuotaModule } from './quota.module.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { Subject } from './subject.decorator.js';

@Injectable()
class OcrService {
  @RiskLimit({ resource: 'ocr' })
  async submit(@Subject('user') user: unknown): Promise<string> {
    return `ocr for ${String(user)}`;
  }
}

interface Task {
  readonly owner?: { readonly id: string };
  readonly pages: number;
  readonly id: string;
}

@Controller()
class OcrController {
  constructor(private readonly ocr: OcrService) {}

  @Get('query')
  @RiskLimit({ resource: 'ocr' })
  async query(@Query('u') @Subject('user') user: string): Promise<string> {
    return user;
  }

  @Get('header')
  @RiskLimit({ resource: 'ocr' })
  async header(@Headers('x-user') @Subject('user') user: string): Promise<string> {
    return user;
  }

  @Post('body')
  @RiskLimit({ resource: 'ocr' })
  async body(@Body() @Subject('user', (body: { user: string }) => body.user) _body: object): Promise<void> {}

  @Get('service')
  service(@Query('u') user: string): Promise<string> {
    return this.ocr.submit(user);
  }

  @Post('task')
  @RiskLimit({
    resource: 'ocr',
    subject: (task: Task) => ({ user: task.owner?.id as string }),
    amount: (task: Task) => task.pages,
    operationId: (task: Task) => task.id,
  })
  async task(@Body() _task: Task): Promise<void> {}

  @Get('misuse')
  misuse(): Promise<string> {
    return this.ocr.submit(new Date(0));
  }
}

const ADAPTERS: Readonly<Record<string, () => Promise<INestApplication>>> = {
  Express: async () => {
    const app = await NestFactory.create<NestExpressApplication>(moduleOf(), new ExpressAdapter(), {
      logger,
    });
    app.set('query parser', 'extended');
    return app;
  },
  Fastify: () => NestFactory.create(moduleOf(), new FastifyAdapter(), { logger }),
};

const moduleOf = () => ({
  module: class {},
  imports: [QuotaModule.forRoot({ engine })],
  controllers: [OcrController],
  providers: [OcrService],
});

const lines: string[] = [];
const record = (message: unknown): void => {
  lines.push(String(message));
};
const logger: LoggerService = { log: () => undefined, warn: record, error: record };

let engine: QuotaEngine;
let app: INestApplication;

beforeAll(() => Logger.overrideLogger(logger));
afterAll(() => Logger.overrideLogger(false));

describe.each(Object.entries(ADAPTERS))('a request to Nest on %s', (_adapter, create) => {
  let url: string;

  beforeEach(async () => {
    lines.length = 0;
    engine = await openOcrEngine();
    app = await create();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterEach(async () => {
    await app.close();
    await engine.close();
  });

  async function ask(
    path: string,
    init?: RequestInit,
  ): Promise<{ status: number; headers: globalThis.Headers; body: unknown }> {
    const answer = await fetch(`${url}/${path}`, init);
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  const post = (path: string, body: unknown) =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('that is refused is answered 429 with a problem and Retry-After', async () => {
    expect((await ask('query?u=u1')).status).toBe(200);
    const { status, headers, body } = await ask('query?u=u1');
    expect(status).toBe(429);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body).toEqual({
      type: 'urn:sundial:problem:risk-limit-exceeded',
      title: 'The limit is reached',
      status: 429,
      detail: 'No more pages today',
      code: 'risk-limit-exceeded',
      resource: 'ocr',
      reason: 'limit-reached',
      retryAfterMs: expect.any(Number),
      onDeny: OCR_ON_DENY,
      limits: [
        expect.objectContaining({ rule: 'ocr-per-user', window: 'day', max: 1, used: 1, exceeded: true }),
      ],
    });
    expect(lines).toEqual([]);
  });

  const problem = (...errors: [path: string, message: RegExp][]) => ({
    type: 'urn:sundial:problem:invalid-request',
    title: 'The request is not valid',
    status: 400,
    detail: expect.any(String),
    code: 'invalid-request',
    resource: 'ocr',
    errors: errors.map(([path, message]) => ({ path, message: expect.stringMatching(message) })),
  });

  it.each([
    ['query?u=a&u=b', /not a list$/],
    ['query?u=', /^must not be empty$/],
    ['query?u[x]=1', /not a value of type object$|^is missing$/],
    ['query?u[]=1', /not a list$|^is missing$/],
    ['query', /^is missing$/],
    [`query?u=${'x'.repeat(257)}`, /^must have at most 256 characters$/],
    ['service?u=a&u=b', /not a list$/],
    ['service?u=', /^must not be empty$/],
    ['service', /^is missing$/],
  ])('to %s gets the reason', async (path, message) => {
    const { status, headers, body } = await ask(path);
    expect([status, body]).toEqual([400, problem(['subject.user', message])]);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  it.each([
    ['of 3,000 characters', { 'x-user': 'x'.repeat(3_000) }, /^must have at most 256 characters$/],
    ['of none', {}, /^is missing$/],
    ['that is empty', { 'x-user': '' }, /^must not be empty$/],
  ])('with a header %s gets the reason', async (_what, headers, message) => {
    const { status, body } = await ask('header', { headers: headers as Record<string, string> });
    expect([status, body]).toEqual([400, problem(['subject.user', message])]);
  });

  it.each([[true], [1.5], [['a']], [{ id: 'a' }], [''], [null]])(
    'with %j in its body gets the reason',
    async (user) => {
      const { status, body } = await post('body', { user });
      expect([status, body]).toEqual([400, problem(['subject.user', /./])]);
    },
  );

  it('without a body gets the reason', async () => {
    const { status, body } = await ask('body', { method: 'POST' });
    expect([status, body]).toEqual([400, problem(['subject.user', /^is missing$/])]);
  });

  it('gets every error in its subject, amount and operation id', async () => {
    const { status, body } = await post('task', { owner: { id: 7.5 }, pages: '3', id: '' });
    expect(status).toBe(400);
    expect(body).toEqual(
      problem(
        ['subject.user', /not 7\.5$/],
        ['amount', /^must be an integer/],
        ['operationId', /^must be 1 to 128/],
      ),
    );
  });

  it('with an operation id that was used for something else is answered 409', async () => {
    expect((await post('task', { owner: { id: 'u1' }, pages: 1, id: 't1' })).status).toBe(201);
    const { status, body } = await post('task', { owner: { id: 'u1' }, pages: 2, id: 't1' });
    expect([status, body]).toEqual([
      409,
      expect.objectContaining({
        code: 'operation-conflict',
        status: 409,
        detail: expect.stringContaining('t1'),
      }),
    ]);
  });

  it('that the program spoils is answered 500, and the log says by which method and why', async () => {
    expect((await ask('misuse')).status).toBe(500);
    expect(lines).toEqual([
      'RiskLimitMisuseError: OcrService.submit: its attribute "user" must be a string or a whole number, not an instance of Date.',
    ]);
  });
});
