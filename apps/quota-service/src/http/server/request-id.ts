import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ACCEPTED = /^[\x21-\x7e]{1,128}$/;
/** Distinguishes nodes and restarts; the counter distinguishes requests. */
const PREFIX = randomBytes(6).toString('base64url');
let count = 0;

/** The caller's `x-request-id` when it is fit to be logged and sent back, else one of our own. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && ACCEPTED.test(given)) return given;
  count += 1;
  return `${PREFIX}-${count.toString(36)}`;
}
