import type { RedisTarget } from '@sundial/redis';
import { CliError } from '../terminal/cli-error.js';
import type { Findings } from './finding.js';
import { optional } from './load-optional.js';

const PATIENCE_MS = 5_000;
const MEND = 'As it says. More: docs/redis.md.';

/** Tries from here what a node does with this Redis, on keys that are removed again. @throws CliError for an address that is none. */
export async function examineRedis(target: RedisTarget, findings: Findings): Promise<void> {
  const { probeRedis, redisUrlError } = await optional(
    '@sundial/redis',
    // eslint-disable-next-line no-restricted-syntax -- an optional peer: a static import would force it on every installation.
    () => import('@sundial/redis'),
    'To look at Redis',
  );
  const wrong = target.url === undefined ? undefined : redisUrlError(target.url, target.kind);
  if (wrong !== undefined) throw new CliError(`The address of Redis ${wrong}.`);
  const { isAnswered, findings: found } = await probeRedis(target, PATIENCE_MS);
  for (const { finding, severity, server, sentence } of found) {
    const seen = server === null ? sentence : `${server}: ${sentence}`;
    if (severity === 'refuse') findings.fail(finding, seen, MEND);
    else findings.warn(finding, seen, MEND);
  }
  if (!isAnswered && found.length === 0)
    findings.fail(
      'redis',
      `said nothing in ${PATIENCE_MS / 1_000} s`,
      'Look whether it runs, and whether a firewall is between.',
    );
  if (isAnswered && found.length === 0)
    findings.ok('redis', 'every command that Sundial uses was carried out');
}

/** Where Redis is, as the service's own settings say it; undefined where they say nothing. */
export function redisTargetOf(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): RedisTarget | undefined {
  if (url !== undefined) return { kind: 'single', url };
  const { REDIS_URL, REDIS_CLUSTER_NODES, REDIS_SENTINELS, REDIS_SENTINEL_NAME: name } = env;
  if (REDIS_URL) return { kind: 'single', url: REDIS_URL };
  const credentials = credentialsIn(env);
  if (REDIS_CLUSTER_NODES)
    return { kind: 'cluster', nodes: hostPortsIn(REDIS_CLUSTER_NODES), ...credentials };
  if (REDIS_SENTINELS && name)
    return { kind: 'sentinel', sentinels: hostPortsIn(REDIS_SENTINELS), name, ...credentials };
  return undefined;
}

/** The client takes credentials as a URL; its host is not looked at. */
function credentialsIn({
  REDIS_USERNAME,
  REDIS_PASSWORD,
  REDIS_TLS,
}: Readonly<Record<string, string | undefined>>) {
  if (!REDIS_USERNAME && !REDIS_PASSWORD && REDIS_TLS !== 'true') return {};
  const [user, password] = [REDIS_USERNAME, REDIS_PASSWORD].map((text) => encodeURIComponent(text ?? ''));
  return { url: `${REDIS_TLS === 'true' ? 'rediss' : 'redis'}://${user}:${password}@nodes` };
}

function hostPortsIn(list: string): { readonly host: string; readonly port: number }[] {
  return list.split(',').map((each) => {
    const [, host, port] = /^\s*(.+):(\d{1,5})\s*$/.exec(each) ?? [];
    if (host === undefined)
      throw new CliError(`"${each.trim()}" is no address of a Redis node: write it like 10.0.0.5:6379.`);
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  });
}
