import { type ArgumentsHost, Catch, Injectable, Logger, type Type, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Args,
  GraphQLModule,
  Parent,
  Query,
  ResolveField,
  Resolver,
  ObjectType,
  Field,
} from '@nestjs/graphql';
import { ApolloDriver } from '@nestjs/apollo';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaEngine } from '@sundial/engine';
import { OCR_ON_DENY, openOcrEngine } from '../../../test/support/ocr-engine.js';
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
  catch({ decision }: RiskLimitExceededException, host: ArgumentsHost): Error {
    return new Error(`${host.getType<string>()} ${decision.reason}`);
  }
}

@ObjectType()
class Page {
  @Field(() => String)
  owner!: string;
}

@Resolver(() => Page)
class OcrResolver {
  constructor(private readonly ocr: OcrService) {}

  @Query(() => Page)
  page(@Args('user', { type: () => String }) owner: string): Page {
    return { owner };
  }

  @ResolveField(() => String)
  field(@Parent() { owner }: Page): Promise<string> {
    return this.ocr.submit(owner);
  }

  @Query(() => String)
  @RiskLimit({ resource: 'ocr' })
  async handler(
    @Args('user', { type: () => String, nullable: true }) @Subject('user') user: string,
  ): Promise<string> {
    return user;
  }

  @Query(() => String)
  service(@Args('user', { type: () => String, nullable: true }) user: string): Promise<string> {
    return this.ocr.submit(user);
  }

  @UseFilters(OwnFilter)
  @Query(() => String)
  own(@Args('user', { type: () => String }) user: string): Promise<string> {
    return this.ocr.submit(user);
  }
}

interface Answer {
  readonly data: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: unknown }[];
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

async function start(driver: Type): Promise<(query: string) => Promise<Answer>> {
  const graphql = GraphQLModule.forRoot({ driver, autoSchemaFile: true });
  const module = {
    module: class {},
    imports: [QuotaModule.forRoot({ engine }), graphql],
    providers: [OcrResolver, OcrService],
  };
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: false });
  ends.push(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/graphql`;
  return async (query) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query: `{ ${query} }` }),
    });
    return (await answer.json()) as Answer;
  };
}

describe.each([['Apollo', ApolloDriver]])('a GraphQL query to %s', (_driver, driver) => {
  it.each([
    ['limited resolver', 'handler(user: "u1")'],
    ['limited service', 'service(user: "u1")'],
    ['limited field, for which Nest asks no filter', 'page(user: "u1") { field }'],
  ])('that is refused by a %s is answered with the refusal', async (_what, query) => {
    const ask = await start(driver);
    expect((await ask(query)).errors).toBeUndefined();
    const { errors } = await ask(query);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toBe('No more pages today');
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'RISK_LIMIT_EXCEEDED',
      type: 'urn:sundial:problem:risk-limit-exceeded',
      title: 'The limit is reached',
      status: 429,
      resource: 'ocr',
      reason: 'limit-reached',
      retryAfterMs: expect.any(Number),
      onDeny: OCR_ON_DENY,
      limits: [{ rule: 'ocr-per-user', window: 'day', max: 1, used: 1, exceeded: true }],
    });
  });

  it('goes to a filter of the resolver first', async () => {
    const ask = await start(driver);
    await ask('own(user: "u1")');
    expect((await ask('own(user: "u1")')).errors?.[0]?.message).toBe('graphql limit-reached');
  });

  it.each([
    ['empty', 'user: ""'],
    ['of 3,000 characters', `user: "${'x'.repeat(3_000)}"`],
    ['null', 'user: null'],
  ])('whose subject is %s gets the reason', async (_what, args) => {
    const ask = await start(driver);
    for (const field of ['handler', 'service']) {
      const { errors } = await ask(`${field}(${args})`);
      expect(errors?.[0]?.message).toMatch(/^subject\.user: /);
      expect(errors?.[0]?.extensions).toMatchObject({
        code: 'INVALID_REQUEST',
        status: 400,
        errors: [{ path: 'subject.user', message: expect.any(String) }],
      });
    }
  });
});
