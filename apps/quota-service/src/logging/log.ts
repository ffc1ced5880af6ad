import { type DestinationStream, pino, stdTimeFunctions, type Logger } from 'pino';

/** The service's one logger: an event a line, as JSON, so that nothing a caller sends can break or forge a line. */
export type Log = Logger;
export const LOG = Symbol('Log');
/** Injects the `LogLines` that the log is written to, where more is written beside it. */
export const LOG_LINES = Symbol('LogLines');

/** Of lines that wait because what reads them is slow: beyond it lines are dropped. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Standard output, line by line. */
export interface LogLines extends DestinationStream {
  /** Called with each line that is dropped. */
  on(name: 'drop', listener: (line: string) => void): unknown;
}

/** Lines are written when they are made, or, `buffered`, by another thread: so many that a slow reader would hold up checks. */
export function logLines({ buffered }: { readonly buffered: boolean }): LogLines {
  return pino.destination({ dest: 1, sync: !buffered, ...(buffered && { maxLength: MAX_WAITING_BYTES }) });
}

export function createLog(level: string, lines: DestinationStream): Log {
  return pino({ level, timestamp: stdTimeFunctions.isoTime, base: { pid: process.pid } }, lines);
}
