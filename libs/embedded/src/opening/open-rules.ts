import {
  FileRuleRepository,
  LiveRules,
  loadRuleFile,
  parseRules,
  type RuleRepository,
} from '@sundial/engine';
import { QuotaError, type Rule } from '@sundial/contract';
import { connectRedis, RedisNodeRegistry, RedisRuleRepository } from '@sundial/redis';
import { randomUUID } from 'node:crypto';
import { QuotaSettingsError } from '../settings/quota-settings.error.js';
import type { Opening } from './opening.js';

/** The nodes that share a store, as this one knows them. */
export interface LiveNodes {
  /** How many live, this one included. */
  readonly live: number;
  /** This one's place among them, from 0. */
  readonly rank: number;
}

export interface OpenedRules {
  readonly rules: LiveRules;
  readonly repository: RuleRepository;
  readonly nodes: LiveNodes;
}

const ALONE: LiveNodes = { live: 1, rank: 0 };

/** Rules of a process without Redis are kept in its directory; all nodes of a Redis keep them there together. */
export async function openRules(
  opening: Opening,
  opened: (repository: RuleRepository) => void,
): Promise<OpenedRules> {
  const { repository, nodes } = await openRepository(opening);
  opened(repository);
  const rules = new LiveRules();
  await repository.start((book) => rules.apply(book));
  return { rules, repository, nodes };
}

async function openRepository({
  settings,
  files,
  rulesNotUpdated,
}: Opening): Promise<Omit<OpenedRules, 'rules'>> {
  const { redis, directory, rules } = settings;
  const seed = await rulesIn(rules);
  const onTrouble = files.writerOf('rules');
  if (!redis) return { repository: new FileRuleRepository({ directory, seed, onTrouble }), nodes: ALONE };
  const nodeId = randomUUID();
  const client = connectRedis(redis, `sundial-rules-${nodeId}`);
  const nodes = new RedisNodeRegistry(client, { nodeId });
  const repository = new RedisRuleRepository(client, {
    nodes,
    snapshotDirectory: directory,
    seed,
    onError: rulesNotUpdated,
    onTrouble,
  });
  return { repository, nodes };
}

async function rulesIn(rules: Opening['settings']['rules']): Promise<readonly Rule[]> {
  if (typeof rules === 'string') return loadRuleFile(rules);
  return parseRules({ rules }).catch((error: unknown) => {
    if (!(error instanceof QuotaError)) throw error;
    throw new QuotaSettingsError(error.errors.map(({ path, message }) => ({ setting: path, message })));
  });
}
