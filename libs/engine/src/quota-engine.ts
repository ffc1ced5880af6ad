import { performance } from 'node:perf_hooks';
import { RuleWindowsCache } from './counters/rule-windows.js';
import { limitStates, noRule, refused, replayed, taken, type DecisionContext } from './decisions/decision.js';
import { ask, operationOf, type Question } from './decisions/question.js';
import { DegradedDecisions } from './degradation/degraded-decisions.js';
import { LocalCounters, type NodeShare } from './degradation/local-counters.js';
import { Reconciler } from './degradation/reconciler.js';
import { StoreGuard, type Unavailable } from './degradation/store-guard.js';
import { QuotaError, type InputError } from './errors.js';
import type { EngineStatus, QuotaObserver } from './observer.js';
import type { CheckRequest, Decision, Quota, Usage, UsageRequest } from './quota.js';
import { assertUsageRequest, mistakesInCheck, missingAttributes } from './requests/parse-request.js';
import type { LiveRules } from './rules/live-rules.js';
import type { RuleBook } from './rules/rule-book.js';
import type { Operation, ReadResult, Store, TakeResult } from './stores/store.js';

export interface QuotaEngineOptions {
  readonly store: Store;
  readonly rules: LiveRules;
  /** What to say of a resource without rules. Default `allow`. */
  readonly unknownResource?: 'allow' | 'deny';
  /** How long the store may take, from the call of the verb. Default 50. */
  readonly deadlineMs?: number;
  /** Who shares what remains under policy `local`. Default: this node alone. */
  readonly nodes?: () => NodeShare;
  readonly observer?: QuotaObserver;
}

export const DEFAULT_DEADLINE_MS = 50;
/** Offers of windows and deadlines: the second is made with the clock that the store's answer told. */
const MAX_OFFERS = 2;
const ALONE: NodeShare = { live: 1, rank: 0 };

/** Sundial's verbs in the process, on any store. See `Quota` for what they mean. */
export class QuotaEngine implements Quota {
  readonly #store: Store;
  readonly #rules: LiveRules;
  readonly #windows = new RuleWindowsCache();
  readonly #guard: StoreGuard;
  readonly #local = new LocalCounters();
  readonly #degraded: DegradedDecisions;
  readonly #reconciler: Reconciler;
  readonly #deadlineMs: number;
  readonly #allowsUnknown: boolean;
  readonly #observer: QuotaObserver;

