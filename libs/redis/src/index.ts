export {
  connectRedis,
  type HostPort,
  type RedisClient,
  type RedisTarget,
} from './connection/redis-connection.js';
export { RedisControlKeeper, type RedisControlKeeperOptions } from './controls/redis-control-keeper.js';
export { RedisStore, type RedisStoreOptions } from './counters/redis-store.js';
export { probeRedis, type RedisProbe } from './diagnostics/probe-redis.js';
export {
  type ListedNode,
  RedisNodeRegistry,
  type RedisNodeRegistryOptions,
} from './nodes/redis-node-registry.js';
export { RedisReceiptStore } from './receipts/redis-receipt-store.js';
export { RedisRuleRepository, type RedisRuleRepositoryOptions } from './rules/redis-rule-repository.js';
export { FINDING_SEVERITY, redisUrlError } from './without-driver.js';
