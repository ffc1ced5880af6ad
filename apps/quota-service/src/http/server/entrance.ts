import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { Problem } from '../problems/problem.js';
import { isLoopback } from '../../config/loopback.js';
import { ANSWER_HEADERS } from '../answer-headers.js';

export interface EntranceOptions {
  /** Whether callers need keys. */
  readonly hasKeys: boolean;
  /** With keys: the host names callers may use. Undefined: any. */
  readonly allowedHosts: readonly string[] | undefined;
}

/** Looks at the headers of every request before its route does, and puts on every answer what each must have. */
export function guardEntrance(fastify: FastifyInstance, options: EntranceOptions): void {
  const entrance = new Entrance(options);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(ANSWER_HEADERS);
    done(entrance.refusal(request.raw));
  });
}

/**
 * Which requests are taken at all: those that every program on their way reads alike, and that were meant for this
 * service. Without keys a browser on the same machine is the only thing between the service and the pages it shows:
 * a page whose name its owner points to 127.0.0.1 has that name in `Host` (DNS rebinding), one of another site has
 * itself in `Origin`. With keys neither can do anything, as a page has no key that a browser would send by itself.
 */
class Entrance {
  readonly #isOpen: boolean;
  readonly #allowedHosts: ReadonlySet<string> | undefined;
  /** The last `Host` that was let in: nearly every request repeats it. */
  #known: string | undefined;

  constructor({ hasKeys, allowedHosts }: EntranceOptions) {
    this.#isOpen = !hasKeys;
    this.#allowedHosts = allowedHosts && new Set(allowedHosts.map((host) => hostName(host) ?? host));
  }

  refusal(request: IncomingMessage): Problem | undefined {
    const { headers, rawHeaders, httpVersionMinor } = request;
    const { host, origin } = headers;
    const coding = headers['transfer-encoding'];
    if (host === undefined ? httpVersionMinor > 0 : hasTwoHosts(rawHeaders)) return NOT_ONE_HOST;
    if (request.url?.charCodeAt(0) !== SLASH) return NO_PATH;
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') return UNKNOWN_CODING;
    if (host !== this.#known && !this.#letsIn(host))
      return this.#isOpen ? NO_LOOPBACK_NAME : HOST_NOT_ALLOWED;
    this.#known = host;
    if (this.#isOpen && origin !== undefined && !isOwnOrigin(origin, host)) return FOREIGN_ORIGIN;
    return undefined;
  }

  #letsIn(host: string | undefined): boolean {
    // HTTP/1.0 without a Host: no browser sends that.
    if (host === undefined) return true;
    const name = hostName(host);
    if (name === undefined) return false;
    if (isLoopback(name)) return true;
    return !this.#isOpen && (this.#allowedHosts?.has(name) ?? true);
  }
}

/** `Host` without its port, an IPv6 address without its brackets; undefined where it is no such thing. */
function hostName(host: string): string | undefined {
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([^:[\]/@\s]+?)\.?)(?::\d{0,5})?$/i.exec(host) ?? [];
  return (address ?? name)?.toLowerCase();
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const [scheme, authority] = origin.toLowerCase().split('://');
  return (scheme === 'http' || scheme === 'https') && authority === host?.toLowerCase();
}

/** Node.js keeps the first of them, a proxy before it perhaps the last. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let found = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (found) return true;
    found = true;
  }
  return false;
}

const SLASH = 0x2f;

/** Made once: refusing a request must cost less than serving it. */
const NOT_ONE_HOST = new Problem('malformed-request', 'Send one Host header.');
const NO_PATH = new Problem('malformed-request', 'Ask for a path, such as /check.');
const UNKNOWN_CODING = new Problem(
  'transfer-coding-unknown',
  'Send the body as it is, or chunked: no other transfer-encoding is known.',
  // Where its body ends cannot be known, nor where the next request begins.
  { headers: { connection: 'close' } },
);
const NO_LOOPBACK_NAME = new Problem(
  'host-not-allowed',
  'Without keys this service answers to localhost, 127.0.0.1 and [::1] only: set SUNDIAL_CHECK_KEYS and SUNDIAL_ADMIN_KEYS.',
);
const HOST_NOT_ALLOWED = new Problem('host-not-allowed', 'This Host is not in SUNDIAL_ALLOWED_HOSTS.');
const FOREIGN_ORIGIN = new Problem(
  'origin-not-allowed',
  'Without keys this service takes requests of its own pages only: set SUNDIAL_CHECK_KEYS and SUNDIAL_ADMIN_KEYS.',
);
