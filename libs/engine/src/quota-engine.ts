import { performance } from 'node:perf_hooks';
import { BatchPacer, type BatchOptions } from './batches/batch-pacer.js';
import { windowOf } from './counters/rule-windows.js';
import { limitStates, noRule, refused, replayed, taken } from './decisions/decision.js';
import { Questions, type Question } from './decisions/question.js';
import { BrokenKeys } from './degradation/broken-keys.js';
import { DegradedDecisions } from './degradation/degraded-decisions.js';
import { LocalCounters, type NodeShare } from './degradation/local-counters.js';
import { Reconciler } from './degradation/reconciler.js';
import { Offers, type Concluding } from './degradation/offers.js';
import { StoreGuard } from './degradation/store-guard.js';
import { unavailableFor } from './degradation/unavailable.js';
import { UndecidedChecks } from './degradation/undecided-checks.js';
import {
  type CheckRequest,
  type Decision,
  type Quota,
  QuotaError,
  type Usage,
  type UsageRequest,
} from '@sundial/contract';
import type { Debt } from './journal/debt.js';
import { STRICT_RESERVE_MS, type Journal } from './journal/journal.js';
import type { JournalStatus } from './journal/journal-status.js';
import type { EngineStatus, QuotaObserver } from './observer.js';
import { OperationIds } from './operations/operation-ids.js';
import { assertUsageRequest, missingAttributes } from './requests/parse-request.js';
import { mistakesInBatch, mistakesUnder } from './requests/mistakes.js';
import type { LiveRules } from './rules/live-rules.js';
import type { RuleBook } from './rules/rule-book.js';
import { then, type Answer } from './stores/answer.js';
import type {
  Counts,
  Dispatch,
  Operation,
  ReadResult,
  SettleResult,
  Store,
  TakeResult,
} from './stores/store.js';

export interface QuotaEngineOptions {
  readonly store: Store;
  readonly rules: LiveRules;
  /** What to say of a resource without rules. Default `allow`. */
  readonly unknownResource?: 'allow' | 'deny';
  /** How long an answer may take, from the call of the verb; the store gets a tenth less, 5 ms at most. Default 50. */
  readonly deadlineMs?: number;
  /** How long the checks of a batch may wait for their turn. Default 2,000. */
  readonly batchDeadlineMs?: number;
  /** Who shares what remains under policy `local`. Default: this node alone. */
  readonly nodes?: () => NodeShare;
  /** Keeps what is decided without the store over a restart. The engine closes it. Default: memory only. */
  readonly journal?: Journal | undefined;
  readonly observer?: QuotaObserver;
}

export const DEFAULT_DEADLINE_MS = 50;
export const DEFAULT_BATCH_DEADLINE_MS = 2_000;
/** Timers are late, and an answer has a way to go: without this, callers of a frozen Redis wait for 53.5 ms. */
const ANSWER_RESERVE_MS = 5;
/** The store need not be asked. */
const NOT_ASKED = { outcome: 'unavailable', fate: 'none' } as const;
const ALONE: NodeShare = { live: 1, rank: 0 };

/** Sundial's verbs in the process, on any store. See `Quota` for what they mean. */
export class QuotaEngine implements Quota {
  readonly #store: Store;
  readonly #rules: LiveRules;
  readonly #questions = new Questions();
  readonly #ids: OperationIds;
  readonly #guard: StoreGuard;
  readonly #offers: Offers;
  readonly #local = new LocalCounters();
  readonly #undecided: UndecidedChecks;
  readonly #reconciler: Reconciler;
  readonly #journal: Journal | undefined;
  readonly #brokenKeys: BrokenKeys;
  readonly #batches = new BatchPacer();
  readonly #batchDeadlineMs: number;
  /** A store in this process answers at once: there is nothing to guard. */
  readonly #isRemote: boolean;
  /** What the store may take, and what an answer may. */
  readonly #deadlineMs: number;
  readonly #answerMs: number;
  /** What of it is kept for the disk. */
  readonly #diskMs: number;
  readonly #allowsUnknown: boolean;
  readonly #observer: QuotaObserver;

