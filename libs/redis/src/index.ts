export {
  connectRedis,
  type HostPort,
  type RedisClient,
  type RedisTarget,
} from './connection/redis-connection.js';
export { redisUrlError } from './connection/redis-url.js';
export { RedisControlKeeper, type RedisControlKeeperOptions } from './controls/redis-control-keeper.js';
export { RedisStore, type RedisStoreOptions } from './counters/redis-store.js';
export { probeRedis, type RedisProbe } from './diagnostics/probe-redis.js';
export { FINDING_SEVERITY } from './diagnostics/redis-findings.js';
export {
  type ListedNode,
  RedisNodeRegistry,
  type RedisNodeRegistryOptions,
} from './nodes/redis-node-registry.js';
export { RedisReceiptStore } from './receipts/redis-receipt-store.js';
export { RedisRuleRepository, type RedisRuleRepositoryOptions } from './rules/redis-rule-repository.js';
