export { DEFAULT_BATCH_DEADLINE_MS, QuotaEngine, type QuotaEngineOptions } from './quota-engine.js';
export { MAX_WAITING_CHECKS, type BatchOptions } from './batches/batch-pacer.js';
export {
  MAX_LISTED_RULES,
  type AdminAction,
  type AdminEvent,
  type AdminEvents,
  type AdminTarget,
  type ReplacedRule,
} from './admin/admin-events.js';
export { DEFAULT_NEAR, type EngineSubjects } from './admin/engine-subjects.js';
export { matchesNothing } from './rules/matches-nothing.js';
export type * from './runners/observer.js';
export { operationNamed, withoutTag, type OperationNamed } from './operations/operation-named.js';
export type { ControlChange } from './controls/control-change.js';
export { EnginePacks } from './packs/engine-packs.js';
export { DrillFault, type DrillEffect } from './controls/drill-fault.js';
export { FileControlKeeper } from './controls/file-control-keeper.js';
export { LastKnownControls } from './controls/last-known-controls.js';
export { LiveControls } from './controls/live-controls.js';
export { LiveOperatorControls } from './controls/live-operator-controls.js';
export { EngineOverrides, type EngineOverridesOptions } from './overrides/engine-overrides.js';
export { DirectRunner } from './runners/direct-runner.js';
export type { CountedLimit, EngineDecision } from './decisions/counted-limit.js';
export type { EngineReserveDecision } from './reservations/engine-reservations.js';
export type { JournalStatus } from './runners/journal-status.js';
export type { Runner } from './runners/runner.js';
export type { UncertainInterval } from './runners/uncertain-intervals.js';
export type { ConsumedReceipt, PublishedKey, ReceiptStore } from './receipts/receipt-store.js';
export { MemoryReceiptStore } from './receipts/memory-receipt-store.js';
export { parseRule, patchRule } from './rules/parse-rule.js';
export { parseRules } from './rules/parse-rules.js';
export { changesIn, differencesBetween, shownEffects } from './rules/rule-differences.js';
export { assertPossible, planChange, type PlannedChange } from './rules/planned-change.js';
export { loadRuleFile } from './rules/rule-file.js';
export { RuleBook } from './rules/rule-book.js';
export { LiveRules } from './rules/live-rules.js';
export type * from './rules/rule-repository.js';
export { FileRuleRepository, type FileRuleRepositoryOptions } from './rules/file-rule-repository.js';
export type { Store, StoreCapacity } from './stores/store.js';
export type { FindingListener, StoreFinding, StoreFindingName } from './stores/store-finding.js';
export { FairQueue } from './stores/fair-queue.js';
export { MemoryStore, type MemoryStoreOptions } from './stores/memory/memory-store.js';
export type { LogDamage, LogProgress } from './stores/memory/log/log-recovery.js';
export { makeDirectory } from './files/make-directory.js';
export { writePrivateFile } from './files/private-file.js';
export { lockFile, type ProcessLock } from './files/process-lock.js';
export { instantIn } from './windows/instant-in.js';
export { isoText } from './windows/iso-text.js';
export { canonicalTimeZone } from './windows/time-zone.js';
export { crossingId, type Crossing } from './thresholds/crossing.js';
export { ThresholdWatch } from './thresholds/threshold-watch.js';
export { windowText } from './windows/window-text.js';
export { TimeSlice } from './event-loop/time-slice.js';
export { YamlError, YamlText } from './files/yaml-text.js';