  constructor(options: QuotaEngineOptions) {
    const { store, observer = {}, deadlineMs = DEFAULT_DEADLINE_MS, nodes = () => ALONE } = options;
    this.#store = store;
    this.#rules = options.rules;
    this.#deadlineMs = deadlineMs;
    this.#allowsUnknown = options.unknownResource !== 'deny';
    this.#observer = observer;
    this.#guard = new StoreGuard(store, {
      deadlineMs,
      onMode: (mode, cause) => observer.modeChanged?.(mode, cause),
    });
    this.#degraded = new DegradedDecisions({ local: this.#local, now: () => store.now(), share: nodes });
    this.#reconciler = new Reconciler({
      store,
      guard: this.#guard,
      deadlineMs,
      settled: (request, { outcome }) => {
        if (outcome === 'counted') this.#local.settled(request.counters, request.picks, request.amount);
      },
    });
  }

  async check(request: CheckRequest): Promise<Decision> {
    const startedAt = performance.now();
    const book = this.#rules.current;
    const mistakes = mistakesOf(request, book);
    if (mistakes.length > 0) throw QuotaError.invalid('invalid-request', mistakes);
    return this.#decide(request, book, startedAt);
  }

  /**
   * Decides each request on its own, in order. One bad request refuses the whole batch before anything is counted
   * (`checks.3.subject.user`); an operation id that was used for something else is that entry's answer.
   */
  async checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | QuotaError)[]> {
    const startedAt = performance.now();
    const book = this.#rules.current;
    const mistakes = requests.flatMap((request, index) =>
      mistakesOf(request, book).map(({ path, message }) => ({
        path: `checks.${index}${path && '.'}${path}`,
        message,
      })),
    );
    if (mistakes.length > 0) throw QuotaError.invalid('invalid-request', mistakes);
    return Promise.all(
      requests.map((request) =>
        this.#decide(request, book, startedAt).catch((error: unknown) => conflictOf(error)),
      ),
    );
  }

  async usage(request: UsageRequest): Promise<Usage> {
    const dueAt = performance.now() + this.#deadlineMs;
    assertUsageRequest(request);
    const { resource, subject } = request;
    const book = this.#rules.current;
    const rules = book.forResource(resource);
    const mistakes = missingAttributes(rules, subject);
    if (mistakes.length > 0) throw QuotaError.invalid('invalid-request', mistakes);
    const answer = { resource, subject, degraded: null, rulesVersion: book.version };
    if (rules.length === 0) return { ...answer, limits: [] };

    const pose = () => ask(rules, subject, this.#windows, this.#store.now());
    const { question, result } = await this.#offer(pose, (q) => this.#store.read(q), dueAt);
    if ('counts' in result) return { ...answer, limits: limitStates(question.rules, result.counts, 1) };
    const known = this.#local.counts(question.counters, this.#store.now(), ALONE);
    const { cause } = unavailableFor(result);
    return { ...answer, limits: limitStates(question.rules, known, 1), degraded: { cause } };
  }

  status(): EngineStatus {
    const clockOffsetMs = Math.round(this.#store.now() - Date.now());
    return { store: this.#store.kind, ...this.#guard.status, clockOffsetMs, ...this.#reconciler.status };
  }

  async close(): Promise<void> {
    this.#guard.close();
    this.#reconciler.close();
    await this.#store.close();
  }

  async #decide(request: CheckRequest, book: RuleBook, startedAt: number): Promise<Decision> {
    const amount = request.amount ?? 1;
    const operation = operationOf(request, amount);
    const rules = book.forResource(request.resource);
    const context = { operationId: operation.id, rulesVersion: book.version, degraded: null };
    let decision: Decision;
    if (rules.length === 0) {
      decision = noRule(this.#allowsUnknown, context);
    } else {
      const pose = () => ask(rules, request.subject, this.#windows, this.#store.now());
      const dueAt = startedAt + this.#deadlineMs;
      const take = ({ counters }: Question) =>
        this.#store.take({
          counters,
          operation,
          amount,
          deadlineAt: this.#store.now() + dueAt - performance.now(),
        });
      const { question, result } = await this.#offer(pose, take, dueAt);
      decision = this.#answer({ request, question, operation, amount, result, context });
    }
    this.#observer.decided?.(request, decision, performance.now() - startedAt);
    return decision;
  }

  /** Poses the question with the windows of now, and once more when the store's clock says that they are others. */
  async #offer<T extends TakeResult | ReadResult>(
    pose: () => Question,
    call: (question: Question) => Promise<T>,
    dueAt: number,
  ): Promise<{ question: Question; result: T | Unavailable }> {
    for (let offer = 1; ; offer++) {
      const question = pose();
      const result = this.#isRemote
        ? await this.#guard.ask(() => call(question), dueAt)
        : await call(question);
      const isStale = result.outcome === 'moved' || result.outcome === 'expired';
      if (!isStale || offer === MAX_OFFERS || performance.now() >= dueAt) return { question, result };
    }
  }

  get #isRemote(): boolean {
    return this.#store.kind === 'redis';
  }

  #answer({ request, question, operation, amount, result, context }: Asked): Decision {
    switch (result.outcome) {
      case 'taken':
        this.#local.learn(question.counters, result.counts);
        return taken(question.rules, result.counts, context);
      case 'replayed':
        this.#local.learn(question.counters, result.counts);
        return replayed(question.rules, result.counts, context);
      case 'refused':
        this.#local.learn(question.counters, result.counts);
        return refused(question.rules, result.counts, { ...context, amount, now: this.#store.now() });
      case 'conflict':
        throw new QuotaError(
          'operation-conflict',
          `Operation ${operation.id} was another check; use a new operationId.`,
        );
      case 'expired':
      case 'moved':
      case 'broken':
      case 'unavailable': {
        const unavailable = unavailableFor(result);
        const check = {
          request,
          question,
          operation,
          amount,
          unavailable,
          rulesVersion: context.rulesVersion,
        };
        const { decision, settlement } = this.#degraded.decide(check);
        if (settlement) this.#reconciler.owe(settlement);
        return decision;
      }
      default:
        return result satisfies never;
    }
  }
}

interface Asked {
  readonly request: CheckRequest;
  readonly question: Question;
  readonly operation: Operation;
  readonly amount: number;
  readonly result: TakeResult | Unavailable;
  readonly context: DecisionContext;
}

function mistakesOf(request: CheckRequest, book: RuleBook): readonly InputError[] {
  const mistakes = mistakesInCheck(request);
  return mistakes.length > 0
    ? mistakes
    : missingAttributes(book.forResource(request.resource), request.subject);
}

/** What the outcomes that decide nothing mean to a caller: too late, or not to be had. */
function unavailableFor(result: { readonly outcome: string } | Unavailable): Unavailable {
  if ('cause' in result) return result;
  return {
    outcome: 'unavailable',
    cause: result.outcome === 'broken' ? 'store-error' : 'timeout',
    fate: 'none',
  };
}

function conflictOf(error: unknown): QuotaError {
  if (error instanceof QuotaError) return error;
  throw error;
}
