import { saidFinding, type SaidFinding } from '@sundial/contract';
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
  const found: [StoreFindingName, SaidFinding | undefined][] = [
    ...(typeof info === 'string'
      ? [['unknown', saidFinding('info-forbidden', { error: info })] as [StoreFindingName, SaidFinding]]
      : judgeInfo(info, inCluster)),
    ['permissions', missingPermissions(failed)],
    ['writable', refusedWrites(failed)],
    ['clock', clock && nodeClock(clock)],
  ];
  return found.flatMap(([name, said]) => (said ? [finding(name, said, server)] : []));
}

/** The key of the nodes' secret holds something else. The node leaves it alone: the program that wrote it may still run. */
export function judgeSecret(key: string): StoreFinding {
  return finding('secret', saidFinding('secret', { key }), null);
}

/** Whether the masters of a Cluster agree about the time. */
export function judgeClocks(servers: readonly ServerFacts[]): StoreFinding[] {
  const clocks = servers.flatMap(({ server, clock }) => (clock ? [{ server, ...clock }] : []));
  const ahead = clocks.toSorted((a, b) => b.least - a.least)[0];
  const behind = clocks.toSorted((a, b) => a.most - b.most)[0];
  if (!ahead || !behind || ahead.least - behind.most <= MASTER_CLOCK_TOLERANCE_MS) return [];
  const said = saidFinding('master-clocks', {
    ahead: ahead.server,
    offset: seconds(ahead.least - behind.most),
    behind: behind.server,
  });
  return [finding('clock', said, null)];
}

/** What the system says of an address without a server. Node.js reports several addresses by the code alone. */
const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|ENOENT|ENOTSOCK)$/;

/** What kept a connection from being made, if an operator can mend it. A connection that ended is no finding. */
export function judgeConnection({ message, code = '' }: Error & { code?: string }): StoreFinding | undefined {
  const error = message || code;
  if (/^All sentinels are unreachable.*\b(WRONGPASS|NOAUTH)\b/.test(message))
    return finding('credentials', saidFinding('sentinel-credentials', { error }), null);
  const elsewhere = misplaced(message);
  if (elsewhere) return finding('topology', elsewhere, null);
  if (/\b(WRONGPASS|NOAUTH)\b|invalid password/.test(message))
    return finding('credentials', saidFinding('credentials', { error }), null);
  if (/\bNOPERM\b/.test(message))
    return finding('permissions', saidFinding('connection-forbidden', { error }), null);
  if (/DB index|SELECT is not allowed/i.test(message))
    return finding('permissions', saidFinding('database-number', { error }), null);
  if (/certificate|altname|wrong version number/i.test(message))
    return finding('certificate', saidFinding('certificate', { error }), null);
  if (code === 'EACCES' || code === 'EPERM')
    return finding('unreachable', saidFinding('socket-rights', { error }), null);
  if (UNREACHABLE.test(code) || /sentinels are unreachable/.test(message))
    return finding('unreachable', saidFinding('unreachable', { error }), null);
  return undefined;
}

/** The server is of another kind than the settings say. */
function misplaced(message: string): SaidFinding | undefined {
  const [, , error = message] = /^(All sentinels are unreachable.*Last error: )?(.*)$/.exec(message) ?? [];
  if (/cluster support disabled/.test(error)) return saidFinding('not-a-cluster', { error });
  if (/unknown command .?sentinel/i.test(error)) return saidFinding('not-a-sentinel', { error });
  if (/No such master with that name/.test(error)) return saidFinding('sentinel-name', { error });
  return undefined;
}

function finding(name: StoreFindingName, said: SaidFinding, server: string | null): StoreFinding {
  return { finding: name, severity: FINDING_SEVERITY[name], server, ...said };
}

function judgeInfo(
  info: ReadonlyMap<string, string>,
  inCluster: boolean,
): [StoreFindingName, SaidFinding | undefined][] {
  return [
    ['topology', info.get('cluster_enabled') === '1' && !inCluster ? saidFinding('cluster-node') : undefined],
    ['version', tooOld(info.get('redis_version'))],
    ['eviction', evictingPolicy(info)],
    ['role', info.get('role') === 'slave' ? saidFinding('role') : undefined],
    ['persistence', info.get('aof_enabled') === '0' ? saidFinding('persistence') : undefined],
  ];
}

function tooOld(version: string | undefined): SaidFinding | undefined {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [leastMajor, leastMinor] = MINIMUM_VERSION;
  const isOldEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (version === undefined || isOldEnough) return undefined;
  return saidFinding('version', { version, least: MINIMUM_VERSION.join('.') });
}

/** Every key of Sundial has an expiry but the rules, so every policy evicts counters. */
function evictingPolicy(info: ReadonlyMap<string, string>): SaidFinding | undefined {
  const [policy, maxmemory] = [info.get('maxmemory_policy'), info.get('maxmemory')];
  if (policy === undefined || policy === 'noeviction' || maxmemory === undefined || maxmemory === '0')
    return undefined;
  return saidFinding('eviction', { policy });
}

const FORBIDDEN =
  /NOPERM|can't run this command|can't access|can't publish|ACL failure|unknown (redis )?command|not allowed from script/i;

/** No right mends this: some managed services run no TIME in a script. */
const NO_SCRIPT = /not allowed from script/i;

function missingPermissions(failed: readonly FailedCommand[]): SaidFinding | undefined {
  const forbidden = failed.filter(({ error }) => FORBIDDEN.test(error));
  if (forbidden.length === 0) return undefined;
  const commands = forbidden.map(({ command }) => command).join(', ');
  const values = { commands, error: forbidden[0]!.error };
  return forbidden.some(({ error }) => NO_SCRIPT.test(error))
    ? saidFinding('no-script', values)
    : saidFinding('permissions', values);
}

/** What keeps Redis from writing; the sentence says what makes it write again. */
const REFUSED_WRITES = [
  [/^READONLY/, 'writes-on-replica'],
  [/^OOM/, 'writes-need-memory'],
  [/^MISCONF/, 'writes-need-disk'],
  [/^NOREPLICAS/, 'writes-need-replicas'],
] as const;

function refusedWrites(failed: readonly FailedCommand[]): SaidFinding | undefined {
  const refusal = failed.find(({ error }) => !FORBIDDEN.test(error));
  if (!refusal) return undefined;
  const { error } = refusal;
  const [, code = 'writes-refused'] = REFUSED_WRITES.find(([pattern]) => pattern.test(error)) ?? [];
  return saidFinding(code, { error });
}

function nodeClock({ least, most }: ClockBounds): SaidFinding | undefined {
  const ahead = least > 0 ? least : Math.min(most, 0);
  if (Math.abs(ahead) <= NODE_CLOCK_TOLERANCE_MS) return undefined;
  const offset = seconds(Math.abs(ahead));
  return ahead > 0 ? saidFinding('clock-ahead', { offset }) : saidFinding('clock-behind', { offset });
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 1_000 ? 3 : 1)} s`;
}
