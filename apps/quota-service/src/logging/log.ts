import { pino, stdTimeFunctions, type Logger } from 'pino';

/** The service's one logger: an event a line, as JSON, so that nothing a caller sends can break or forge a line. */
export type Log = Logger;
export const LOG = Symbol('Log');

export function createLog(level: string): Log {
  return pino({ level, timestamp: stdTimeFunctions.isoTime, base: { pid: process.pid } });
}
