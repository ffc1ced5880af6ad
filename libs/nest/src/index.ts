export type * from '@sundial/contract';
export { QuotaModule } from './quota.module.js';
export type {
  QuotaInProcessOptions,
  QuotaModuleAsyncOptions,
  QuotaModuleOptions,
} from './quota.module.options.js';
export { InjectQuota, QUOTA } from './quota.token.js';
export { InjectRules, RULES } from './rules.token.js';
export { QuotaHealthIndicator, type QuotaHealth, type QuotaHealthOptions } from './quota-health.indicator.js';
export type { QuotaStatus } from './embedded/counting-quota.js';
export { RiskLimit } from './risk-limit.decorator.js';
export type { AsyncMethod, RiskLimitOptions } from './risk-limit.options.js';
export type { ActualUse } from './on-success/actual-use.js';
export type { ErrorClass, ReleaseOn, StreamedResult } from './on-success/reserved-calls.js';
export { Subject } from './subject.decorator.js';
export { RiskLimitExceededException, type RiskLimitProblem } from './risk-limit-exceeded.exception.js';
export { RiskLimitRequestException, type RiskLimitRequestProblem } from './risk-limit-request.exception.js';
export { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
export { bindQuota } from './bound-quota.js';
