/**
 * What stores, rule repositories and runners are built on (`@sundial/engine/ports`): the contracts they fulfil and the
 * values that cross them. Applications need none of it.
 */
export type { ControlKeeper } from './controls/control-keeper.js';
export {
  type ControlRecord,
  decodeRecord,
  encodeRecord,
  KEEP_ENDED_MS,
  MAX_CONTROL_RECORDS,
} from './controls/control-record.js';
export { counterKey, KEY_FORMAT, keyPart, shardGroupOf } from './counters/counter-key.js';
export { textHash } from './counters/text-hash.js';
export { limitNamedBy } from './counters/limit-field.js';
export type { PlannedLimit } from './counters/rule-windows.js';
export type { EngineDecision } from './decisions/counted-limit.js';
export {
  byPolicy,
  decisionOf,
  limitStates,
  refused,
  replayed,
  taken,
  tooManyHolds,
  type Decided,
  type DecisionContext,
} from './decisions/decision.js';
export { degradedBy, onDenyOf, strictestPolicy } from './decisions/degrade-policy.js';
export type { CheckPlan } from './decisions/check-planner.js';
export { PRIVATE_FILE } from './files/private-modes.js';
export {
  amountOf,
  areAmountsEqual,
  differenceOfAmounts,
  heldAmountOf,
  sumOfAmounts,
  takesNothing,
  unitsOf,
  type Amounts,
  type MeterAmounts,
  type Takes,
} from './operations/amounts.js';
export type { Operation } from './operations/operation.js';
export {
  contentWithPacks,
  countedAgain,
  type PackPart,
  shownParts,
  splitContent,
} from './operations/taken-from-packs.js';
export { decodeContent, encodeContent } from './operations/operation-content.js';
export type { NamedOperation } from './operations/operation-ids.js';
export { SharedSecret } from './operations/secret.js';
export { decodeSecret, encodeSecret, loadSecret, saveSecret } from './operations/secret-file.js';
export { endingSettlement } from './holds/ending-settlement.js';
export { committedOf, endById, heldHere, type EndedById } from './holds/known-by-id.js';
export { amountsByMeter, takenOf } from './operations/amounts-by-meter.js';
export { LastKnownRules } from './rules/last-known-rules.js';
export {
  ruleChanged,
  ruleExists,
  ruleNotFound,
  rulesChanged,
  tooManyRules,
  tooManyWrites,
} from './rules/rule-conflicts.js';
export { RuleIndex } from './rules/rule-index.js';
export type { RuleEdits, StoredRule } from './rules/rules-by-id.js';
export { isVersion, StoredBook } from './rules/stored-book.js';
export { inCurrentWindows } from './runners/in-current-windows.js';
export { EMPTY_JOURNAL } from './runners/journal-status.js';
export { overAdmitted, settledUsage, type DecidedLimit } from './runners/over-admitted.js';
export { packsOf, type PackRunner } from './runners/pack-runner.js';
export type * from './runners/report-runner.js';
export { heldSettlement, reportOutcome, reportSettlement } from './runners/report-settlements.js';
export type * from './runners/reservation-runner.js';
export type { Planned, PlannedCheck } from './runners/runner.js';
export { UncertainIntervals } from './runners/uncertain-intervals.js';
export { then, type Answer } from './stores/answer.js';
export { idOf, numberOf } from './operations/own-ids.js';
export * from './stores/counter-scan.js';
export { hasRoom } from './stores/room.js';
export { settledCounters, settledInCurrent } from './stores/settled-limits.js';
export * from './stores/holds.js';
export * from './stores/overrides.js';
export * from './stores/own-windows.js';
export * from './stores/packs.js';
export * from './stores/reversals.js';
export * from './stores/counter-ref.js';
export * from './stores/read.js';
export * from './stores/settlement.js';
export * from './stores/store.js';
export * from './stores/take.js';
export { resetsAtOf, startsAtOf, windowIndexAt } from './stores/window-index.js';
export { lostSince, WATERMARK_MS, type WatermarkKeeper, type Watermark } from './stores/watermark.js';
