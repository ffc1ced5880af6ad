import { FileRuleRepository, loadRuleFile, type RuleRepository } from '@sundial/engine';
import { connectRedis, RedisRuleRepository } from '@sundial/redis';
import { randomUUID } from 'node:crypto';
import type { OpenQuotaOptions } from './open-quota-options.js';

/** Beside the embedded store rules are kept in the data directory; all nodes of a Redis keep them there together. */
export async function openRuleRepository({
  settings,
  log,
  files,
}: Pick<OpenQuotaOptions, 'settings' | 'log' | 'files'>): Promise<RuleRepository> {
  const { redis, dataDirectory, rulesFile } = settings;
  const seed = await loadRuleFile(rulesFile);
  const onTrouble = files.writerOf('rules');
  if (!redis) return new FileRuleRepository({ directory: dataDirectory, seed, onTrouble });
  const nodeId = randomUUID();
  const onError = (err: Error) => log.error({ err }, 'the rules could not be brought up to date');
  return new RedisRuleRepository(connectRedis(redis, `sundial-rules-${nodeId}`), {
    nodeId,
    snapshotDirectory: dataDirectory,
    seed,
    onError,
    onTrouble,
  });
}
