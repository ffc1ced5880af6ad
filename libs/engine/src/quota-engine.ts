import { performance } from 'node:perf_hooks';
import {
  QuotaError,
  type CheckRequest,
  type CommitRequest,
  type ExtendRequest,
  type Quota,
  type ReceiptIssuer,
  type Refunded,
  type RefundRequest,
  type ReleaseRequest,
  type Report,
  type ReportResult,
  type ReservationAnswer,
  type ReserveRequest,
  type Returned,
  type ReturnRequest,
  type Rule,
  type Usage,
  type UsageCorrection,
  type UsageRequest,
} from '@sundial/contract';
import { EngineSubjects } from './admin/engine-subjects.js';
import { BatchPacer, type BatchOptions } from './batches/batch-pacer.js';
import { ControlledChecks, type ControlOverCheck } from './controls/controlled-checks.js';
import type { LiveControls } from './controls/live-controls.js';
import type { EngineDecision } from './decisions/counted-limit.js';
import { noRule } from './decisions/decision.js';
import { CheckPlanner, type Planner } from './decisions/check-planner.js';
import { withOwnWindows } from './decisions/with-own-windows.js';
import { withUncounted } from './decisions/uncounted-meters.js';
import type { Caller, EngineStatus, QuotaObserver } from './runners/observer.js';
import { copyOfAmounts } from './operations/amounts.js';
import { OperationIds } from './operations/operation-ids.js';
import { EnginePacks } from './packs/engine-packs.js';
import { EngineReports } from './reports/engine-reports.js';
import { validationErrorsInBatch, validationErrorsUnder } from './requests/validation-errors.js';
import { withReceipt } from './receipts/with-receipt.js';
import { assertUsageRequest, missingAttributes } from './requests/parse-request.js';
import { EngineReservations, type EngineReserveDecision } from './reservations/engine-reservations.js';
import { EngineReversals, type Correction } from './reservations/engine-reversals.js';
import type { LiveRules } from './rules/live-rules.js';
import type { RuleBook } from './rules/rule-book.js';
import type { JournalStatus } from './runners/journal-status.js';
import type { PlannedCheck, Runner } from './runners/runner.js';
import { then, type Answer } from './stores/answer.js';

export interface QuotaEngineOptions {
  /** Gets checks their answers. The engine closes it. */
  readonly runner: Runner;
  readonly rules: LiveRules;
  /** The decision for a resource without rules. Default `allow`. */
  readonly unknownResource?: 'allow' | 'deny';
  /** How long the checks of a batch may wait for their turn. Default 2,000. */
  readonly batchDeadlineMs?: number;
  readonly observer?: QuotaObserver;
  /** Gates, brakes and drills. Default: there are none. */
  readonly controls?: LiveControls | undefined;
  /** By when a check is answered: what a drill rehearses waits for so long. Default 50. */
  readonly deadlineMs?: number | undefined;
  /** Signs the receipts that callers ask for. Default: decisions carry none. */
  readonly receipts?: ReceiptIssuer | undefined;
}

export const DEFAULT_BATCH_DEADLINE_MS = 2_000;
const DEFAULT_DEADLINE_MS = 50;
/** As long before its deadline a check gives up a store that does not answer. */
const ANSWER_RESERVE_MS = 5;

/** Sundial's verbs in the process, on any store. See `Quota` for what they mean. */
export class QuotaEngine implements Quota {
  /** What operators ask and do about subjects. */
  readonly subjects: EngineSubjects;
  /** An operator's verbs on packs. */
  readonly packs: EnginePacks;
  readonly #runner: Runner;
  readonly #rules: LiveRules;
  readonly #planner = new CheckPlanner();
  readonly #ids: OperationIds;
  readonly #reservations: EngineReservations;
  readonly #reversals: EngineReversals;
  readonly #reports: EngineReports;
  readonly #batches = new BatchPacer();
  readonly #batchDeadlineMs: number;
  readonly #allowsUnknown: boolean;
  readonly #observer: QuotaObserver;
  readonly #controls: ControlledChecks | undefined;
  readonly #receipts: ReceiptIssuer | undefined;

