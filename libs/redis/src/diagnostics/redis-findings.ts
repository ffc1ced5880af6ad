import type { StoreFinding, StoreFindingName } from '@sundial/engine';
import type { FailedCommand } from './capability-probe.js';

/** The facts about one server. */
export interface ServerFacts {
  /** `host:port`. */
  readonly server: string;
  /** It was given as a node of a Cluster. */
  readonly inCluster: boolean;
  /** The fields of INFO, or what Redis answered instead. */
  readonly info: ReadonlyMap<string, string> | string;
  readonly failed: readonly FailedCommand[];
  /** The server's clock minus this node's lies between these, ms. Undefined where no reply said it. */
  readonly clock: ClockBounds | undefined;
}

interface ClockBounds {
  readonly least: number;
  readonly most: number;
}

/** The first with `SET … GET` and with access rights for channels. */
const MINIMUM_VERSION: readonly [number, number] = [6, 2];
/** Nothing is decided by a node's clock, but an operator who reads logs of both would be misled. */
const NODE_CLOCK_TOLERANCE_MS = 1_000;
/** A deadline is written by one estimate of the clock for all masters: 50 ms by default. */
const MASTER_CLOCK_TOLERANCE_MS = 25;

/** Every finding there is. `refuse` is what only a change of configuration mends, and what would break a promise. */
export const FINDING_SEVERITY: Readonly<Record<StoreFindingName, StoreFinding['severity']>> = {
  credentials: 'refuse',
  topology: 'refuse',
  version: 'refuse',
  eviction: 'refuse',
  permissions: 'refuse',
  certificate: 'warn',
  unreachable: 'warn',
  role: 'warn',
  writable: 'warn',
  clock: 'warn',
  persistence: 'warn',
  secret: 'warn',
  capacity: 'warn',
  unknown: 'warn',
};

/** The findings about one server. */
export function judgeServer(facts: ServerFacts): StoreFinding[] {
  const { server, inCluster, info, failed, clock } = facts;
  const found: [StoreFindingName, string | undefined][] = [
    ...(typeof info === 'string'
      ? [['unknown', infoForbidden(info)] as [StoreFindingName, string]]
      : judgeInfo(info, inCluster)),
    ['permissions', missingPermissions(failed)],
    ['writable', refusedWrites(failed)],
    ['clock', clock && nodeClock(clock)],
  ];
  return found.flatMap(([name, sentence]) => (sentence ? [finding(name, sentence, server)] : []));
}

/** The key of the nodes' secret holds something else. The node leaves it alone: the program that wrote it may still run. */
export function judgeSecret(key: string): StoreFinding {
  const sentence =
    `The key ${key} holds something that is no secret of Sundial's nodes, so each node uses one of its own: an operation that is ` +
    'repeated at another node is not known there (it is refused as a conflict, or counted once more; nothing is free). ' +
    'Find what wrote it, and delete the key: the next node leaves its secret there within seconds.';
  return finding('secret', sentence, null);
}

/** Whether the masters of a Cluster agree about the time. */
export function judgeClocks(servers: readonly ServerFacts[]): StoreFinding[] {
  const clocks = servers.flatMap(({ server, clock }) => (clock ? [{ server, ...clock }] : []));
  const ahead = clocks.toSorted((a, b) => b.least - a.least)[0];
  const behind = clocks.toSorted((a, b) => a.most - b.most)[0];
  if (!ahead || !behind || ahead.least - behind.most <= MASTER_CLOCK_TOLERANCE_MS) return [];
  const sentence =
    `The clock of ${ahead.server} is ${seconds(ahead.least - behind.most)} ahead of that of ${behind.server}: ` +
    'synchronise the clocks of all masters (NTP), since checks are given deadlines by them.';
  return [finding('clock', sentence, null)];
}

/** What the system says of an address without a server. Node.js reports several addresses by the code alone. */
const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|ENOENT|ENOTSOCK)$/;

/** What kept a connection from being made, if an operator can mend it. A connection that ended is no finding. */
export function judgeConnection({ message, code = '' }: Error & { code?: string }): StoreFinding | undefined {
  if (/^All sentinels are unreachable.*\b(WRONGPASS|NOAUTH)\b/.test(message)) {
    const sentence = `The sentinels do not let Sundial ask them (${message}): correct REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD.`;
    return finding('credentials', sentence, null);
  }
  const elsewhere = misplaced(message);
  if (elsewhere) return finding('topology', elsewhere, null);
  if (/\b(WRONGPASS|NOAUTH)\b|invalid password/.test(message)) {
    const sentence = `Redis does not accept the user and password (${message}): correct them in REDIS_URL, or in REDIS_USERNAME and REDIS_PASSWORD.`;
    return finding('credentials', sentence, null);
  }
  if (/\bNOPERM\b/.test(message)) {
    const sentence = `Redis forbids this user what a connection needs (${message}): give it the rights of docs/redis.md.`;
    return finding('permissions', sentence, null);
  }
  if (/DB index|SELECT is not allowed/i.test(message)) {
    const sentence = `Redis has no database of this number (${message}): correct it at the end of REDIS_URL, or raise databases in its configuration.`;
    return finding('permissions', sentence, null);
  }
  if (/certificate|altname|wrong version number/i.test(message)) {
    const sentence = `No trusted TLS connection to Redis can be made (${message}): set SUNDIAL_REDIS_CA to the certificate of its authority, and use rediss:// or REDIS_TLS=true only where Redis talks TLS.`;
    return finding('certificate', sentence, null);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const sentence = `This process may not open the socket of Redis (${message || code}): let its user do so (unixsocketperm in the configuration of Redis, and the directory's rights).`;
    return finding('unreachable', sentence, null);
  }
  if (UNREACHABLE.test(code) || /sentinels are unreachable/.test(message)) {
    const sentence = `Redis cannot be reached (${message || code}): see whether it runs, whether its address is right, and whether both sides talk TLS or neither does.`;
    return finding('unreachable', sentence, null);
  }
  return undefined;
}

