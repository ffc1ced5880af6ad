import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Project } from './project.js';

describe('a program that has the engine and nothing else of Sundial', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install(['engine', 'contract']);
  }, 120_000);
  afterAll(() => project?.remove());

  const BODY = `
    const rule = parseRule({ id: 'r', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 1 }] });
    const rules = new LiveRules(new RuleBook(1, [rule]));
    MemoryStore.open().then(async (store) => {
      const engine = new QuotaEngine({ runner: new DirectRunner(store), rules });
      const ask = async () => (await engine.check({ resource: 'ocr', subject: { user: 'u1' } })).allowed;
      console.log(await ask(), await ask());
      await engine.close();
    });`;
  const NAMES = '{ DirectRunner, LiveRules, MemoryStore, parseRule, QuotaEngine, RuleBook }';

  it.each([
    ['an ES module', 'program.mjs', `import ${NAMES} from '@sundial/engine'`],
    ['CommonJS', 'program.cjs', `const ${NAMES} = require('@sundial/engine')`],
    [
      'CommonJS that loads the CommonJS build',
      'old.cjs',
      `const ${NAMES} = require('./node_modules/@sundial/engine/cjs')`,
    ],
  ])('decides in its process, as %s', async (_, file, first) => {
    await project.write(file, `${first};${BODY}`);
    expect(await project.node(file)).toEqual({ stdout: 'true false\n', stderr: '' });
  });

  it('has one instance of each class, by whatever way it loads them', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import * as imported from '@sundial/contract';
      const required = createRequire(import.meta.url)('@sundial/contract');
      console.log(required.QuotaError === imported.QuotaError);`;
    await project.write('instances.mjs', program);
    expect(await project.node('instances.mjs')).toEqual({ stdout: 'true\n', stderr: '' });
  });
});

describe('a strict program that has the client alone', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install(['client', 'contract', 'receipts', 'tracing']);
  }, 120_000);
  afterAll(() => project?.remove());

  it.each(['mts', 'cts'])('has real types, with every declaration checked, in program.%s', async (kind) => {
    const program = `
      import { QuotaClient, type Decision } from '@sundial/client';
      const decision: Promise<Decision> = new QuotaClient({ url: 'http://127.0.0.1' }).check({ resource: 'ocr', subject: {} });
      export const used: Promise<number> = decision.then(({ limits }) => limits[0]!.used);
      export const nonsense = decision.then((it) => it.nonsense);`;
    await project.write(`program.${kind}`, program);
    const errors = await project.errors('--noEmit', '--module', 'nodenext', `program.${kind}`);
    expect(errors).toMatch(/^program\.[cm]ts\(5,\d+\): error TS2339: Property 'nonsense'[^\n]*\n$/);
  });
});

describe('a program that traces, with an SDK older than Sundial', () => {
  let project: Project;
  beforeAll(async () => {
    const sdk = ['@opentelemetry/api@1.4.1', '@opentelemetry/sdk-trace-base@1.13.0'];
    project = await Project.install(['client', 'contract', 'receipts', 'tracing'], sdk);
  }, 120_000);
  afterAll(() => project?.remove());

  it('has one API, and each verb as a span', async () => {
    const program = `
      import { trace } from '@opentelemetry/api';
      import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
      import { QuotaClient } from '@sundial/client';
      const exporter = new InMemorySpanExporter();
      const provider = new BasicTracerProvider();
      provider.addSpanProcessor(new SimpleSpanProcessor(exporter));
      trace.setGlobalTracerProvider(provider);
      const client = new QuotaClient({ url: 'http://127.0.0.1:1', retries: 0 });
      await client.check({ resource: 'ocr', subject: { user: 'u1' } });
      await client.close({ timeoutMs: 0 });
      console.log(exporter.getFinishedSpans().map(({ name }) => name).join());`;
    await project.write('traces.mjs', program);
    expect(await project.node('traces.mjs')).toEqual({ stdout: 'sundial.check\n', stderr: '' });
  });
});

describe('a program that verifies receipts', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install(['client', 'contract', 'receipts', 'tracing']);
  }, 120_000);
  afterAll(() => project?.remove());

  it.each([
    ['an ES module', 'program.mjs', `import { verifyReceipt } from '@sundial/client/receipts'`],
    ['CommonJS', 'program.cjs', `const { verifyReceipt } = require('@sundial/client/receipts')`],
  ])('does so as %s', async (_, file, first) => {
    const body = `verifyReceipt('forged', { resource: 'ocr', jwks: { keys: [] } }).then(({ code }) => console.log(code))`;
    await project.write(file, `${first};${body}`);
    expect(await project.node(file)).toEqual({ stdout: 'malformed\n', stderr: '' });
  });

  it.each(['mts', 'cts'])('has real types, with every declaration checked, in program.%s', async (kind) => {
    const program = `
      import { verifyReceipt } from '@sundial/client/receipts';
      export const user = verifyReceipt('', { resource: 'ocr', jwksUrl: 'http://127.0.0.1' }).then((verdict) =>
        verdict.valid ? verdict.claims.subject['user'] : verdict.code);
      export const nonsense = user.then((it) => it!.nonsense);`;
    await project.write(`program.${kind}`, program);
    const errors = await project.errors('--noEmit', '--module', 'nodenext', `program.${kind}`);
    expect(errors).toMatch(/^program\.[cm]ts\(5,\d+\): error TS2339: Property 'nonsense'[^\n]*\n$/);
  });

  it('loads none of its cryptography where it only asks', async () => {
    await rm(join(project.directory, 'node_modules/jose'), { recursive: true });
    await project.write(
      'asks.mjs',
      `import { QuotaClient } from '@sundial/client'; console.log(typeof QuotaClient);`,
    );
    expect(await project.node('asks.mjs')).toEqual({ stdout: 'function\n', stderr: '' });
  });
});

describe('the command line', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install(['cli', 'client', 'contract', 'receipts', 'tracing']);
  }, 120_000);
  afterAll(() => project?.remove());

  it('is a command of the project that has it, and needs nothing of the service', async () => {
    expect(await project.node('node_modules/.bin/sundial', '--version')).toEqual({
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
    await expect(project.node('-e', "require.resolve('@sundial/engine')")).rejects.toThrow(/Cannot find/);
  });

  it('ends with 2 where nothing answers, and says so', async () => {
    const drill = project.node(
      'node_modules/.bin/sundial',
      'drill',
      '--url',
      'http://127.0.0.1:1',
      '--resource',
      'ocr',
    );
    await expect(drill).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("http://127.0.0.1:1 can't be reached"),
    });
  });
});

describe('a Nest application that asks a service', () => {
  let project: Project;
  beforeAll(async () => {
    const nest = ['@nestjs/common@12', '@nestjs/core@12', 'reflect-metadata', 'rxjs'];
    project = await Project.install(['client', 'contract', 'nest', 'receipts', 'tracing'], nest);
  }, 120_000);
  afterAll(() => project?.remove());

  const program = (options: string) => `
    import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { QuotaClient } from '@sundial/client';
    import { QUOTA, QuotaModule } from '@sundial/nest';
    const client = new QuotaClient({ url: 'http://127.0.0.1:1' });
    const root = { module: class Root {}, imports: [QuotaModule.forRoot(${options})] };
    const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    console.log(app.get(QUOTA) === client);`;

  it('installs neither a store nor a Redis client, and starts', async () => {
    await project.write('asks.mjs', program('{ client }'));
    expect(await project.node('asks.mjs')).toEqual({ stdout: 'true\n', stderr: '' });
    await expect(project.node('-e', "require.resolve('ioredis')")).rejects.toThrow(/Cannot find module/);
    await expect(project.node('-e', "require.resolve('@sundial/engine')")).rejects.toThrow(/Cannot find/);
  });

  it('has types that no missing package makes `any`', async () => {
    await project.write(
      'program.mts',
      `import { QuotaModule, type QuotaModuleOptions } from '@sundial/nest';
      export const options: QuotaModuleOptions = { directory: './data', redis: { url: 'redis://127.0.0.1' } };
      export const module = QuotaModule.forRoot(options);
      export const nonsense: QuotaModuleOptions = { directory: './data', nonsense: 1 };`,
    );
    const errors = await project.errors('--noEmit', '--module', 'nodenext', '--skipLibCheck', 'program.mts');
    expect(errors).toMatch(/^program\.mts\(4,\d+\): error TS2353: [^\n]*'nonsense'[^\n]*\n/);
  });

  it('says what to install where it shall count in its process', async () => {
    await project.write('counts.mjs', program("{ directory: './data' }"));
    await expect(project.node('counts.mjs')).rejects.toThrow(/run npm install @sundial\/embedded/);
  });
});