  constructor(options: QuotaEngineOptions) {
    const { runner, rules, unknownResource, batchDeadlineMs, observer = {} } = options;
    this.#runner = runner;
    this.subjects = new EngineSubjects({ runner, rules });
    this.#rules = rules;
    this.#ids = new OperationIds(runner.secret);
    this.#batchDeadlineMs = batchDeadlineMs ?? DEFAULT_BATCH_DEADLINE_MS;
    this.#allowsUnknown = unknownResource !== 'deny';
    this.#observer = observer;
    this.#controls = controlledChecks(options);
    this.#receipts = options.receipts;
    const parts = { runner, rules, planner: this.#planner, operations: this.#ids };
    this.packs = new EnginePacks(parts);
    this.#reversals = new EngineReversals({ ...parts, observer });
    this.#reports = new EngineReports({ ...parts, observer });
    this.#reservations = new EngineReservations({
      ...parts,
      controls: this.#controls,
      withoutRules: (request, book) => this.#withoutRules(request, book),
      observer,
    });
  }

  /**
   * Not an `async` function, which would wrap a promise into another one: a check has as few as it needs. Who the `caller` is only
   * observers get to know; as of all verbs here.
   */
  check(request: CheckRequest, caller?: Caller): Promise<EngineDecision> {
    try {
      const startedAt = performance.now();
      const book = this.#rules.current;
      const errors = validationErrorsUnder(book, request);
      if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
      return Promise.resolve(
        this.#receipted(
          request,
          this.#decide(request, { book, startedAt, fairnessKey: request.resource, caller }),
          caller,
        ),
      );
    } catch (error) {
      return Promise.reject(error as QuotaError);
    }
  }

  /**
   * Decides each request on its own, in order. One bad request refuses the whole batch before anything is counted
   * (`checks.3.subject.user`); an operation id that was used for something else is that entry's answer, and so is
   * `overloaded` for a check whose turn did not come within `batchDeadlineMs`.
   * @throws QuotaError `invalid-request`; `overloaded` when too many checks of batches wait already.
   */
  async checkBatch(
    requests: readonly CheckRequest[],
    { fairnessKeys, caller }: BatchOptions & { readonly caller?: Caller } = {},
  ): Promise<(EngineDecision | QuotaError)[]> {
    const book = this.#rules.current;
    const errors = validationErrorsInBatch(requests, book);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const decide = (request: CheckRequest) => {
      const asked = { book, startedAt: performance.now(), fairnessKey: `batch ${request.resource}`, caller };
      return this.#receipted(request, this.#decide(request, asked), caller);
    };
    return this.#batches.run(requests, decide, {
      deadlineMs: this.#batchDeadlineMs,
      ...(fairnessKeys && { fairnessKeys }),
      shed: (checks) => this.#observer.shed?.(checks),
    });
  }

  async usage(request: UsageRequest): Promise<Usage> {
    assertUsageRequest(request);
    const { resource, subject } = request;
    const book = this.#rules.current;
    const rules = book.forResource(resource);
    const errors = missingAttributes(rules, subject);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const looked = await this.#looked(request, rules);
    const packs = looked.degraded === null ? await this.packs.left(rules, subject) : [];
    const rulesVersion = book.version;
    return { resource, subject, ...looked, ...(packs.length > 0 && { packs }), rulesVersion };
  }

  reserve(request: ReserveRequest, caller?: Caller): Promise<EngineReserveDecision> {
    return Promise.resolve(this.#receipted(request, this.#reservations.reserve(request, caller), caller));
  }

  commit(id: string, request?: CommitRequest, caller?: Caller): Promise<ReservationAnswer> {
    return this.#reservations.commit(id, request, caller);
  }

  release(id: string, request?: ReleaseRequest, caller?: Caller): Promise<ReservationAnswer> {
    return this.#reservations.release(id, request, caller);
  }

  extend(id: string, request: ExtendRequest, caller?: Caller): Promise<EngineReserveDecision> {
    return this.#reservations.extend(id, request, caller);
  }

  reservation(id: string): Promise<ReservationAnswer> {
    return this.#reservations.reservation(id);
  }

  refund(request: RefundRequest, caller?: Caller): Promise<Refunded> {
    return this.#reversals.refund(request, caller);
  }

  returnUnits(request: ReturnRequest, caller?: Caller): Promise<Returned> {
    return this.#reversals.returnUnits(request, caller);
  }

  /**
   * Settles what clients decided while no service answered them: each operation once, in the windows of its `decidedAt`, also
   * above their max. Reports may be repeated, and come in any order. @throws QuotaError `overloaded`: report them again later.
   */
  report(reports: readonly Report[], caller?: Caller): Promise<ReportResult[]> {
    return this.#reports.report(reports, caller);
  }

  /** An operator's: sets what is used. @throws QuotaError `rule-not-found`, `store-unavailable` */
  correctUsage(correction: UsageCorrection): Promise<Correction> {
    return this.#reversals.correct(correction);
  }

  status(): EngineStatus {
    return this.#runner.status();
  }

  /** What was decided without the store, and what became of it. */
  journal(): JournalStatus {
    return this.#runner.journal();
  }

  /** How far behind this node is with checks that it has begun: a door before it lets no more in while that is long. */
  get backlogMs(): number {
    return this.#runner.backlogMs;
  }

  /** Checks of batches that wait for their turn. */
  get waitingInBatches(): number {
    return this.#batches.waiting;
  }

  /** The store's clock, epoch milliseconds: the "now" of every answer. */
  now(): number {
    return this.#runner.now();
  }

  /** Closes the runner, and its store. */
  close(): Promise<void> {
    return this.#runner.close();
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
    if (rules.length === 0) return observe(this.#withoutRules(request, book));
    const check = this.#plan(request, { rules, rulesVersion: book.version, startedAt, fairnessKey });
    const decided = this.#runner.decide(check);
    if (check.plan.own === undefined) return then(decided, observe);
    return then(decided, (decision) => observe(withOwnWindows(check, decision)));
  }

  /** Signed when it is decided, and only where it was asked for. */
  #receipted<D extends EngineDecision>(
    request: CheckRequest,
    answer: Answer<D>,
    caller: Caller | undefined,
  ): Answer<D> {
    const issuer = this.#receipts;
    if (issuer === undefined || request?.receipt !== true) return answer;
    return then(answer, async (decision) => {
      const receipted = await withReceipt(issuer, { request, decision, now: this.now() });
      if (receipted.receipt !== undefined) this.#observer.receiptIssued?.(request, receipted, caller);
      return receipted;
    });
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
      return refusal ?? controls.marked(control, this.#withoutRules({ ...request, operationId }, book));
    }
    const check = this.#plan(request, planning, controls.plannerOf(control, this.#planner));
    const judgement = controls.judge(control, check);
    if (judgement.refusal) return judgement.refusal;
    const decided = controls.run(judgement, check, (planned) => this.#runner.decide(planned));
    return then(decided, (decision) => controls.marked(control, withOwnWindows(check, decision)));
  }

  #looked(request: UsageRequest, rules: readonly Rule[]): Answer<Pick<Usage, 'limits' | 'degraded'>> {
    const control = this.#controls?.over(request);
    const judgement = control && this.#controls!.judgeLook(control);
    if (rules.length === 0) return { limits: [], degraded: null };
    const { subject } = request;
    const planner = this.#planner;
    const read = { planner, rules, subject, plan: planner.at(rules, subject, this.now()) };
    if (judgement === undefined) return this.#runner.usage(read);
    const look = { ...read, startedAt: performance.now() };
    return this.#controls!.run(judgement, look, (planned) => this.#runner.usage(planned));
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

  #withoutRules(request: CheckRequest, book: RuleBook): EngineDecision {
    const { resource } = request;
    const isAllowed = this.#allowsUnknown || book.knows(resource);
    const operationId = this.#ids.idWithoutRules(request);
    return noRule(isAllowed, { operationId, rulesVersion: book.version, hint: book.nearestTo(resource) });
  }
}

function controlledChecks(options: QuotaEngineOptions): ControlledChecks | undefined {
  const { controls, runner, observer = {}, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  return (
    controls &&
    new ControlledChecks({
      controls,
      secret: runner.secret,
      now: () => runner.now(),
      answerMs: deadlineMs - Math.min(ANSWER_RESERVE_MS, deadlineMs / 10),
      drilled: (resource, effect) => observer.drilled?.(resource, effect),
    })
  );
}

interface Asked {
  readonly book: RuleBook;
  /** When the caller asked, monotonic milliseconds. */
  readonly startedAt: number;
  readonly fairnessKey: string;
  readonly caller: Caller | undefined;
}

type Planning = Pick<PlannedCheck, 'rules' | 'rulesVersion' | 'startedAt' | 'fairnessKey'>;