/** The server is of another kind than the settings say. */
function misplaced(message: string): string | undefined {
  const [, , reason = message] = /^(All sentinels are unreachable.*Last error: )?(.*)$/.exec(message) ?? [];
  if (/cluster support disabled/.test(reason)) {
    return `REDIS_CLUSTER_NODES names a Redis that is no Cluster (${reason}): give it as REDIS_URL instead.`;
  }
  if (/unknown command .?sentinel/i.test(reason)) {
    return `REDIS_SENTINELS names a Redis that is no sentinel (${reason}): give the sentinels, on port 26379 mostly, or REDIS_URL.`;
  }
  if (/No such master with that name/.test(reason)) {
    return `The sentinels watch no master of this name (${reason}): correct REDIS_SENTINEL_NAME.`;
  }
  return undefined;
}

function finding(name: StoreFindingName, sentence: string, server: string | null): StoreFinding {
  return { finding: name, severity: FINDING_SEVERITY[name], sentence, server };
}

function judgeInfo(
  info: ReadonlyMap<string, string>,
  inCluster: boolean,
): [StoreFindingName, string | undefined][] {
  return [
    [
      'topology',
      info.get('cluster_enabled') === '1' && !inCluster
        ? 'This Redis is one node of a Cluster, and holds a part of the keys: name it in REDIS_CLUSTER_NODES instead.'
        : undefined,
    ],
    ['version', tooOld(info.get('redis_version'))],
    ['eviction', evictingPolicy(info)],
    [
      'role',
      info.get('role') === 'slave'
        ? 'This Redis is a replica: point Sundial to the master, or to the sentinels that know it.'
        : undefined,
    ],
    [
      'persistence',
      info.get('aof_enabled') === '0'
        ? 'Redis keeps no append-only file: after a restart it has forgotten what was counted. Set appendonly yes.'
        : undefined,
    ],
  ];
}

function infoForbidden(error: string): string {
  return `Redis does not let this user ask for its state (${error}), so version, eviction, role and persistence are not checked: allow INFO, or make sure of them yourself (docs/redis.md).`;
}

function tooOld(version: string | undefined): string | undefined {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [leastMajor, leastMinor] = MINIMUM_VERSION;
  const isOldEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (version === undefined || isOldEnough) return undefined;
  return `Redis is ${version}: Sundial needs ${MINIMUM_VERSION.join('.')} or newer, or Valkey; older ones lack SET … GET and access rights for channels.`;
}

/** Every key of Sundial has an expiry but the rules, so every policy evicts counters. */
function evictingPolicy(info: ReadonlyMap<string, string>): string | undefined {
  const [policy, maxmemory] = [info.get('maxmemory_policy'), info.get('maxmemory')];
  if (policy === undefined || policy === 'noeviction' || maxmemory === undefined || maxmemory === '0')
    return undefined;
  return `Redis may drop counters to make room (maxmemory-policy ${policy}), and what is dropped is allowed again: set maxmemory-policy noeviction.`;
}

const FORBIDDEN =
  /NOPERM|can't run this command|can't access|can't publish|ACL failure|unknown (redis )?command|not allowed from script/i;

/** No right mends this: some managed services run no TIME in a script. */
const NO_SCRIPT = /not allowed from script/i;

function missingPermissions(failed: readonly FailedCommand[]): string | undefined {
  const forbidden = failed.filter(({ error }) => FORBIDDEN.test(error));
  if (forbidden.length === 0) return undefined;
  const names = forbidden.map(({ command }) => command).join(', ');
  const advice = forbidden.some(({ error }) => NO_SCRIPT.test(error))
    ? 'this service cannot carry Sundial (docs/redis.md lists which can).'
    : 'give it the rights of docs/redis.md.';
  return `Redis forbids this user ${names} (${forbidden[0]!.error}): ${advice}`;
}

/** What keeps Redis from writing, and what makes it write again. */
const WRITES_NEED: readonly (readonly [RegExp, string])[] = [
  [/^READONLY/, 'point Sundial to the master.'],
  [/^OOM/, 'its memory is full; raise maxmemory.'],
  [/^MISCONF/, 'it cannot write to its disk; make room there.'],
  [/^NOREPLICAS/, 'too few replicas follow; bring them back, or lower min-replicas-to-write.'],
];

function refusedWrites(failed: readonly FailedCommand[]): string | undefined {
  const refusal = failed.find(({ error }) => !FORBIDDEN.test(error));
  if (!refusal) return undefined;
  const [, fix] = WRITES_NEED.find(([pattern]) => pattern.test(refusal.error)) ?? [];
  return `Redis does not take writes (${refusal.error})${fix ? `: ${fix}` : '.'}`;
}

function nodeClock({ least, most }: ClockBounds): string | undefined {
  const offset = least > 0 ? least : Math.min(most, 0);
  if (Math.abs(offset) <= NODE_CLOCK_TOLERANCE_MS) return undefined;
  return `The clock of Redis is ${seconds(Math.abs(offset))} ${offset > 0 ? 'ahead of' : 'behind'} this node's: synchronise both (NTP). Redis decides the windows.`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 1_000 ? 3 : 1)} s`;
}
