import { probeRedis, type RedisProbe } from '@sundial/redis';
import { ConfigurationError, readRedisTarget } from './config/settings.js';

/** `npm run probe:redis`: says whether the Redis of the settings is fit for Sundial, and starts nothing. */
const PATIENCE_MS = 5_000;

try {
  const target = readRedisTarget(process.env);
  if (target === undefined) {
    throw new ConfigurationError([
      'Set REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER_NODES: there is no Redis to probe.',
    ]);
  }
  const probe = await probeRedis(target, PATIENCE_MS);
  process.stdout.write(`${report(probe).join('\n')}\n`);
  process.exit(isFit(probe) ? 0 : 1);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.errors.join('\n')}\n`);
  process.exit(1);
}

function isFit({ isAnswered, findings }: RedisProbe): boolean {
  return isAnswered && findings.every(({ severity }) => severity === 'warn');
}

function report(probe: RedisProbe): string[] {
  const { isAnswered, findings } = probe;
  const lines = findings.map(({ severity, finding, server, sentence }) => {
    return `${severity}: ${finding}: ${server === null ? '' : `${server}: `}${sentence}`;
  });
  if (isFit(probe))
    return [...lines, 'This Redis is fit for Sundial: every command that Sundial uses was carried out.'];
  if (!isAnswered && lines.length === 0) return [`Redis said nothing in ${PATIENCE_MS / 1_000} s.`];
  return [...lines, 'This Redis is not fit for Sundial as it is.'];
}
