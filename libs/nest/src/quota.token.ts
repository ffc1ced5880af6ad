import { Inject } from '@nestjs/common';

/** The token of the application's `Quota`, as `QuotaModule` provides it. */
export const QUOTA = Symbol('Quota of QuotaModule');

/** Injects the application's `Quota`, for asking by hand: `constructor(@InjectQuota() private readonly quota: Quota)`. */
export function InjectQuota(): PropertyDecorator & ParameterDecorator {
  return Inject(QUOTA);
}
