import { Logger } from '@nestjs/common';
import type { QuotaAlarm, QuotaSettings } from '@sundial/contract';
import { tracedQuota } from '@sundial/tracing';
import type { CountingQuota } from './counting-quota.js';

/**
 * Opens Sundial in this process. Its package is loaded only then: an application that asks a service installs neither it
 * nor a Redis client.
 */
export async function openEmbedded(
  settings: QuotaSettings,
  onAlarm: (alarm: QuotaAlarm) => void = logAlarm,
): Promise<CountingQuota> {
  const { openQuota } = await load();
  const opened = await openQuota(settings, { onAlarm, log: LINES });
  const { engine, admin, nodes, files, inForce } = opened;
  LINES[inForce.level](inForce.fields, inForce.sentence);
  return {
    quota: tracedQuota(engine),
    rules: admin,
    status: () => {
      const { store, mode, cause, findings } = engine.status();
      const sentences = [...findings, ...files.current].map(({ sentence }) => sentence);
      return { store, mode, cause, findings: sentences, rulesVersion: admin.version, nodes: nodes.live };
    },
    close: () => opened.close(),
  };
}

async function load() {
  try {
    // eslint-disable-next-line no-restricted-syntax -- an optional peer: a static import would force it on every application.
    return await import('@sundial/embedded');
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new Error(
      'QuotaModule counts in this process by @sundial/embedded, which is not installed: run npm install @sundial/embedded, ' +
        'or give QuotaModule a client that asks a Sundial service.',
      { cause },
    );
  }
}

function isMissing(error: unknown): boolean {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(String(code)) && message.includes('@sundial/embedded');
}

const logger = new Logger('Sundial');

/** The log of the application. */
function logAlarm({ name, state, severity, message, details }: QuotaAlarm): void {
  const line = `${message} [${name} ${state}] ${JSON.stringify(details)}`;
  switch (severity) {
    case 'error':
      logger.error(line);
      break;
    case 'warn':
      logger.warn(line);
      break;
    case 'info':
      logger.log(line);
      break;
    default:
      severity satisfies never;
  }
}

const LINES = {
  info: (fields: object, message: string) => logger.log(`${message} ${JSON.stringify(fields)}`),
  warn: (fields: object, message: string) => logger.warn(`${message} ${JSON.stringify(fields)}`),
  error: (fields: object, message: string) => logger.error(`${message} ${JSON.stringify(fields)}`),
};
