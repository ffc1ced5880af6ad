import type { RedisTarget } from '@sundial/redis';
import { readFileSync } from 'node:fs';
import type { Environment } from './environment.js';
import { parseHostPorts } from './host-ports.js';

/** Where Redis is, or undefined for the embedded store. The environment has been validated. */
export function redisTarget(environment: Environment): RedisTarget | undefined {
  const { REDIS_URL, REDIS_CLUSTER_NODES, REDIS_SENTINELS, REDIS_SENTINEL_NAME } = environment;
  const trust = trusted(environment);
  if (REDIS_URL) return { kind: 'single', url: REDIS_URL, ...trust };
  const credentials = { ...credentialsUrl(environment), ...trust };
  if (REDIS_CLUSTER_NODES) {
    return { kind: 'cluster', nodes: parseHostPorts(REDIS_CLUSTER_NODES) ?? [], ...credentials };
  }
  if (REDIS_SENTINELS && REDIS_SENTINEL_NAME) {
    const sentinels = parseHostPorts(REDIS_SENTINELS) ?? [];
    return {
      kind: 'sentinel',
      sentinels,
      name: REDIS_SENTINEL_NAME,
      ...credentials,
      ...sentinelCredentials(environment),
    };
  }
  return undefined;
}

function trusted({ SUNDIAL_REDIS_CA: file }: Environment): { ca?: string } {
  return file === undefined ? {} : { ca: readFileSync(file, 'utf8') };
}

function sentinelCredentials({
  REDIS_SENTINEL_USERNAME: username,
  REDIS_SENTINEL_PASSWORD: password,
}: Environment) {
  if (password === undefined) return {};
  return { sentinelCredentials: { ...(username !== undefined && { username }), password } };
}

/** The engine takes credentials as a URL; its host is not looked at. */
function credentialsUrl({ REDIS_USERNAME, REDIS_PASSWORD, REDIS_TLS }: Environment): { url?: string } {
  const tls = REDIS_TLS === 'true';
  if (REDIS_USERNAME === undefined && REDIS_PASSWORD === undefined && !tls) return {};
  const user = encodeURIComponent(REDIS_USERNAME ?? '');
  const password = encodeURIComponent(REDIS_PASSWORD ?? '');
  return { url: `${tls ? 'rediss' : 'redis'}://${user}:${password}@nodes` };
}
