import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenedQuota } from '@sundial/embedded';
import { threadsBegun } from '@sundial/ledger';
import { OPENED_QUOTA } from './engine/tokens.js';
import { greeting } from './greeting.js';
import { KeyRing } from './http/keys/key-ring.js';
import { reloadKeys } from './http/keys/reload-keys.js';
import { LOG, type Log } from './logging/log.js';
import { createService } from './service.js';
import { configurationErrors } from './configuration-errors.js';
import { cautions } from './config/cautions.js';
import { youngGenerationAdvice } from './young-generation.js';
import { stopLimitMs } from './config/stop-limit.js';
import { ConfigurationError, readKeys, readSettings, type Settings } from './config/settings.js';

/** How long the end of the process waits for threads that begin. */
const BEGUN_WITHIN_MS = 1_000;

/** What a stop signal does: at first it ends a start that is under way, where nothing has been counted yet. */
let stop: () => void = () => end(0);
process.on('SIGTERM', () => stop());
process.on('SIGINT', () => stop());

try {
  const settings = readSettings(process.env);
  const app = await createService(settings);
  const log = app.get<Log>(LOG);
  stop = closing(app, settings, log);
  reloadOnSignal(app.get(KeyRing), settings, log);
  await listen(app, settings);
  for (const caution of cautions(settings)) log.warn(caution);
  const advice = youngGenerationAdvice();
  if (advice) log.info(advice);
  log.info({ address: app.getHttpServer().address() }, 'listening');
  const { level, fields, sentence } = app.get<OpenedQuota>(OPENED_QUOTA).inForce;
  log[level](fields, sentence);
  process.stderr.write(greeting(settings, app.getHttpServer().address() as AddressInfo));
} catch (error) {
  // Plainly, and not as JSON: the operator who starts the service reads this, and it says what to change.
  const errors = await configurationErrors(process.env, error);
  process.stderr.write(`Sundial did not start:\n${errors.join('\n')}\n`);
  end(1);
}

function end(code: number): void {
  void Promise.race([threadsBegun(), sleep(BEGUN_WITHIN_MS)]).finally(() => process.exit(code));
}

async function listen(app: NestFastifyApplication, { host, port }: Settings): Promise<void> {
  await app.listen(port, host).catch((cause: Error) => {
    const place = `HOST=${JSON.stringify(host)} and PORT=${port}`;
    throw new ConfigurationError([`${place} must be a free place to listen (${cause.message})`]);
  });
}

/** The first signal lets everything in flight finish; a second one ends the process at once. */
function closing(app: NestFastifyApplication, settings: Settings, log: Log): () => void {
  const exit = (code: number) => () => end(code);
  const limitMs = stopLimitMs(settings);
  const giveUp = () => {
    log.error({ limitMs }, 'Redis or the disk does not let this node close: the process ends all the same');
    end(1);
  };
  return () => {
    stop = exit(1);
    setTimeout(giveUp, limitMs).unref();
    app.close().then(exit(0), exit(1));
  };
}

/** Without key files SIGHUP keeps its meaning: a closed terminal ends the process. */
function reloadOnSignal(keys: KeyRing, { hasKeyFiles }: Settings, log: Log): void {
  if (hasKeyFiles) process.on('SIGHUP', () => reloadKeys(keys, () => readKeys(process.env), log));
}
