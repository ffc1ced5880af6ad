import { performance } from 'node:perf_hooks';
import { QuotaError, type CheckRequest } from '@sundial/contract';
import { BatchPacer, type BatchOptions } from '../batches/batch-pacer.js';
import type { ControlledChecks, ControlOverCheck } from '../controls/controlled-checks.js';
import type { Planner } from '../decisions/check-planner.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { withUncounted } from '../decisions/uncounted-meters.js';
import type { UnknownResources } from '../decisions/unknown-resources.js';
import { withOwnWindows } from '../decisions/with-own-windows.js';
import { copyOfAmounts } from '../operations/amounts.js';
import type { OperationIds } from '../operations/operation-ids.js';
import type { ReceiptedAnswers } from '../receipts/receipted-answers.js';
import { validationErrorsInBatch, validationErrorsUnder } from '../requests/validation-errors.js';
import type { LiveRules } from '../rules/live-rules.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { Caller, QuotaObserver } from '../runners/observer.js';
import type { PlannedCheck, Runner } from '../runners/runner.js';
import { then, type Answer } from '../stores/answer.js';

export interface EngineChecksOptions {
  readonly runner: Runner;
  readonly rules: LiveRules;
  readonly planner: Planner;
  readonly operations: OperationIds;
  readonly observer: Pick<QuotaObserver, 'decided' | 'shed'>;
  readonly controls: ControlledChecks | undefined;
  readonly receipted: ReceiptedAnswers;
  readonly unknown: UnknownResources;
  readonly batchDeadlineMs: number;
}

/** The engine's verbs that decide and count, one check or some thousand. */
export class EngineChecks {
  readonly #runner: Runner;
  readonly #rules: LiveRules;
  readonly #planner: Planner;
  readonly #ids: OperationIds;
  readonly #observer: EngineChecksOptions['observer'];
  readonly #controls: ControlledChecks | undefined;
  readonly #receipted: ReceiptedAnswers;
  readonly #unknown: UnknownResources;
  readonly #batches = new BatchPacer();
  readonly #batchDeadlineMs: number;

  constructor(options: EngineChecksOptions) {
    this.#runner = options.runner;
    this.#rules = options.rules;
    this.#planner = options.planner;
    this.#ids = options.operations;
    this.#observer = options.observer;
    this.#controls = options.controls;
    this.#receipted = options.receipted;
    this.#unknown = options.unknown;
    this.#batchDeadlineMs = options.batchDeadlineMs;
  }

  /** Not an `async` function, which would wrap a promise into another one: a check has as few as it needs. */
  check(request: CheckRequest, caller?: Caller): Promise<EngineDecision> {
    try {
      const startedAt = performance.now();
      const book = this.#rules.current;
      const errors = validationErrorsUnder(book, request);
      if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
      const decided = this.#decide(request, { book, startedAt, fairnessKey: request.resource, caller });
      return Promise.resolve(this.#receipted.of(request, decided, caller));
    } catch (error) {
      return Promise.reject(error as QuotaError);
    }
  }

  async checkBatch(
    requests: readonly CheckRequest[],
    { fairnessKeys, caller }: BatchOptions & { readonly caller?: Caller } = {},
  ): Promise<(EngineDecision | QuotaError)[]> {
    const book = this.#rules.current;
    const errors = validationErrorsInBatch(requests, book);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const decide = (request: CheckRequest) => {
      const asked = { book, startedAt: performance.now(), fairnessKey: `batch ${request.resource}`, caller };
      return this.#receipted.of(request, this.#decide(request, asked), caller);
    };
    return this.#batches.run(requests, decide, {
      deadlineMs: this.#batchDeadlineMs,
      ...(fairnessKeys && { fairnessKeys }),
      shed: (checks) => this.#observer.shed?.(checks),
    });
  }

  /** Checks of batches that wait for their turn. */
  get waitingInBatches(): number {
    return this.#batches.waiting;
  }

  #decide(request: CheckRequest, { book, startedAt, fairnessKey, caller }: Asked): Answer<EngineDecision> {
    const rules = book.forResource(request.resource);
    const observe = (decided: EngineDecision) => {
      const decision =
        request.amounts === undefined ? decided : withUncounted(decided, request.amounts, rules);
      this.#observer.decided?.(request, decision, performance.now() - startedAt, caller);
      return decision;
    };
    const control = this.#controls?.over(request);
    if (control !== undefined) {
      const planning = { rules, rulesVersion: book.version, startedAt, fairnessKey };
      return then(this.#underControl(control, request, { ...planning, book }), observe);
    }
    if (rules.length === 0) return observe(this.#unknown.decide(request, book));
    const check = this.#plan(request, { rules, rulesVersion: book.version, startedAt, fairnessKey });
    const decided = this.#runner.decide(check);
    if (check.plan.own === undefined) return then(decided, observe);
    return then(decided, (decision) => observe(withOwnWindows(check, decision)));
  }

  /** A gate, a brake or a drill has the first word. @throws DrillFault */
  #underControl(
    control: ControlOverCheck,
    request: CheckRequest,
    planning: Planning & { readonly book: RuleBook },
  ): Answer<EngineDecision> {
    const controls = this.#controls!;
    const { rules, rulesVersion, book } = planning;
    if (rules.length === 0) {
      const operationId = this.#ids.idWithoutRules(request);
      const { refusal } = controls.judge(control, { operationId, rulesVersion });
      return refusal ?? controls.marked(control, this.#unknown.decide({ ...request, operationId }, book));
    }
    const check = this.#plan(request, planning, controls.plannerOf(control, this.#planner));
    const judgement = controls.judge(control, check);
    if (judgement.refusal) return judgement.refusal;
    const decided = controls.run(judgement, check, (planned) => this.#runner.decide(planned));
    return then(decided, (decision) => controls.marked(control, withOwnWindows(check, decision)));
  }

  #plan(request: CheckRequest, planning: Planning, planner: Planner = this.#planner): PlannedCheck {
    const { subject, amount = 1 } = request;
    const amounts = copyOfAmounts(request.amounts);
    const { rules, rulesVersion, startedAt, fairnessKey } = planning;
    const plan = planner.at(rules, subject, this.#runner.now());
    const { operationId, operation } = this.#ids.name(request, { amount, amounts }, plan.scope);
    return {
      planner,
      rules,
      subject,
      plan,
      operationId,
      operation,
      amount,
      amounts,
      rulesVersion,
      fairnessKey,
      startedAt,
    };
  }
}

interface Asked {
  readonly book: RuleBook;
  /** When the caller asked, monotonic milliseconds. */
  readonly startedAt: number;
  readonly fairnessKey: string;
  readonly caller: Caller | undefined;
}

type Planning = Pick<PlannedCheck, 'rules' | 'rulesVersion' | 'startedAt' | 'fairnessKey'>;
