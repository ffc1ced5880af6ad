export type * from '@sundial/contract';
export { QuotaModule, type QuotaModuleAsyncOptions, type QuotaModuleOptions } from './quota.module.js';
export { InjectQuota, QUOTA } from './quota.token.js';
export { RiskLimit } from './risk-limit.decorator.js';
export type { AsyncMethod, RiskLimitOptions } from './risk-limit.options.js';
export { Subject } from './subject.decorator.js';
export { RiskLimitExceededException, type RiskLimitProblem } from './risk-limit-exceeded.exception.js';
export { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
export { bindQuota } from './bound-quota.js';
