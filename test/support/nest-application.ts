import type { ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import supertest from 'supertest';

const started: NestFastifyApplication[] = [];

/** A running Nest application on Fastify; `closeNestApplications` in an `afterEach` ends it. */
export async function startNestApplication(
  metadata: ModuleMetadata,
  override: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
): Promise<NestFastifyApplication> {
  const testing = await override(Test.createTestingModule(metadata)).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  started.push(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

export async function closeNestApplications(): Promise<void> {
  await Promise.all(started.splice(0).map((app) => app.close()));
}

/** Requests over a real socket: Fastify's own `inject` does not load under Jest on Node 20. */
export function request(app: NestFastifyApplication): ReturnType<typeof supertest> {
  return supertest(app.getHttpServer());
}
