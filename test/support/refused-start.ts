import { configurationErrors } from '../../apps/quota-service/src/configuration-errors.js';
import { createService, readSettings } from '../../apps/quota-service/src/index.js';
import { temporaryDirectory } from './temporary-directory.js';

/**
 * What an operator reads of a service that does not start with these settings. It is not started in a process of its own, which
 * would take a second or two each: that such a process ends, with 1, and never opens its port is said by `http-start.spec.ts`.
 */
export async function refusedStart(env: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory();
  const variables = { SUNDIAL_DATA_DIR: directory.path, LOG_LEVEL: 'silent', ...env };
  try {
    const started = await start(variables).then(
      (app) => ({ app }),
      (failure: unknown) => ({ failure }),
    );
    if ('failure' in started) return (await configurationErrors(variables, started.failure)).join('\n');
    await started.app.close();
    throw new Error('The service started.');
  } finally {
    await directory.remove();
  }
}

async function start(variables: Readonly<Record<string, string>>) {
  return createService(readSettings(variables));
}
