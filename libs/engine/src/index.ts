export type * from './quota.js';
export { DEFAULT_DEADLINE_MS, QuotaEngine, type QuotaEngineOptions } from './quota-engine.js';
export * from './errors.js';
export * from './observer.js';
export * from './rules/rule.js';
export { RuleBook } from './rules/rule-book.js';
export { LiveRules } from './rules/live-rules.js';
export type * from './rules/rule-repository.js';
export type * from './windows/window.js';
export * from './requests/request-schema.js';
export * from './stores/store.js';
export { MemoryStore, type MemoryStoreOptions } from './stores/memory-store.js';
export { RedisStore, type RedisStoreOptions } from './stores/redis-store.js';
export {
  connectRedis,
  type HostPort,
  type RedisClient,
  type RedisTarget,
} from './stores/redis-connection.js';
