/** Where one Redis is, and as whom to use it: all that a URL may say. */
export interface RedisAddress {
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly isTls: boolean;
}

/** A URL that does not say where Redis is, or says more than that. The message begins with its verb: `must …`. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

const DEFAULT_PORT = 6379;
/** Scheme, user and password, host and port, path, query, fragment. By `URL` a `unix:` with a user is none. */
const PARTS = /^(redis|rediss|unix):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(\?[^#]*)?(#.*)?$/is;
const HOST_AND_PORT = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;
const DATABASE = /^\d{1,5}$/;
/** The shortest that a system allows (macOS; Linux takes 107). */
const MAX_SOCKET_PATH_BYTES = 103;

const EXAMPLES =
  'redis://[user:password@]host:6379[/database], or rediss:// for TLS, or unix://[user:password@]/path/to/redis.sock[?db=database]';
const ENCODE = 'in a user or password write # / ? % as %23 %2F %3F %25';

/**
 * Reads `redis://[user:password@]host[:port][/database]`, `rediss://…` (TLS) or
 * `unix://[user:password@]/path/to/redis.sock[?db=database]`.
 *
 * Nothing else is taken. A client library would make options of the rest, and an option such as `keyPrefix` would let this
 * node count under other keys than the other nodes do.
 * @throws RedisUrlError, whose message holds nothing of user and password.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [, scheme = '', user, authority = '', path = '', query = '', fragment] =
    PARTS.exec(text.trim()) ?? [];
  if (scheme === '') throw new RedisUrlError(`must look like ${EXAMPLES}`);
  if (fragment !== undefined) throw new RedisUrlError(`must have no #…: ${ENCODE}`);
  const credentials = credentialsOf(user);
  if (scheme.toLowerCase() === 'unix') return { ...socketOf(authority, path, query), ...credentials };
  return { ...serverOf(authority, path, query), ...credentials, isTls: scheme.toLowerCase() === 'rediss' };
}

/**
 * Of a URL for this kind of Redis.
 * @throws RedisUrlError as `parseRedisUrl`, and where a Cluster is to have another database than 0, or to be at a socket.
 */
export function parseRedisUrlFor(kind: 'single' | 'sentinel' | 'cluster', text: string): RedisAddress {
  const address = parseRedisUrl(text);
  if (kind === 'cluster' && address.database !== 0)
    throw new RedisUrlError('must name no database: a Cluster has only 0');
  if (kind !== 'single' && 'path' in address.at)
    throw new RedisUrlError('must be a redis:// or rediss:// URL: only one server can be at a Unix socket');
  return address;
}

/** What `parseRedisUrlFor` would throw, as a sentence that begins with `must`; undefined where it throws nothing. */
export function redisUrlError(
  url: unknown,
  kind: 'single' | 'sentinel' | 'cluster' = 'single',
): string | undefined {
  try {
    parseRedisUrlFor(kind, typeof url === 'string' ? url : '');
    return undefined;
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message;
    throw error;
  }
}

type Place = Pick<RedisAddress, 'at' | 'database' | 'isTls'>;

function serverOf(authority: string, path: string, query: string): Place {
  const [, ipv6, name, port = String(DEFAULT_PORT)] = HOST_AND_PORT.exec(authority) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new RedisUrlError(`must name a host, and a port from 1 to 65535 if any; ${ENCODE}`);
  }
  if (query !== '') {
    if (namesIn(query).includes('db'))
      throw new RedisUrlError('must give the database as its path, as in redis://host:6379/3, not as ?db=3');
    throw noOptions(query);
  }
  const database = path.slice(1) || '0';
  if (!DATABASE.test(database))
    throw new RedisUrlError('must end with the number of the database, as in redis://host:6379/3');
  return { at: { host, port: Number(port) }, database: Number(database), isTls: false };
}

function socketOf(authority: string, encodedPath: string, query: string): Place {
  const path = decoded(encodedPath, 'path');
  if (authority !== '' || path.length < 2 || path.endsWith('/') || path.includes('\0')) {
    throw new RedisUrlError(
      'must give the whole path of a socket, as in unix:///run/redis/redis.sock or unix://user:password@/run/redis/redis.sock',
    );
  }
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new RedisUrlError(
      `must give a path of at most ${MAX_SOCKET_PATH_BYTES} bytes: systems take no longer one for a socket`,
    );
  }
  if (query === '') return { at: { path }, database: 0, isTls: false };
  const names = namesIn(query);
  if (names.some((name) => name !== 'db')) throw noOptions(query);
  const database = new URLSearchParams(query).get('db') ?? '';
  if (names.length !== 1 || !DATABASE.test(database)) {
    throw new RedisUrlError(
      'must give the number of the database once, as in unix:///run/redis/redis.sock?db=3',
    );
  }
  return { at: { path }, database: Number(database), isTls: false };
}

function namesIn(query: string): string[] {
  return [...new URLSearchParams(query).keys()];
}

/** Without values, and without names where the ? may be one of a password. */
function noOptions(query: string): RedisUrlError {
  const names = query.includes('@') ? [] : namesIn(query);
  const shown = names.slice(0, 8).map((name) => name.replaceAll(/[^\w.-]/g, '_').slice(0, 32));
  const what = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
  return new RedisUrlError(
    `must have no options behind a ?${what}: all nodes have to use the same keys and commands; ${ENCODE}`,
  );
}

function credentialsOf(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined) return {};
  const [, user = '', password = ''] = /^([^:]*)(?::(.*))?$/s.exec(text)!;
  if (user !== '' && password === '')
    throw new RedisUrlError(
      'must have a password beside its user, as in redis://user:password@host, or neither',
    );
  return {
    ...(user && { username: decoded(user, 'user') }),
    ...(password && { password: decoded(password, 'password') }),
  };
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError(`must have a validly percent-encoded ${what}: ${ENCODE}`);
  }
}
