import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LiveRules, QuotaEngine } from '@sundial/engine';
import { AppModule } from './app.module.js';
import { redirectSlash } from './console/console-slash.js';
import { serveOpenApi } from './docs/openapi.js';
import { fastifyAdapter, type AdapterOptions } from './http/server/fastify.adapter.js';
import { Door } from './http/admission/door.js';
import { UnreadAnswerLog } from './http/admission/unread-answer-log.js';
import { UnreadAnswers } from './http/admission/unread-answers.js';
import { countAnswers } from './http/server/answer-hooks.js';
import { guardEntrance } from './http/server/entrance.js';
import { guardRoutes } from './http/server/route-hooks.js';
import { traceVerbs } from './http/server/verb-tracing.js';
import { RouteTable } from './http/routes/route-table.js';
import { KeyRing } from './http/keys/key-ring.js';
import { Sessions } from './http/sessions/sessions.js';
import { createLog, logLines } from './logging/log.js';
import { nestLogger } from './logging/nest.logger.js';
import { ProblemFilter } from './http/server/problem.filter.js';
import { Refusals } from './http/refusals/refusals.js';
import type { Settings } from './config/settings.js';
import { Lifecycle } from './http/lifecycle/lifecycle.js';
import { warmUp } from './warm-up.js';

/** The whole service, store opened and rules loaded, ready to listen. `close` on it loses nothing: see `Lifecycle`. */
export async function createService(
  settings: Settings,
  options: AdapterOptions = {},
): Promise<NestFastifyApplication> {
  const lines = logLines({ buffered: settings.eventLog !== undefined });
  const log = createLog(settings.logLevel, lines);
  const keys = new KeyRing(settings);
  const refusals = new Refusals(log, keys);
  const unreadLog = new UnreadAnswerLog(log);
  const unread = new UnreadAnswers(settings.maxUnreadBytes, (answer) => unreadLog.note(answer));
  const routes = new RouteTable();
  const problems = new ProblemFilter(log, routes, refusals);
  const adapter = fastifyAdapter(
    {
      answer: (error, request, reply) => problems.answer(error, request, reply),
      count: (code) => refusals.count(code),
      missing: (asked) => routes.missing(asked),
    },
    options,
  );
  const module = AppModule.with({ settings, log, lines, http: { keys, refusals, unread } });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(log),
  });
  app.useGlobalFilters(problems);
  guardEntrance(adapter.getInstance(), { hasKeys: !keys.isEmpty, allowedHosts: settings.allowedHosts });
  traceVerbs(adapter.getInstance());
  countAnswers(adapter.getInstance(), unread);
  guardRoutes(adapter.getInstance(), {
    keys,
    sessions: app.get(Sessions),
    door: app.get(Door),
    lifecycle: app.get(Lifecycle),
    routes,
    log,
  });
  serveOpenApi(app);
  redirectSlash(app);
  await warmUp(app.get(QuotaEngine), app.get(LiveRules).current);
  return app;
}
