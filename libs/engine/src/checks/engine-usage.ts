import { performance } from 'node:perf_hooks';
import { QuotaError, type Rule, type Usage, type UsageRequest } from '@sundial/contract';
import type { ControlledChecks } from '../controls/controlled-checks.js';
import type { CheckPlanner } from '../decisions/check-planner.js';
import type { EnginePacks } from '../packs/engine-packs.js';
import { assertUsageRequest, missingAttributes } from '../requests/parse-request.js';
import type { LiveRules } from '../rules/live-rules.js';
import type { Runner } from '../runners/runner.js';
import type { Answer } from '../stores/answer.js';

export interface EngineUsageOptions {
  readonly runner: Runner;
  readonly rules: LiveRules;
  readonly planner: CheckPlanner;
  readonly packs: EnginePacks;
  readonly controls: ControlledChecks | undefined;
}

/** The engine's verb that looks and counts nothing. */
export class EngineUsage {
  readonly #options: EngineUsageOptions;

  constructor(options: EngineUsageOptions) {
    this.#options = options;
  }

  async usage(request: UsageRequest): Promise<Usage> {
    assertUsageRequest(request);
    const { resource, subject } = request;
    const { rules: live, packs: all } = this.#options;
    const book = live.current;
    const rules = book.forResource(resource);
    const errors = missingAttributes(rules, subject);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const looked = await this.#looked(request, rules);
    const packs = looked.degraded === null ? await all.left(rules, subject) : [];
    const rulesVersion = book.version;
    return { resource, subject, ...looked, ...(packs.length > 0 && { packs }), rulesVersion };
  }

  #looked(request: UsageRequest, rules: readonly Rule[]): Answer<Pick<Usage, 'limits' | 'degraded'>> {
    const { runner, planner, controls } = this.#options;
    const control = controls?.over(request);
    const judgement = control && controls!.judgeLook(control);
    if (rules.length === 0) return { limits: [], degraded: null };
    const { subject } = request;
    const read = { planner, rules, subject, plan: planner.at(rules, subject, runner.now()) };
    if (judgement === undefined) return runner.usage(read);
    const look = { ...read, startedAt: performance.now() };
    return controls!.run(judgement, look, (planned) => runner.usage(planned));
  }
}
