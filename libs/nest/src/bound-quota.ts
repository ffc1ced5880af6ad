import { Inject } from '@nestjs/common';
import type { Quota } from '@sundial/contract';
import { QUOTA } from './quota.token.js';

/** Where an instance keeps the quota of the application it belongs to. Nest names it when there is no QuotaModule. */
const BOUND_QUOTA = Symbol('quota for @RiskLimit, provided by QuotaModule.forRoot()');

interface Bound {
  [BOUND_QUOTA]?: Quota;
}

/**
 * Has Nest inject its application's quota into every instance it makes of this class: singletons, request-scoped and
 * transient providers, controllers, and the same of subclasses.
 */
export function injectQuota(prototype: object): void {
  Inject(QUOTA)(prototype, BOUND_QUOTA);
}

/**
 * Gives an instance that Nest did not make (`new OcrService()` in a unit test, a script or a request-scoped factory) the
 * quota that its `@RiskLimit` methods ask, and hands the instance back. Not needed for anything that Nest creates, nor
 * for singletons that it is given (`useFactory`, `useValue`).
 */
export function bindQuota<Instance extends object>(instance: Instance, quota: Quota): Instance {
  (instance as Bound)[BOUND_QUOTA] = quota;
  return instance;
}

export function boundQuota(instance: unknown): Quota | undefined {
  return (instance as Bound | undefined)?.[BOUND_QUOTA];
}
