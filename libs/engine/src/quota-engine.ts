import type { QuotaError } from '@sundial/contract';
import {
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
  type Usage,
  type UsageCorrection,
  type UsageRequest,
} from '@sundial/contract';
import { EngineSubjects } from './admin/engine-subjects.js';
import type { BatchOptions } from './batches/batch-pacer.js';
import { EngineChecks } from './checks/engine-checks.js';
import { EngineUsage } from './checks/engine-usage.js';
import { ControlledChecks } from './controls/controlled-checks.js';
import type { LiveControls } from './controls/live-controls.js';
import { CheckPlanner } from './decisions/check-planner.js';
import type { EngineDecision } from './decisions/counted-limit.js';
import { UnknownResources } from './decisions/unknown-resources.js';
import { OperationIds } from './operations/operation-ids.js';
import { EnginePacks } from './packs/engine-packs.js';
import { ReceiptedAnswers } from './receipts/receipted-answers.js';
import { EngineReports } from './reports/engine-reports.js';
import { EngineReservations, type EngineReserveDecision } from './reservations/engine-reservations.js';
import { EngineReversals, type Correction } from './reservations/engine-reversals.js';
import type { LiveRules } from './rules/live-rules.js';
import type { JournalStatus } from './runners/journal-status.js';
import type { Caller, EngineStatus, QuotaObserver } from './runners/observer.js';
import type { Runner } from './runners/runner.js';

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

/** Sundial's verbs in the process, on any store. See `Quota` for what they mean. Who the `caller` of a verb is only observers get to know. */
export class QuotaEngine implements Quota {
  /** What operators ask and do about subjects. */
  readonly subjects: EngineSubjects;
  /** An operator's verbs on packs. */
  readonly packs: EnginePacks;
  readonly #runner: Runner;
  readonly #checks: EngineChecks;
  readonly #usage: EngineUsage;
  readonly #reservations: EngineReservations;
  readonly #reversals: EngineReversals;
  readonly #reports: EngineReports;
  readonly #receipted: ReceiptedAnswers;

  constructor(options: QuotaEngineOptions) {
    const { runner, rules, unknownResource, batchDeadlineMs, observer = {}, receipts } = options;
    this.#runner = runner;
    const planner = new CheckPlanner();
    const operations = new OperationIds(runner.secret);
    const unknown = new UnknownResources(operations, unknownResource !== 'deny');
    const controls = controlledChecks(options);
    const parts = { runner, rules, planner, operations, observer, controls, unknown };
    this.subjects = new EngineSubjects({ runner, rules });
    this.packs = new EnginePacks(parts);
    this.#receipted = new ReceiptedAnswers({ issuer: receipts, observer, now: () => runner.now() });
    this.#checks = new EngineChecks({
      ...parts,
      receipted: this.#receipted,
      batchDeadlineMs: batchDeadlineMs ?? DEFAULT_BATCH_DEADLINE_MS,
    });
    this.#usage = new EngineUsage({ ...parts, packs: this.packs });
    this.#reservations = new EngineReservations(parts);
    this.#reversals = new EngineReversals(parts);
    this.#reports = new EngineReports(parts);
  }

  check(request: CheckRequest, caller?: Caller): Promise<EngineDecision> {
    return this.#checks.check(request, caller);
  }

  /**
   * Decides each request on its own, in order. One bad request refuses the whole batch before anything is counted
   * (`checks.3.subject.user`); an operation id that was used for something else is that entry's answer, and so is
   * `overloaded` for a check whose turn did not come within `batchDeadlineMs`.
   * @throws QuotaError `invalid-request`; `overloaded` when too many checks of batches wait already.
   */
  checkBatch(
    requests: readonly CheckRequest[],
    options?: BatchOptions & { readonly caller?: Caller },
  ): Promise<(EngineDecision | QuotaError)[]> {
    return this.#checks.checkBatch(requests, options);
  }

  usage(request: UsageRequest): Promise<Usage> {
    return this.#usage.usage(request);
  }

  reserve(request: ReserveRequest, caller?: Caller): Promise<EngineReserveDecision> {
    return Promise.resolve(this.#receipted.of(request, this.#reservations.reserve(request, caller), caller));
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
    return this.#checks.waitingInBatches;
  }

  /** The store's clock, epoch milliseconds: the "now" of every answer. */
  now(): number {
    return this.#runner.now();
  }

  /** Closes the runner, and its store. */
  close(): Promise<void> {
    return this.#runner.close();
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
