export { DEFAULT_BATCH_DEADLINE_MS, QuotaEngine, type QuotaEngineOptions } from './quota-engine.js';
export { MAX_WAITING_CHECKS, type BatchOptions } from './batches/batch-pacer.js';
export type * from './runners/observer.js';
export { DirectRunner } from './runners/direct-runner.js';
export type { CountedLimit, EngineDecision } from './decisions/counted-limit.js';
export type { EngineReserveDecision } from './reservations/engine-reservations.js';
export type { JournalStatus } from './runners/journal-status.js';
export type { Runner } from './runners/runner.js';
export type { UncertainInterval } from './runners/uncertain-intervals.js';
export { parseRule, patchRule } from './rules/parse-rule.js';
export { parseRules } from './rules/parse-rules.js';
export { changesIn, differencesBetween, shownEffects } from './rules/rule-differences.js';
export { assertPossible, planChange, type PlannedChange } from './rules/planned-change.js';
export { loadRuleFile } from './rules/rule-file.js';
export { RuleBook } from './rules/rule-book.js';
export { LiveRules } from './rules/live-rules.js';
export type * from './rules/rule-repository.js';
export { FileRuleRepository, type FileRuleRepositoryOptions } from './rules/file-rule-repository.js';
export type {
  FindingListener,
  Store,
  StoreCapacity,
  StoreFinding,
  StoreFindingName,
} from './stores/store.js';
export { FairQueue } from './stores/fair-queue.js';
export { MemoryStore, type MemoryStoreOptions } from './stores/memory/memory-store.js';
export type { LogDamage, LogProgress } from './stores/memory/log/log-recovery.js';
export { makeDirectory } from './files/make-directory.js';
export { lockFile, type ProcessLock } from './files/process-lock.js';
export { windowText } from './windows/window-text.js';
export { TimeSlice } from './event-loop/time-slice.js';
export { YamlError, YamlText } from './files/yaml-text.js';
