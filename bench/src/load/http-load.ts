import type { HttpAnswer } from '../../../test/support/http-connection.js';

/** A list, or what makes each request when it is due: millions of them kept would make the generator collect garbage. */
export interface Requests {
  readonly length: number;
  at(index: number): Buffer | undefined;
}

/** What a server is asked over how many connections, and for how long. */
export interface HttpLoad {
  readonly port: number;
  /** Sent over and over, in turn. */
  readonly requests: Requests;
  readonly connections: number;
  readonly durationMs: number;
}

/** Anything but a 200 is an error where speed is measured, since a bench that measures errors measures nothing. */
export function assertOk({ status, bytes }: HttpAnswer): void {
  if (status !== 200) throw new Error(`Not a 200: ${bytes.toString()}`);
}