  constructor(options: QuotaEngineOptions) {
    const { store, observer = {}, deadlineMs = DEFAULT_DEADLINE_MS, nodes = () => ALONE, journal } = options;
    this.#store = store;
    this.#ids = new OperationIds(store.secret);
    this.#isRemote = store.kind === 'redis';
    this.#rules = options.rules;
    const answerMs = deadlineMs - Math.min(ANSWER_RESERVE_MS, deadlineMs / 10);
    this.#diskMs = journal?.sync === 'strict' ? Math.min(STRICT_RESERVE_MS, answerMs / 2) : 0;
    this.#deadlineMs = answerMs - this.#diskMs;
    this.#answerMs = answerMs;
    this.#batchDeadlineMs = options.batchDeadlineMs ?? DEFAULT_BATCH_DEADLINE_MS;
    this.#allowsUnknown = options.unknownResource !== 'deny';
    this.#observer = observer;
    this.#guard = new StoreGuard(store, {
      deadlineMs,
      checkMs: this.#deadlineMs,
      onMode: (mode, cause) => observer.modeChanged?.(mode, cause),
    });
    const [questions, local] = [this.#questions, this.#local];
    this.#offers = new Offers({ store, questions, local, guard: this.#guard });
    store.onCondition?.((condition, holds) => observer.conditionChanged?.(condition, holds));
    this.#brokenKeys = new BrokenKeys((broken) => observer.keyBroken?.(broken));
    for (const { settlement } of journal?.debts() ?? []) {
      const { intent, counters, picks, amount } = settlement;
      if (intent === 'count') this.#local.restore(counters, picks, amount, store.now());
    }
    this.#journal = journal;
    this.#reconciler = new Reconciler({
      store,
      guard: this.#guard,
      deadlineMs,
      journal,
      settled: (debt, result) => this.#settled(debt, result),
      overflowed: (operations) => observer.journalOverflowed?.(operations),
      unverifiable: (span) => observer.unverifiable?.(span),
    });
    const degraded = new DegradedDecisions({ local: this.#local, now: () => store.now(), share: nodes });
    this.#undecided = new UndecidedChecks(degraded, this.#reconciler);
  }

  /** Not an `async` function, which would wrap a promise into another one: a check has as few as it needs. */
  check(request: CheckRequest): Promise<Decision> {
    try {
      const startedAt = performance.now();
      const book = this.#rules.current;
      const mistakes = mistakesUnder(book, request);
      if (mistakes.length > 0) throw QuotaError.invalid('invalid-request', mistakes);
      return Promise.resolve(this.#decide(request, book, startedAt));
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
    { fairnessKeys }: BatchOptions = {},
  ): Promise<(Decision | QuotaError)[]> {
    const book = this.#rules.current;
    const mistakes = mistakesInBatch(requests, book);
    if (mistakes.length > 0) throw QuotaError.invalid('invalid-request', mistakes);
    return this.#batches.run(
      requests.map(({ resource }) => resource),
      (index) => this.#decide(requests[index]!, book, performance.now(), 'batch '),
      {
        deadlineMs: this.#batchDeadlineMs,
        ...(fairnessKeys && { fairnessKeys }),
        shed: (checks) => this.#observer.shed?.(checks),
      },
    );
  }

  async usage(request: UsageRequest): Promise<Usage> {
    assertUsageRequest(request);
    const { resource, subject } = request;
    const book = this.#rules.current;
    const rules = book.forResource(resource);
    const mistakes = missingAttributes(rules, subject);
    if (mistakes.length > 0) throw QuotaError.invalid('invalid-request', mistakes);
    const answer = { resource, subject, degraded: null, rulesVersion: book.version };
    if (rules.length === 0) return { ...answer, limits: [] };

    const call = ({ counters }: Question, dispatch: Dispatch) => this.#store.read({ counters }, dispatch);
    return this.#offers.make<ReadResult, Usage>({ rules, subject, amount: 0, call }, (question, result) => {
      if ('counts' in result) {
        const counts = this.#known(question, result.counts);
        return { ...answer, limits: limitStates(question.rules, counts, 1) };
      }
      if (result.outcome === 'shed') throw this.#shed();
      const known = this.#local.counts(question.counters, this.#store.now());
      const { cause } = unavailableFor(result);
      return { ...answer, limits: limitStates(question.rules, known, 1), degraded: { cause } };
    });
  }

  status(): EngineStatus {
    const { kind: store, conditions = [] } = this.#store;
    const clockOffsetMs = Math.round(this.#store.now() - Date.now());
    return { store, conditions, ...this.#guard.status, clockOffsetMs, ...this.#reconciler.status };
  }

  /** What was decided without the store, and what became of it. */
  journal(): JournalStatus {
    return this.#reconciler.journalStatus;
  }

  /** How far behind this node is with checks that it has begun: a door before it lets no more in while that is long. */
  get backlogMs(): number {
    return this.#guard.backlogMs;
  }

  /** Checks of batches that wait for their turn. */
  get waitingInBatches(): number {
    return this.#batches.waiting;
  }

  /** The store's clock, epoch milliseconds: the "now" of every answer. */
  now(): number {
    return this.#store.now();
  }

  async close(): Promise<void> {
    await this.#reconciler.close();
    this.#guard.close();
    await this.#store.close();
    await this.#journal?.close();
  }

  /** `kind`: checks of batches and single ones wait for the store under keys of their own. */
  #decide(
    request: CheckRequest,
    book: RuleBook,
    startedAt: number,
    kind: '' | 'batch ' = '',
  ): Answer<Decision> {
    const { resource, subject, amount = 1 } = request;
    const rules = book.forResource(resource);
    const tell = (decision: Decision) => {
      this.#observer.decided?.(request, decision, performance.now() - startedAt);
      return decision;
    };
    const { version: rulesVersion } = book;
    if (rules.length === 0) return tell(this.#withoutRules(request, book));
    const asked = this.#questions.at(rules, subject, this.#store.now());
    const named = this.#ids.name(request, amount, asked.scope);
    const { operationId, operation } = named;
    const context = { operationId, rulesVersion, degraded: null };
    const answerBy = () => Math.max(startedAt + this.#answerMs, performance.now() + this.#diskMs);
    const promised = this.#undecided.promised(named, amount);
    if (promised) {
      const unavailable = { ...NOT_ASKED, cause: promised.degraded.cause };
      const check = { ...named, question: asked, amount, unavailable, rulesVersion };
      return then(this.#undecided.decide(check, answerBy()), tell);
    }

    const take = ({ counters }: Question, deadlineAt: Dispatch) =>
      this.#store.take({
        counters: this.#reconciler.isClear ? counters : this.#local.lowered(counters),
        operation,
        amount,
        deadlineAt,
        fairnessKey: kind + resource,
      });
    const late = (answer: TakeResult) => this.#reconciler.heard(operation, answer);
    return this.#offers.make<TakeResult, Decision>(
      { rules, subject, amount, call: take, late },
      (question, result) => {
        if (result.outcome === 'replayed' && this.#isRemote) {
          const counters = this.#questions.countersAt(rules, subject, result.counted.at);
          this.#reconciler.repeated({ operation, counters, amount }, result.counted);
        }
        return then(
          this.#conclude({ question, operationId, operation, amount, context, result, answerBy }),
          tell,
        );
      },
      asked,
    );
  }

  #withoutRules(request: CheckRequest, book: RuleBook): Decision {
    const { resource } = request;
    const isAllowed = this.#allowsUnknown || book.knows(resource);
    const operationId = this.#ids.idWithoutRules(request);
    return noRule(isAllowed, { operationId, rulesVersion: book.version, hint: book.nearestTo(resource) });
  }

  #conclude(concluding: Concluding): Answer<Decision> {
    const { question, operationId, operation, amount, context, result, answerBy } = concluding;
    switch (result.outcome) {
      case 'taken':
        if (this.#isRemote && amount > 0) this.#acknowledged(question, operation, amount, result.counts);
        return taken(question.rules, this.#known(question, result.counts), context);
      case 'replayed':
        return replayed(question.rules, this.#known(question, result.counts), context);
      case 'refused': {
        const counts = this.#known(question, result.counts);
        return refused(question.rules, counts, context, { amount, now: this.#store.now() });
      }
      case 'conflict':
        throw QuotaError.conflict(operationId);
      case 'shed':
        throw this.#shed();
      case 'expired':
      case 'moved':
      case 'broken':
      case 'unavailable': {
        const { rulesVersion } = context;
        if (result.outcome === 'broken') this.#brokenKeys.met(question);
        const unavailable = unavailableFor(result);
        const check = { question, operationId, operation, amount, unavailable, rulesVersion };
        return this.#undecided.decide(check, answerBy());
      }
      default:
        return result satisfies never;
    }
  }

  #acknowledged({ counters }: Question, operation: Operation, amount: number, counts: Counts): void {
    const at = this.#store.now();
    this.#reconciler.acknowledged({ at, intent: 'count', operation, counters, amount, counts });
  }

  /** The queue before the store is full, or the check has waited in it for longer than a caller waits for an answer. */
  #shed(): QuotaError {
    this.#observer.shed?.(1);
    return QuotaError.overloaded('This node has more checks than it can decide in time: try again later.');
  }

  /** A debt is in the books, or never will be. */
  #settled({ settlement, resource, rules }: Debt, { forced = [] }: SettleResult): void {
    const { intent, counters, picks, amount } = settlement;
    if (intent === 'count') this.#local.settled(counters, picks, amount);
    if (forced.length === 0) return;
    const limits = counters.flatMap(({ ladder }, index) =>
      ladder.map(({ field, max }) => ({ rule: rules[index]!, window: windowOf(field), max })),
    );
    for (const { limit, used } of forced)
      this.#observer.overAdmitted?.({ resource, ...limits[limit]!, used });
  }

  /** What the store said, and what its books are still owed. */
  #known({ counters }: Question, counts: Counts): Counts {
    return this.#reconciler.isClear ? counts : this.#local.counts(counters, this.#store.now());
  }
}
