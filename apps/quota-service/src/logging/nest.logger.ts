import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

/** Who in Nest reports a module that cannot be made, and a port that cannot be listened on. */
const STARTERS: readonly unknown[] = ['ExceptionHandler', 'NestApplication'];

/** What Nest itself has to say. Its account of the start is for debugging. */
export function nestLogger(log: Log): LoggerService {
  return {
    fatal: (message: unknown, ...context: unknown[]) => log.fatal({ context }, String(message)),
    error: (message: unknown, ...context: unknown[]) => {
      // A start that failed: it is thrown as well, and `main.ts` says it once and plainly.
      const level = STARTERS.includes(context.at(-1)) ? 'debug' : 'error';
      log[level]({ context }, String(message));
    },
    warn: (message: unknown, ...context: unknown[]) => log.warn({ context }, String(message)),
    log: (message: unknown, ...context: unknown[]) => log.debug({ context }, String(message)),
    debug: (message: unknown, ...context: unknown[]) => log.trace({ context }, String(message)),
  };
}
