import { Inject } from '@nestjs/common';

/** The token of the application's `RuleAdmin`, as `QuotaModule` provides it. */
export const RULES = Symbol('RuleAdmin of QuotaModule');

/**
 * Injects the rules, to read and change them on every node that shares them:
 * `constructor(@InjectRules() private readonly rules: RuleAdmin)`. For a `QuotaModule` that counts in this process; else what
 * is injected throws when it is used.
 */
export function InjectRules(): PropertyDecorator & ParameterDecorator {
  return Inject(RULES);
}
