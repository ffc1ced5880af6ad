import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { greeting } from './greeting.js';
import { KeyRing } from './http/keys/key-ring.js';
import { reloadKeys } from './http/keys/reload-keys.js';
import { LOG, type Log } from './logging/log.js';
import { createService } from './service.js';
import { allMistakes } from './all-mistakes.js';
import { cautions } from './config/cautions.js';
import { youngGenerationAdvice } from './young-generation.js';
import { ConfigurationError, readKeys, readSettings, type Settings } from './config/settings.js';

/** Closing a store and its connections takes milliseconds; one that hangs must not keep the process. */
const CLOSE_LIMIT_MS = 5_000;

try {
  const settings = readSettings(process.env);
  const app = await createService(settings);
  const log = app.get<Log>(LOG);
  closeOnSignal(app, settings);
  reloadOnSignal(app.get(KeyRing), settings, log);
  await listen(app, settings);
  for (const caution of cautions(settings)) log.warn(caution);
  const advice = youngGenerationAdvice();
  if (advice) log.info(advice);
  log.info({ address: app.getHttpServer().address() }, 'listening');
  process.stderr.write(greeting(settings, app.getHttpServer().address() as AddressInfo));
} catch (error) {
  // Plainly, and not as JSON: whoever starts the service reads this, and it says what to change.
  const mistakes = await allMistakes(process.env, error);
  process.stderr.write(`Sundial did not start:\n${mistakes.join('\n')}\n`);
  process.exit(1);
}

async function listen(app: NestFastifyApplication, { host, port }: Settings): Promise<void> {
  await app.listen(port, host).catch((cause: Error) => {
    const place = `HOST=${JSON.stringify(host)} and PORT=${port}`;
    throw new ConfigurationError([
      `${place} must be a place to listen that nobody else has (${cause.message})`,
    ]);
  });
}

/** The first signal lets everything in flight finish; a second one ends the process at once. */
function closeOnSignal(app: NestFastifyApplication, { lameDuckMs, shutdownGraceMs }: Settings): void {
  const exit = (code: number) => () => process.exit(code);
  let isClosing = false;
  const close = () => {
    if (isClosing) process.exit(1);
    isClosing = true;
    setTimeout(exit(1), lameDuckMs + shutdownGraceMs + CLOSE_LIMIT_MS).unref();
    app.close().then(exit(0), exit(1));
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

/** Without key files SIGHUP keeps its meaning: a closed terminal ends the process. */
function reloadOnSignal(keys: KeyRing, { hasKeyFiles }: Settings, log: Log): void {
  if (hasKeyFiles) process.on('SIGHUP', () => reloadKeys(keys, () => readKeys(process.env), log));
}
