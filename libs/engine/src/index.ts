export { DEFAULT_BATCH_DEADLINE_MS, QuotaEngine, type QuotaEngineOptions } from './quota-engine.js';
export { DirectRunner } from './runners/direct-runner.js';
export type { Runner } from './runners/runner.js';
export {
  DEFAULT_DEADLINE_MS,
  ResilientRunner,
  type ResilientRunnerOptions,
} from './degradation/resilient-runner.js';
export { MAX_WAITING_CHECKS, type BatchOptions } from './batches/batch-pacer.js';
export * from './observer.js';
export { makeDirectory } from './files/make-directory.js';
export { lockFile, type ProcessLock } from './files/process-lock.js';
export { Journal, type JournalOptions, type JournalSync } from './journal/journal.js';
export { DirectoryInUseError } from './journal/journal-slots.js';
export type { UnverifiableSpan } from './runners/unverifiable-spans.js';
export type { JournalStatus } from './runners/journal-status.js';
export { parseRule, patchRule } from './rules/parse-rule.js';
export { parseRules } from './rules/parse-rules.js';
export { changesIn, differencesBetween } from './rules/rule-differences.js';
export { loadRuleFile } from './rules/rule-file.js';
export { RuleBook } from './rules/rule-book.js';
export { LiveRules } from './rules/live-rules.js';
export type * from './rules/rule-repository.js';
export { FileRuleRepository, type FileRuleRepositoryOptions } from './rules/file-rule-repository.js';
export { RedisRuleRepository, type RedisRuleRepositoryOptions } from './rules/redis-rule-repository.js';
export type * from './windows/window.js';
export * from './stores/store.js';
export { FairQueue } from './stores/fair-queue.js';
export { MemoryStore, type MemoryStoreOptions } from './stores/memory/memory-store.js';
export type { LogDamage, LogProgress } from './stores/memory/log/log-recovery.js';
export { CONDITION_SEVERITY } from './stores/redis-conditions.js';
export { RedisStore, type RedisStoreOptions } from './stores/redis-store.js';
export {
  connectRedis,
  type HostPort,
  type RedisClient,
  type RedisTarget,
} from './stores/redis-connection.js';
export { TimeSlice } from './time-slice.js';
export { YamlError, YamlText } from './yaml-text.js';
