import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { followingMaster } from './redis-failover-watch.js';
import { endingSilence } from './redis-silence-watch.js';
import { parseRedisUrl, parseRedisUrlFor } from './redis-url.js';

/**
 * Where Redis is: one server (`parseRedisUrl` says which URLs there are), a Sentinel group, or a Cluster. For the last two
 * `url` carries user, password, database (a Cluster has only 0) and, as `rediss:`, that all of them talk TLS; its host
 * is not looked at.
 */
export type RedisTarget = (
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostPort[];
      readonly name: string;
      readonly url?: string;
      /** For the sentinels themselves; `url` is for the servers they watch. */
      readonly sentinelCredentials?: { readonly username?: string; readonly password: string };
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly HostPort[]; readonly url?: string }
) & {
  /** Certificates (PEM) of the authority that signed those of the servers. Default: the authorities Node.js trusts. */
  readonly ca?: string;
};

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type RedisClient = Redis | Cluster;

/** A silent connection with commands in flight is ended after this long. */
const SILENCE_LIMIT_MS = 500;
/** For a server that says something now and then, and answers nothing. No deadline: the command may still run (ioredis #2130). */
const COMMAND_LIMIT_MS = 5_000;
const RECONNECT_FLOOR_MS = 50;
const MAX_RECONNECT_MS = 250;

/**
 * @throws RedisUrlError where the target's URL says more than where Redis is.
 *
 * A client that never sends a command twice and never queues one while down: an in-flight call is rejected when
 * its socket closes, and its caller decides what that means. It connects in the background and for ever.
 */
export function connectRedis(target: RedisTarget, connectionName: string): RedisClient {
  const client = open(target, connectionName);
  // Without a listener ioredis prints every failed attempt; states are reported by the engine instead.
  client.on('error', () => undefined);
  return client;
}

function open(target: RedisTarget, connectionName: string): RedisClient {
  const options = { ...NEVER_TWICE, connectionName };
  switch (target.kind) {
    case 'single':
      return untilDisconnected(
        admitted(new Redis({ ...options, ...placeOf(target), ...credentialsOf(target) })),
      );
    case 'sentinel':
      return openSentinel(target, options);
    case 'cluster':
      return connectingAtOnce(
        new Cluster([...target.nodes], {
          ...CLUSTER_NEVER_TWICE,
          redisOptions: { ...options, ...credentialsOf(target) },
        }),
      );
    default:
      return target satisfies never;
  }
}

function openSentinel(target: RedisTarget & { kind: 'sentinel' }, options: typeof NEVER_TWICE): RedisClient {
  const { tls, ...credentials } = credentialsOf(target);
  const sentinels = [...target.sentinels];
  const { username, password } = target.sentinelCredentials ?? {};
  const client = new Redis({
    ...options,
    ...credentials,
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    sentinels,
    name: target.name,
    sentinelRetryStrategy: backOff,
    // A frozen sentinel accepts connections, and would be waited for for ever.
    sentinelCommandTimeout: SILENCE_LIMIT_MS,
  });
  const asked = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  const listening = {
    ...options,
    ...asked,
    ...(tls && { tls }),
    enableReadyCheck: false,
    autoResubscribe: false,
  };
  const listeners = sentinels.map(({ host, port }) => heardOf(new Redis({ ...listening, host, port })));
  return followingMaster(untilDisconnected(admitted(client)), target.name, listeners);
}

/**
 * A failover that is announced in the middle of an attempt to connect ends ioredis' client for good. Here only
 * `disconnect()` does.
 */
function untilDisconnected(client: Redis): Redis {
  let isWanted = true;
  const disconnect = client.disconnect.bind(client);
  client.disconnect = (reconnect = false) => {
    isWanted &&= reconnect;
    disconnect(reconnect);
  };
  const connect = () => isWanted && client.connect().catch(() => undefined);
  return client.on('end', () => isWanted && setTimeout(connect, backOff(1)));
}

/**
 * A Cluster's client connects to a node with the first command for it, and refuses all others until it is connected.
 * So every node is connected to as soon as it is known; not earlier than the client's own first command to it, which
 * asks whether the Cluster is ready.
 */
function connectingAtOnce(cluster: Cluster): Cluster {
  const connectSoon = (node: Redis) =>
    setImmediate(() => node.status === 'wait' && void node.connect().catch(() => undefined));
  cluster.on('ready', () => cluster.nodes().forEach(connectSoon));
  return cluster.on('+node', (node: Redis) => {
    admitted(node);
    if (cluster.status === 'ready') connectSoon(node);
  });
}

function admitted(client: Redis): Redis {
  return inItsDatabase(readyWithoutInfo(heardOf(client)));
}

/** ioredis counts on in database 0 when Redis does not let it into the configured one: another's, perhaps. */
function inItsDatabase(client: Redis): Redis {
  return client.on('error', ({ command }: Error & { command?: { name: string } }) => {
    if (command?.name === 'select') client.disconnect(true);
  });
}

/** Before it is ready, ioredis asks by INFO whether the server is still loading; where that is renamed it never would be. */
function readyWithoutInfo(client: Redis): Redis {
  const info = client.info.bind(client) as (...sections: unknown[]) => Promise<string>;
  const nothingIfRefused = (error: Error) => {
    if (/NOPERM|unknown command/i.test(error.message)) return '';
    throw error;
  };
  const ask = (...args: unknown[]) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return info(...args);
    return info()
      .catch(nothingIfRefused)
      .then(
        (text) => callback(null, text),
        (error) => callback(error),
      );
  };
  client.info = ask as Redis['info'];
  return client;
}

function heardOf(client: Redis): Redis {
  return endingSilence(client, SILENCE_LIMIT_MS);
}

/** Sources: ioredis issues #2130, #2193, #1431, #305; measured in docs/adr/0003. */
const NEVER_TWICE = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: COMMAND_LIMIT_MS,
  connectTimeout: 1_000,
  disconnectTimeout: 100,
  maxLoadingRetryTime: 1_000,
  keepAlive: 5_000,
  noDelay: true,
  retryStrategy: backOff,
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
} satisfies RedisOptions;

const CLUSTER_NEVER_TWICE = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  maxRedirections: 3,
  slotsRefreshTimeout: SILENCE_LIMIT_MS,
  slotsRefreshInterval: 5_000,
  scaleReads: 'master',
  clusterRetryStrategy: backOff,
} satisfies ClusterOptions;

function backOff(attempt: number): number {
  const step = RECONNECT_FLOOR_MS * 2 ** Math.min(attempt - 1, 8);
  return Math.min(step, MAX_RECONNECT_MS) + Math.random() * RECONNECT_FLOOR_MS;
}

/** Never the URL itself: the client would make options of whatever stands behind a `?`. */
function placeOf({ url }: { readonly url: string }): Pick<RedisOptions, 'host' | 'port' | 'path'> {
  return parseRedisUrl(url).at;
}

function credentialsOf({
  url,
  ca,
  kind,
}: RedisTarget): Pick<RedisOptions, 'username' | 'password' | 'db' | 'tls'> {
  if (url === undefined) return {};
  const { username, password, database, isTls } = parseRedisUrlFor(kind, url);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(database !== 0 && { db: database }),
    ...(isTls && { tls: ca === undefined ? {} : { ca } }),
  };
}
