import {
  FileRuleRepository,
  LiveRules,
  MemoryReceiptStore,
  type ReceiptStore,
  type RuleRepository,
} from '@sundial/engine';
import type { ListedNode, RedisClient, RedisTarget } from '@sundial/redis';
import { randomUUID } from 'node:crypto';
import { loadRedis } from './load-redis.js';
import type { Opening } from './opening.js';
import { rulesInForce, StartUpRules, type RulesInForce } from './start-up-rules.js';

/** The nodes that share a store, as this one knows them. */
export interface LiveNodes {
  /** How many live, this one included. */
  readonly live: number;
  /** This one's place among them, from 0. */
  readonly rank: number;
  /** What this one is called among them, as long as it runs. */
  readonly id: string;
  /** Says what this one is like, in 4 KiB at most, to all that list the nodes. Waits for nothing; where the store is away, nothing is said. */
  describe(record: string): void;
  /** The nodes that lived at `now`, by the store's clock. Rejects where the store does not answer. */
  list(now: number): Promise<readonly ListedNode[]>;
}

export type { ListedNode };

export interface OpenedRules {
  readonly rules: LiveRules;
  readonly repository: RuleRepository;
  readonly nodes: LiveNodes;
  /** It shares the connection of the rules. */
  readonly receiptStore: ReceiptStore;
  readonly inForce: RulesInForce;
  /** Where this process shares more than rules with other nodes; absent without Redis. */
  readonly shared: SharedRules | undefined;
}

/** The rules' connection, for what else all nodes have to hear of. */
export interface SharedRules {
  readonly client: RedisClient;
  /** This node's name. */
  readonly node: string;
  alsoWake(wake: () => void): void;
}

function alone(): LiveNodes {
  const id = randomUUID();
  let record: string | undefined;
  return {
    ...{ live: 1, rank: 0, id },
    describe: (text) => {
      record = text;
    },
    list: (now) => Promise.resolve([{ id, seenAt: now, applied: 0, record }]),
  };
}

/** Rules of a process without Redis are kept in its directory; all nodes of a Redis keep them there together. */
export async function openRules(
  opening: Opening,
  opened: (repository: RuleRepository) => void,
): Promise<OpenedRules> {
  const startUp = await StartUpRules.load(opening.settings.rules);
  const { repository, ...others } = await openRepository(opening, startUp);
  opened(repository);
  const rules = new LiveRules();
  await repository.start((book) => rules.apply(book));
  const inForce = await rulesInForce(rules.current, repository, startUp);
  return { rules, repository, ...others, inForce };
}

type OpenedRepository = Omit<OpenedRules, 'rules' | 'inForce'>;

async function openRepository(opening: Opening, startUp: StartUpRules): Promise<OpenedRepository> {
  const { settings, files } = opening;
  const { redis, directory } = settings;
  if (redis) return openRedisRepository(redis, opening, startUp);
  const seed = () => startUp.rules;
  const onTrouble = files.writerOf('rules');
  const repository = new FileRuleRepository({ directory, seed, onTrouble });
  return { repository, nodes: alone(), receiptStore: new MemoryReceiptStore(), shared: undefined };
}

async function openRedisRepository(
  redis: RedisTarget,
  { settings, files, rulesNotUpdated }: Opening,
  startUp: StartUpRules,
): Promise<OpenedRepository> {
  const { connectRedis, RedisNodeRegistry, RedisReceiptStore, RedisRuleRepository } = await loadRedis();
  const nodeId = randomUUID();
  const client = connectRedis(redis, `sundial-rules-${nodeId}`);
  const nodes = new RedisNodeRegistry(client, { nodeId });
  const repository = new RedisRuleRepository(client, {
    nodes,
    snapshotDirectory: settings.directory,
    seed: () => startUp.rules,
    onError: rulesNotUpdated,
    onTrouble: files.writerOf('rules'),
  });
  const alsoWake = (wake: () => void) => repository.alsoWake(wake);
  const receiptStore = new RedisReceiptStore(client);
  return { repository, nodes, receiptStore, shared: { client, node: nodeId, alsoWake } };
}
