export type {
  OperatorControls,
  QuotaAlarm,
  QuotaAlarmName,
  QuotaSettings,
  RedisHost,
  RedisSettings,
  RuleAdmin,
  RuleAtRevision,
  RuleInput,
  RulePatch,
} from '@sundial/contract';
export { openQuota, type OpenedQuota, type QuotaListeners, type SharedKeys } from './open-quota.js';
export { observers } from './alarms/observers.js';
export { FileFindings, KEPT_FILES, type FileFinding, type KeptFile } from './findings/file-findings.js';
export { makeWritable } from './opening/make-writable.js';
export type { ListedNode, LiveNodes } from './opening/open-rules.js';
export type { QuotaLog } from './opening/opening.js';
export { QuotaSettingsError, type SettingError } from './settings/quota-settings.error.js';
