import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LiveRules, QuotaEngine } from '@sundial/engine';
import { Registry } from 'prom-client';
import { AppModule } from './app.module.js';
import { serveOpenApi } from './docs/openapi.js';
import { fastifyAdapter, type AdapterOptions } from './http/fastify.adapter.js';
import { Door } from './http/door.js';
import { guardEntrance } from './http/entrance.js';
import { guardRoutes } from './http/route-hooks.js';
import { RouteTable } from './http/route-table.js';
import { KeyRing } from './keys/key-ring.js';
import { createLog } from './logging/log.js';
import { nestLogger } from './logging/nest.logger.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { Refusals } from './problems/refusals.js';
import type { Settings } from './settings/settings.js';
import { Lifecycle } from './shutdown/lifecycle.js';
import { warmUp } from './warm-up.js';

/** The whole service, store opened and rules loaded, ready to listen. `close` on it loses nothing: see `Lifecycle`. */
export async function createService(
  settings: Settings,
  options: AdapterOptions = {},
): Promise<NestFastifyApplication> {
  const log = createLog(settings.logLevel);
  const routes = new RouteTable();
  const refusals = new Refusals(log);
  const problems = new ProblemFilter(log, routes, refusals);
  const adapter = fastifyAdapter(
    (error, request, reply) => problems.answer(error, request, reply),
    (code) => refusals.count(code),
    options,
  );
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings, log), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(log),
  });
  app.useGlobalFilters(problems);
  const keys = app.get(KeyRing);
  refusals.attach(app.get(Registry), keys);
  guardEntrance(adapter.getInstance(), { hasKeys: !keys.isEmpty, allowedHosts: settings.allowedHosts });
  guardRoutes(adapter.getInstance(), {
    keys,
    door: app.get(Door),
    lifecycle: app.get(Lifecycle),
    routes,
    log,
  });
  serveOpenApi(app);
  await warmUp(app.get(QuotaEngine), app.get(LiveRules).current);
  return app;
}
